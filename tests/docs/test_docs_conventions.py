"""What CONTRIBUTING.md says of tests, and that what it shows is what the ports ask for."""

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import pytest

from bot import ports
from tests.contributing import files_of
from tests.docs.reading import TOP

TESTS = TOP / "tests"
CLOCKS = {"monotonic", "perf_counter", "process_time"}


def test_no_test_is_imported_by_another() -> None:
    importing = {f"{path.relative_to(TOP)}: {name}" for path, tree in _trees() for name in _imported_tests(tree)}
    assert not importing


def test_no_test_asserts_how_long_something_took() -> None:
    timed = {f"{path.relative_to(TOP)}:{line}" for path, tree in _trees() for line in _timed_assertions(tree)}
    assert not timed


@pytest.mark.parametrize(
    ("heading", "name", "port"),
    [("Add a forge", "Folder", ports.Host), ("Add a tool", "Touchfile", ports.Tool)],
)
def test_what_is_shown_has_the_methods_of_its_port(
    heading: str, name: str, port: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    [code] = files_of(heading).values()
    module = ModuleType("shown_in_contributing")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(code, module.__dict__)  # what the page shows is run as it stands
    shown = getattr(module, name)
    for method, promise in inspect.getmembers(port, inspect.isfunction):
        if not method.startswith("_"):
            assert _signature(getattr(shown, method)) == _signature(promise), method


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(TESTS.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def _imported_tests(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.startswith("tests.") and ".test_" in name)


def _timed_assertions(tree: ast.Module) -> Iterator[int]:
    """Lines of assertions on the difference of two looks at a clock."""
    for assertion in (node for node in ast.walk(tree) if isinstance(node, ast.Assert)):
        differences = [
            node for node in ast.walk(assertion) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
        ]
        if any(_reads_clock(node) for difference in differences for node in ast.walk(difference)):
            yield assertion.lineno


def _reads_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in CLOCKS


def _signature(function: object) -> tuple[object, ...]:
    """Parameters with their types, and which of them may be left out; what comes back."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    optional = [name for name, parameter in signature.parameters.items() if parameter.default is not parameter.empty]
    return tuple(signature.parameters), optional, get_type_hints(function)
