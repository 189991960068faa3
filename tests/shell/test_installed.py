"""The bot as it is installed: with the sandbox and its demo, and without, as the image has it."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell.calling import TOP, gitops_bot
from tests.shell.installing import install, run

EVERY_MODULE = """
import importlib, pkgutil, sys
import bot
for module in pkgutil.walk_packages(bot.__path__, "bot."):
    if not module.name.startswith(("bot.__main__", "bot.store.migrations.")):
        importlib.import_module(module.name)
print([name for name in sys.modules if name.partition(".")[0] == "sandbox"])
"""


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile copies from the clone, installed; its `bin`."""
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (TOP / "Dockerfile").read_text(), re.MULTILINE)
    return install(tmp_path_factory.mktemp("image"), [name for line in copied for name in line.split()])


def test_the_story_plays_from_a_plain_install_in_an_empty_directory(tmp_path: Path, here: Path) -> None:
    done = run([install(tmp_path / "plain") / "gitops-bot", "demo", "--story"], here)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the state is what it was at the beginning" in done.stdout
    assert not list(here.iterdir())


@pytest.mark.parametrize("words", [("demo", "--story"), ("sandbox", "--dir", "forge")])
def test_without_the_sandbox_its_commands_say_what_to_install(image: Path, here: Path, words: tuple[str, ...]) -> None:
    done = run([image / "gitops-bot", *words], here)
    assert done.returncode == 3
    assert done.stderr == (
        "gitops-bot: the sandbox needs the Python package sandbox, which is not installed: install gitops-bot[demo]\n"
    )
    assert not list(here.iterdir())


@pytest.mark.parametrize("words", [("demo", "--story"), ("sandbox", "--dir", "forge")])
def test_without_the_extra_its_commands_say_what_to_install(here: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "jwt.py").write_text("raise ModuleNotFoundError('not here', name='jwt')\n")
    done = gitops_bot(*words, cwd=here, env={"PYTHONPATH": f"{hidden}:{TOP}"})
    assert done.returncode == 3
    assert "needs the Python package jwt, which is not installed: install gitops-bot[demo]\n" in done.stderr
    assert not list(here.iterdir())


def test_nothing_of_the_bot_needs_the_sandbox_or_its_extra(image: Path, here: Path, tmp_path: Path) -> None:
    done = run([image / "python", "-c", EVERY_MODULE], here)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    done = run([image / "gitops-bot", "serve", "--with-parent"], here, GITOPS_BOT_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert imported("bot").isdisjoint(extra("demo"))


def test_the_extra_is_what_the_sandbox_needs_beyond_the_bot() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    own = {distribution(line) for line in project["dependencies"]}
    assert imported("sandbox") - own - {"flask", "werkzeug", "markupsafe"} == extra("demo")


def extra(name: str) -> set[str]:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return {distribution(line) for line in project["optional-dependencies"][name]}


def distribution(line: str) -> str:
    """The name at the beginning of a requirement."""
    return re.split(r"[^\w.-]", line)[0].lower()


def imported(package: str) -> set[str]:
    """The distributions whose packages a package of ours imports."""
    owners = importlib.metadata.packages_distributions()
    names = {name for path in (TOP / package).rglob("*.py") for name in _imports(path)}
    foreign = names - sys.stdlib_module_names - {"bot", "sandbox"}
    return {owners[name][0].lower() for name in foreign if name in owners}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
