"""Only `bot/hosts` knows which forges there are."""

import ast
from pathlib import Path

from tests.contract.conftest import NAMES

BOT = Path(__file__).resolve().parents[2] / "bot"
# The sandbox and the demo are GitHub's own; `setup` has a command for each forge; settings tell of the first one.
THEIRS = ("hosts", "sandbox", "demo")


def test_nothing_else_in_the_bot_asks_which_forge_it_is() -> None:
    files = [file for file in sorted(BOT.rglob("*.py")) if file.relative_to(BOT).parts[0] not in THEIRS]
    assert len(files) > 100
    names = {name.partition("_")[0] for name in NAMES}
    assert [
        f"{file}:{node.lineno}" for file in files for node in ast.walk(ast.parse(file.read_text())) if asks(node, names)
    ] == []


def asks(node: ast.AST, names: set[str]) -> bool:
    """A comparison with a forge's name, or a look-up by one."""
    if not isinstance(node, ast.Compare | ast.Subscript | ast.MatchValue):
        return False
    return any(isinstance(one, ast.Constant) and one.value in names for one in ast.walk(node))
