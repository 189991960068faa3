"""A sandbox forge as a process of its own, and a furnished repository on it."""

import contextlib
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from tests.hosts.published.records import new_record
from tests.staging import ForgeClient, Person

T = TypeVar("T")
SOURCE = Path(__file__).resolve().parents[2]
SERIAL = itertools.count(1)


@contextlib.contextmanager
def running(directory: Path) -> Iterator[ForgeClient]:
    """Start it on a free port; end it."""
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--dir",
        str(directory),
        "--with-parent",
    ]
    command += ["--record", str(new_record())]
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(SOURCE)}
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=directory, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("sandbox listening on "), (directory / "log").read_text()
        yield ForgeClient(line.removeprefix("sandbox listening on ").strip())
    finally:
        process.terminate()
        process.communicate(timeout=10)


@dataclass
class Place:
    """A repository with people: alice (admin), bob (maintain), carol (read), mallory (nothing), and a bot (write)."""

    forge: ForgeClient
    repo: str
    directory: Path
    alice: Person
    bob: Person
    carol: Person
    mallory: Person
    bot: Person
    clone: Path

    def propose(self, files: Mapping[str, str | None], branch: str = "change", **more: bool) -> int:
        """Push files on a branch from main and open a pull request as alice; its number."""
        self.alice.git(self.clone, "checkout", "--quiet", "main")
        self.alice.push(self.clone, files, branch, f"Change on {branch}")
        return self.alice.open_pull(self.repo, branch, "main", f"Change on {branch}", **more)

    def head(self, number: int) -> str:
        return str(self.alice.pull(self.repo, number)["head"]["sha"])

    def control(self, method: str, path: str, **json: object) -> object:
        return self.forge.control(method, f"/repos/{self.repo}{path}", **json)


def furnish(forge: ForgeClient, directory: Path, private: bool = True) -> Place:
    """A new repository, with a README on main."""
    directory.mkdir(exist_ok=True)
    people = [forge.user(name) for name in ("alice", "bob", "carol", "mallory")]
    bot = forge.user("gitops-bot", type="Bot")
    roles = {"alice": "admin", "bob": "maintain", "carol": "read", bot.login: "write"}
    repo = forge.repository("acme", f"infra-{next(SERIAL)}", roles, private=private)
    clone = people[0].clone(repo, directory / "alice")
    people[0].push(clone, {"README.md": "one\ntwo\nthree\n"}, "main", "Begin")
    return Place(forge, repo, directory, *people, bot, clone)


def until(look: Callable[[], T | None], patience: float = 30) -> T:
    """Look until there is something; it."""
    end = monotonic() + patience
    while monotonic() < end:
        if found := look():
            return found
        sleep(0.02)
    raise AssertionError(f"waited {patience} s in vain")
