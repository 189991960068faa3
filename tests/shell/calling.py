"""The shell as people call it: the real command in a process of its own, with an empty HOME and nothing else set."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PROGRAMS = os.defpath + ":/usr/local/bin"
ONE = 'resource "terraform_data" "one" {\n  input = "1"\n}\n'


def environment(home: Path, **settings: str) -> dict[str, str]:
    """`settings` are the bot's, without their prefix."""
    home.mkdir(exist_ok=True)
    return {"PATH": PROGRAMS, "PYTHONPATH": str(TOP), "HOME": str(home)} | named(settings)


def named(settings: Mapping[str, str]) -> dict[str, str]:
    """The variables of these settings."""
    return {f"GITOPS_BOT_{key}": value for key, value in settings.items()}


def gitops_bot(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run `gitops-bot WORDS`; no traceback is ever an answer."""
    own = environment(cwd.parent / "home", **settings) | dict(env or {})
    command = [sys.executable, "-m", "bot", *words]
    done = subprocess.run(command, cwd=cwd, env=own, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def write(top: Path, files: Mapping[str, str]) -> Path:
    """Files below a directory."""
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top


def listing(top: Path) -> dict[str, bytes]:
    """Every file below a directory, git's own too, with its content."""
    return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}
