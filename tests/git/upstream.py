"""A real repository to be mirrored."""

import subprocess
from pathlib import Path

from bot.git import Mirror
from bot.ports import Remote

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
WHO = ["-c", "user.name=alice", "-c", "user.email=alice@example.test"]


class Upstream:
    """A repository with a work tree, and a mirror of it."""

    def __init__(self, top: Path) -> None:
        self.path, self.mirror_path = top / "upstream", top / "mirror.git"
        self.path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.mirror = Mirror(self.mirror_path, Remote(str(self.path)))

    def git(self, *words: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *WHO, *words], cwd=at or self.path, env=ENV, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message: str = "change", **files: str | None) -> str:
        for name, text in files.items():
            path = self.path / name.replace("__", "/")
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, start: str = "main") -> None:
        self.git("checkout", "--quiet", "-b", name, start)

    def fetch(self) -> None:
        self.mirror.fetch("refs/heads/*")
