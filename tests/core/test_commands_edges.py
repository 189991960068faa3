"""Limits of comment commands at their edges, the words of each refusal, and whom commands obey."""

import pytest

from bot.core.commands import LONGEST_LINE, LONGEST_SHOWN, MOST_COMMANDS, Command, Misread
from bot.core.pull import Role
from bot.core.run import Selection
from bot.core.vocabulary import CommandSpec, Example, access_rule
from tests.vocabulary import read


def spec(role: Role) -> CommandSpec:
    return CommandSpec((Example("/x", "Does it"),), role=role)


@pytest.mark.parametrize(
    ("written", "directory"),
    [
        ("infra/db", "infra/db"),
        ("./infra/db/", "infra/db"),
        ("infra/db//", "infra/db"),
        (".", "."),
        ("./", "."),
        ("/", "."),
        ("X/", "X"),
        ("infra/.x", "infra/.x"),
    ],
)
def test_a_directory_is_meant_however_it_ends(written: str, directory: str) -> None:
    assert read(f"/plan -d {written}") == (Command("plan", Selection(dirs=(directory,)), None, f"/plan -d {written}"),)


def test_twenty_commands_are_read_and_the_next_is_refused() -> None:
    lines = [f"/plan -p p{number}" for number in range(MOST_COMMANDS)]
    assert len(read("\n".join(lines))) == MOST_COMMANDS == 20
    *known, last = read("\n".join([*lines, "/unlock", "/apply"]))
    assert [command.line for command in known] == lines
    assert last == Misread("/unlock", "a comment may hold 20 commands at most", "/help")


def test_a_command_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = "-p " + "a" * (LONGEST_LINE - 3)
    (command,) = read(f"/plan {longest}")
    assert isinstance(command, Command)
    (misread,) = read(f"/plan {longest}a")
    assert isinstance(misread, Misread)
    assert misread.reason == "a command may have 2000 characters at most"


def test_a_line_is_shown_up_to_200_characters() -> None:
    for surplus, shown in ((0, ""), (1, "…")):
        name = "a" * (LONGEST_SHOWN - len("/plan -p ") + surplus)
        (command,) = read(f"/plan -p {name}")
        assert command.line == f"/plan -p {name}"[:LONGEST_SHOWN] + shown


@pytest.mark.parametrize(
    ("others", "rule"),
    [
        ({"plan": Role.WRITE}, "All need write access."),
        ({"help": Role.NONE, "plan": Role.WRITE}, "All but `/help` need write access."),
        ({"help": Role.NONE, "version": Role.NONE}, "All but `/help` and `/version` need write access."),
        (
            {"help": Role.NONE, "unlock": Role.ADMIN, "apply": Role.MAINTAIN},
            "All but `/help` need write access. `/unlock` needs admin access. `/apply` needs maintain access.",
        ),
    ],
)
def test_whom_commands_obey_is_told_with_each_exception(others: dict[str, Role], rule: str) -> None:
    assert access_rule({name: spec(role) for name, role in others.items()}) == rule
