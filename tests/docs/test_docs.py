"""The documentation, held against the code."""

import re
from pathlib import Path

import pytest

from bot.cli.main import parser
from bot.config.repository import read
from bot.config.settings import Settings
from bot.core.commands import Command, CommandName
from bot.core.commands import read as read_commands
from bot.hosts.github.settings import GitHubSettings
from bot.tools.terraform.settings import TerraformSettings

TOP = Path(__file__).resolve().parents[2]
README = (TOP / "README.md").read_text()
CONFIGURATION = (TOP / "docs/configuration.md").read_text()


def test_the_example_of_gitops_yaml_is_valid() -> None:
    text = re.findall(r"```yaml\n(.*?)```", CONFIGURATION, re.DOTALL)[0]
    configuration = read(text.encode())
    assert [project.name for project in configuration.projects] == ["infra/network", "db-prod"]


def test_the_shipped_example_is_valid() -> None:
    assert len(read((TOP / "examples/terraform/gitops.yaml").read_bytes()).projects) == 4


def test_every_setting_stands_in_the_table_and_nothing_else() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` ", CONFIGURATION, re.MULTILINE))
    known = set()
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        known |= {f"{name}__{key}".upper() for key in inner} if inner else {name.upper()}
    for section, model in (("GITHUB", GitHubSettings), ("TERRAFORM", TerraformSettings)):
        known |= {f"{section}__{key}".upper() for key in model.model_fields}
    assert told == known


def test_every_command_on_a_pull_request_stands_in_the_readme() -> None:
    told = {line for line in re.findall(r"^\| `(/[^`]*)`", README, re.MULTILINE)}
    for line in told:
        command = read_commands(line.replace("<sha>", "a" * 40))[0]
        assert isinstance(command, Command), line
    assert {name.value for name in CommandName} == {line.split()[0].removeprefix("/") for line in told}


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`?gitops-bot ([a-z]+)", README))))
def test_every_command_of_the_shell_in_the_readme_exists(line: str) -> None:
    actions = [action for action in parser()._actions if action.choices]
    assert line in actions[0].choices  # type: ignore[operator]  # subcommands by name


def test_the_readmes_make_targets_exist() -> None:
    makefile = (TOP / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_module_map_names_every_module_and_only_those() -> None:
    text = (TOP / "docs/modules.md").read_text()
    told = set(re.findall(r"`bot/([a-z_]+)(?:\.py)?`", text))
    there = {path.stem for path in (TOP / "bot").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert told == {name for name in there if not name.startswith("__")}


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in (TOP / "README.md", *(TOP / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_decisions_fit_a_page() -> None:
    for page in (TOP / "docs/decisions").glob("*.md"):
        assert len(page.read_text().splitlines()) <= 40, page.name


def test_constraints_hold_no_addresses() -> None:
    assert "://" not in (TOP / "constraints.txt").read_text()
