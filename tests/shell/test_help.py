"""What the shell says of itself, and docs/shell.md held against it."""

import argparse
import re
import tomllib
from pathlib import Path

import pytest

from bot.cli.main import parser
from tests.shell.calling import TOP, gitops_bot

PAGE = (TOP / "docs/shell.md").read_text()


def commands(of: argparse.ArgumentParser, before: str = "") -> dict[str, argparse.ArgumentParser]:
    """Every command that has a usage of its own, by its words: `plan`, `setup github`."""
    inner = next((action.choices for action in of._actions if isinstance(action.choices, dict)), {})
    found = {before + name: its for name, its in inner.items() if its.epilog}
    return found | {name: its for word, within in found.items() for name, its in commands(within, f"{word} ").items()}


COMMANDS = commands(parser())
GROUPS = {name.partition(" ")[0] for name in COMMANDS if " " in name}


def sections() -> dict[str, str]:
    """The page's text by command."""
    found = re.split(r"^## `gitops-bot (.+)`$", PAGE, flags=re.MULTILINE)
    named = [max((name for name in COMMANDS if f"{words} ".startswith(f"{name} ")), key=len) for words in found[1::2]]
    return dict(zip(named, found[2::2], strict=True))


def test_the_version_is_the_projects(here: Path) -> None:
    done = gitops_bot("--version", cwd=here)
    assert done.returncode == 0
    assert done.stdout == f"gitops-bot {tomllib.loads((TOP / 'pyproject.toml').read_text())['project']['version']}\n"


def test_the_help_lists_every_command_with_the_exit_codes(here: Path) -> None:
    said = gitops_bot("--help", cwd=here).stdout
    outer = [name for name in COMMANDS if " " not in name]
    assert [name for name in outer if not re.search(rf"^    {name} +[a-z]", said, re.MULTILINE)] == []
    assert "exit codes:" in said


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_commands_help_says_what_it_does_its_exit_codes_and_an_example(name: str) -> None:
    said = COMMANDS[name].format_help()
    assert len(COMMANDS[name].description or "") > 60
    assert re.search(r"^exit codes:\n  0 ", said, re.MULTILINE)
    assert re.search(rf"^example:\n  .*gitops-bot .*{name}", said, re.MULTILINE)
    undocumented = [action.dest for action in COMMANDS[name]._actions if not action.help]
    assert undocumented == []


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - GROUPS))
def test_the_page_has_every_option_and_exit_code_of_a_command(name: str) -> None:
    section = sections()[name]
    options = [
        word for action in COMMANDS[name]._actions for word in action.option_strings if word not in ("-h", "--help")
    ]
    assert [word for word in options if f"`{word}" not in section and f" {word}`" not in section] == []
    codes = re.findall(r"^  (\d+) ", (COMMANDS[name].epilog or "").partition("example:")[0], re.MULTILINE)
    assert [code for code in codes if not re.search(rf"\b{code}\b", section)] == []
    assert "```console" in section


def test_the_page_tells_of_no_command_that_there_is_not() -> None:
    assert set(sections()) == set(COMMANDS) - GROUPS
    assert len(PAGE.splitlines()) <= 200
