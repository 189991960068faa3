"""The shell beside a running server, with the server's own settings."""

import subprocess
import sys
from pathlib import Path

from tests.staging import Stage


def shell(stage: Stage, *words: str, ok: tuple[int, ...] = (0,)) -> str:
    """Run `gitops-bot WORDS`; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=Path(__file__).resolve().parents[2],
        env=stage.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in ok, done.stdout + done.stderr
    return done.stdout
