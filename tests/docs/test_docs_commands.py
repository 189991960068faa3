"""What README.md and docs/commands.md tell of the commands is what the commands declare."""

from pathlib import Path

import pytest

from bot.core.pull import Role
from bot.core.vocabulary import SELECTION, CommandSpec, Example
from tests.docs import command_reference
from tests.vocabulary import VOCABULARY

ADDED = {
    "export": CommandSpec(
        (Example("/export", "Exports it"),),
        SELECTION,
        Role.ADMIN,
        """
    Told
    at length.
    """,
    ),
    "whoami": CommandSpec((Example("/whoami", "Answers with the asker"),), role=Role.NONE),
}


@pytest.mark.parametrize("path", command_reference.PAGES, ids=lambda path: path.name)
def test_the_pages_are_as_the_commands_declare(path: Path) -> None:
    text = path.read_text()
    assert command_reference.page(text, VOCABULARY) == text, f"{path.name} is stale: renew it by `make docs`"


def test_each_part_has_its_place_on_a_page() -> None:
    text = "".join(path.read_text() for path in command_reference.PAGES)
    assert sorted(marked[2] for marked in command_reference.MARKED.finditer(text)) == sorted(command_reference.PARTS)


def test_a_command_that_is_added_is_told_on_every_page() -> None:
    readme, page = (
        command_reference.page(path.read_text(), {**VOCABULARY, **ADDED}) for path in command_reference.PAGES
    )
    for text in (readme, page):
        assert "| `/export` | Exports it |" in text
        assert "All but `/help` and `/whoami` need write access. `/export` needs admin access." in text
    assert "`/plan`, `/apply` and `/export` take" in page
    assert "## `/export`\n" in page
    assert "Needs admin access.\n\nTold\nat length.\n" in page
