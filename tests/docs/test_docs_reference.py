"""The tables of docs/configuration.md are those that the code makes."""

from pathlib import Path

import pytest

from tests.docs import reference
from tests.docs.reading import TOP

RENEW = "docs/configuration.md is not as the code says: renew it by `make docs`"


def test_the_reference_is_as_the_code_says() -> None:
    text = reference.PAGE.read_text()
    assert reference.page(text) == text, RENEW


def test_each_table_has_its_place_on_the_page() -> None:
    told = [found[2] for found in reference.MARKED.finditer(reference.PAGE.read_text())]
    assert sorted(told) == sorted(reference.TABLES)


def test_a_stale_row_is_noticed() -> None:
    text = reference.PAGE.read_text()
    stale = text.replace("| `PLAN_TTL` | `72h` |", "| `PLAN_TTL` | `24h` |")
    assert stale != text
    assert reference.page(stale) == text


def test_every_provider_with_settings_has_its_rows() -> None:
    folders = (TOP / "bot/hosts", TOP / "bot/tools")
    with_settings = {path.parent.name.upper() for folder in folders for path in folder.glob("*/settings.py")}
    assert reference.sections().keys() == with_settings


@pytest.mark.parametrize("setting", [False, True])
def test_a_path_is_shown_as_relative(setting: bool) -> None:
    assert reference._shown(Path("data"), setting) == "`./data`"
