"""Changes `bot/core` in a thousand small ways and sees whether `tests/core` notices: `make long`, no part of CI.

mutmut works in a copy of the tree, since it writes beside what it changes. What the tests do not notice must stand in
`survivors.toml` with the reason, by function and changed line, as mutants are numbered anew with every edit. Given the
folder of an earlier run, tells its results again.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LEAST_KILLED = 95
KILLED = {1, 3}
TIMED_OUT = {24, -24, 36, 152, 255}
"""Exit codes of mutmut: a test failed, or the change made the tests go on for ever."""

_NAME = re.compile(r"(?P<module>.+)\.x(?:ǁ(?P<cls>\w+)ǁ|_)(?P<function>\w+)__mutmut_\d+")


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test notices: the function, and its lines as they read then, each without the space around."""

    function: str
    line: str


def main(arguments: Sequence[str]) -> int:
    """Run and tell; 1 where too few are killed or a survivor is not listed."""
    if arguments:
        return tell(Path(arguments[0]))
    with tempfile.TemporaryDirectory(prefix="gitops-bot-mutation-") as folder:
        copy = copy_tree(Path(folder) / "copy")
        subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=copy, check=True)
        return tell(copy)


def copy_tree(copy: Path) -> Path:
    """Copy what mutmut needs of the tree; the copy."""
    for name in ("bot", "sandbox", "tests"):
        shutil.copytree(TOP / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / "pyproject.toml", copy)
    return copy


def tell(copy: Path) -> int:
    """Print how many were killed, and each survivor that nobody gave a reason for."""
    exits = exits_by_name(copy)
    alive = [name for name, exit in exits.items() if exit not in KILLED | TIMED_OUT]
    killed = len(exits) - len(alive)
    survivors = {name: survivor(name, shown(copy, name)) for name in alive}
    reasons = read_reasons(TOP / "tests/long/survivors.toml")
    unlisted = [name for name, survivor in survivors.items() if survivor not in reasons]
    for name in unlisted:
        print(f"not listed: {survivors[name].function}: {survivors[name].line}  ({name})")
    for gone in sorted(reasons.keys() - set(survivors.values()), key=str):
        print(f"listed, and killed by now: {gone.function}: {gone.line}")
    percent = 100 * killed / len(exits) if exits else 0
    print(f"{killed:,} of {len(exits):,} killed ({percent:.1f} %)")
    return 1 if percent < LEAST_KILLED or unlisted else 0


def exits_by_name(copy: Path) -> dict[str, int | None]:
    """The exit code of the tests for each mutant; None where it was not tried."""
    exits: dict[str, int | None] = {}
    for path in sorted((copy / "mutants/bot/core").glob("**/*.meta")):
        exits |= json.loads(path.read_text())["exit_code_by_key"]
    return exits


def shown(copy: Path, name: str) -> str:
    """The unified diff of a mutant."""
    argv = [sys.executable, "-W", "ignore", "-m", "mutmut", "show", name]
    return subprocess.run(argv, cwd=copy, check=True, capture_output=True, text=True).stdout


def survivor(name: str, diff: str) -> Survivor:
    """The mutant as the list names it."""
    match = _NAME.fullmatch(name)
    assert match, name
    parts = (match["module"], match["cls"], match["function"])
    lines = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return Survivor(".".join(part for part in parts if part), "\n".join(lines))


def read_reasons(path: Path) -> dict[Survivor, str]:
    """Why each listed survivor lives."""
    rows = tomllib.loads(path.read_text())["survivor"]
    return {Survivor(row["function"], row["line"].strip()): row["why"] for row in rows}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
