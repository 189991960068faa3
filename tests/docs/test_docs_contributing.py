"""The tour of CONTRIBUTING.md names files and functions that there are."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "CONTRIBUTING.md").read_text()
TOUR = PAGE.partition("## The ten-minute tour")[2].partition("\n## ")[0]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(bot/[a-z_/]+\.py)`", TOUR))))
def test_the_tour_names_files_that_there_are(path: str) -> None:
    assert (TOP / path).is_file()


@pytest.mark.parametrize(
    ("names", "path"), re.findall(r"((?:`[a-z_]+`(?:,| and) )*`[a-z_]+`) in `(bot/[a-z_/]+\.py)`", TOUR)
)
def test_the_tour_names_functions_that_there_are(names: str, path: str) -> None:
    source = (TOP / path).read_text()
    for name in re.findall(r"`([a-z_]+)`", names):
        assert re.search(rf"^def {name}\(", source, re.MULTILINE), name


def test_the_pages_make_targets_exist() -> None:
    makefile = (TOP / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z]+)", PAGE, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
