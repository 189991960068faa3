"""Where the tests' Gitea comes from. A `go` of our own stands in for the compiler: a real build takes minutes."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import ToolFailed
from tests.gitea.program import SERVED, VERSION, build, find, lack

ROOT = Path(__file__).resolve().parents[2]
WORKING_GO = """#!/bin/sh
echo "$CGO_ENABLED $*" >> {log}
if [ "$1" = list ]; then echo {source}; exit; fi
while [ "$1" != -o ]; do shift; done
/bin/cp -p "$0" "$2"
"""
BROKEN_GO = '#!/bin/sh\necho "main.go:7: cannot find module"\nexit 1\n'


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A machine with no programs but those that a test puts there."""
    return {"PATH": str(tmp_path / "path"), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def test_it_is_built_once_with_the_files_that_it_serves(tmp_path: Path, env: dict[str, str]) -> None:
    log = tmp_path / "log"
    for name in SERVED:
        (tmp_path / "source" / name / "en").mkdir(parents=True)
        (tmp_path / "source" / name / "en" / "file").write_text(name)
    _program(tmp_path / "path/go", WORKING_GO.format(log=log, source=tmp_path / "source"))
    built = build(env)
    assert built == find(env) == build(env)
    assert (built.files / "templates/en/file").read_text() == "templates"
    line, listed = log.read_text().splitlines()
    assert line.startswith("1 build -tags sqlite sqlite_unlock_notify -ldflags -s -w -X main.Version=")
    assert VERSION.removeprefix("v") in line
    assert " list " in listed


def test_a_failed_build_shows_the_compilers_words_and_leaves_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    _program(tmp_path / "path/go", BROKEN_GO)
    with pytest.raises(ToolFailed, match="(?s)cannot be built.*cannot find module"):
        build(env)
    assert find(env) is None


def test_the_lack_of_it_is_said_in_one_line(tmp_path: Path, env: dict[str, str]) -> None:
    assert lack(env | {"RIG": "no"}) == "no Gitea: RIG=no"
    assert "no Go and C compilers" in (lack(env) or "")
    for name in ("go", "gcc"):
        _program(tmp_path / "path" / name)
    assert "python -m tests.gitea.program" in (lack(env) or "")
    there = tmp_path / "cache/gitops-bot/rig" / f"gitea-{VERSION}"
    _program(there)
    there.with_name(f"{there.name}-files").mkdir()
    assert lack(env) is None


@pytest.mark.parametrize(("rig", "exit"), [("", 0), ("no", 0), ("required", 1)])
def test_without_compilers_one_line_says_so_and_only_a_required_rig_fails(
    env: dict[str, str], rig: str, exit: int
) -> None:
    command = [sys.executable, "-m", "tests.gitea.program"]
    ended = subprocess.run(command, cwd=ROOT, env={**env, "RIG": rig}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.count("\n")) == (exit, 1)
    assert "skipped" in ended.stdout


def _program(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
