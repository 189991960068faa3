"""What docs/security.md says holds a defence is there."""

import ast
import re

from bot.cage.cages import kind_names
from bot.cage.doors import FORWARD_VARIABLE
from bot.cage.policy import NetworkMode
from tests.docs.reading import TOP

PAGE = (TOP / "docs/security.md").read_text()
FILE = re.compile(r"`(tests/\w+/test_\w+\.py)`((?:(?:: |, )`test_\w+`)*)")


def test_every_test_that_is_named_exists() -> None:
    named = {(file, test) for file, tests in FILE.findall(PAGE) for test in re.findall(r"test_\w+", tests)}
    files = {file for file, _ in FILE.findall(PAGE)}
    assert len(named) > 10
    assert {file for file in files if not (TOP / file).exists()} == set()
    functions = {file: _functions(file) for file in files}
    assert {(file, test) for file, test in named if test not in functions[file]} == set()


def test_every_kind_of_cage_has_its_paragraph() -> None:
    open_ways = PAGE.split("## What each kind leaves open")[1].split("\n## ")[0]
    assert {name for name in kind_names() if f"\n**{name}**" not in open_ways} == set()


def test_every_mode_of_the_network_has_its_row() -> None:
    told = set(re.findall(r"^\| `(\w+)`[^|]*\| ", PAGE.split("### What `CAGE__HOSTS` takes")[0], re.MULTILINE))
    assert told == {mode.value for mode in NetworkMode}
    assert f"`{FORWARD_VARIABLE}…`" in PAGE


def _functions(file: str) -> set[str]:
    return {node.name for node in ast.parse((TOP / file).read_text()).body if isinstance(node, ast.FunctionDef)}
