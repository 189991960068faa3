"""The documentation, held against the code."""

import configparser
import re
from pathlib import Path

from bot.core.commands import Command
from tests.config.composed import read
from tests.vocabulary import VOCABULARY
from tests.vocabulary import read as read_commands

TOP = Path(__file__).resolve().parents[2]
README = (TOP / "README.md").read_text()


def test_the_shipped_example_is_valid() -> None:
    assert len(read((TOP / "sandbox/examples/terraform/gitops.yaml").read_bytes()).projects) == 4


def test_every_command_on_a_pull_request_stands_in_the_readme() -> None:
    told = {line for line in re.findall(r"^\| `(/[^`]*)`", README, re.MULTILINE)}
    for line in told:
        command = read_commands(line.replace("1f3c…", "a" * 40))[0]
        assert isinstance(command, Command), line
    assert set(VOCABULARY) == {line.split()[0].removeprefix("/") for line in told}


def test_the_readmes_make_targets_exist() -> None:
    makefile = (TOP / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_module_map_names_every_module_and_only_those() -> None:
    text = (TOP / "docs/modules.md").read_text()
    told = set(re.findall(r"`bot/([a-z_]+)(?:\.py)?`", text))
    there = {path.stem for path in (TOP / "bot").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert told == {name for name in there if not name.startswith("__")}


def test_the_module_map_draws_the_layers_that_the_import_linter_keeps() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(TOP / ".importlinter")
    layers = contracts["importlinter:contract:layers"]["layers"].split("\n")
    drawn = " > ".join(layer.replace("bot.", "") for layer in layers if layer)
    assert drawn in (TOP / "docs/modules.md").read_text().splitlines()


def test_decisions_fit_a_page() -> None:
    for page in (TOP / "docs/decisions").glob("*.md"):
        assert len(page.read_text().splitlines()) <= 40, page.name


def test_constraints_hold_no_addresses() -> None:
    assert "://" not in (TOP / "constraints.txt").read_text()
