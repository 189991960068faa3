"""The run's Gitea, and a furnished repository on it."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gitea.people import BOT, GIT, KEEPER, Person
from tests.gitea.program import lack
from tests.gitea.serve import SITE

SOURCE = Path(__file__).resolve().parents[2]
README = "one\ntwo\nthree\n"


@dataclass(frozen=True)
class Site:
    """A running Gitea; `seed` is a bare repository with README.md on main."""

    url: str
    repositories: Path
    tokens: dict[str, str]
    seed: Path

    def person(self, login: str) -> Person:
        return Person(self.url, login, self.tokens[login])


@dataclass(frozen=True)
class Place:
    """A private repository with people: alice and the bot (admin), bob (write), carol (read), mallory (nothing)."""

    site: Site
    repo: str
    clone: Path

    @property
    def path(self) -> str:
        return f"/repos/{self.repo}"

    def person(self, login: str) -> Person:
        return self.site.person(login)

    def give(self, login: str, role: str) -> None:
        self.person(KEEPER).api("PUT", f"{self.path}/collaborators/{login}", permission=role)

    def push(self, branch: str, files: dict[str, str], message: str = "Change", email: str = "") -> str:
        """A commit of alice's on a branch from main; the commit."""
        alice = self.person("alice")
        known = alice.git(self.clone, "branch", "--list", branch)
        alice.git(self.clone, "checkout", "--quiet", *([branch] if known else ["-b", branch, "main"]))
        sha = alice.commit(self.clone, files, message, email)
        alice.git(self.clone, "push", "--quiet", "origin", branch)
        return sha

    def open(self, branch: str = "change", title: str = "Change") -> int:
        self.push(branch, {"README.md": f"{branch}\ntwo\nthree\n"})
        made = self.person("alice").api("POST", f"{self.path}/pulls", head=branch, base="main", title=title)
        return int(made["number"])


def need() -> None:
    """Gitea can be started here, or the test is left out."""
    if why := lack():
        pytest.fail(why, pytrace=False) if os.environ.get("RIG") == "required" else pytest.skip(why)


def running(own: Path) -> Site:
    """The run's server: the first worker to ask starts it, and it ends when the run does. `own` is pytest's folder."""
    need()
    worker = "PYTEST_XDIST_WORKER" in os.environ
    directory = (own.parent if worker else own) / "gitea-server"
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / SITE).exists():
            _start(directory, os.getppid() if worker else os.getpid())
            plant(directory / "seed.git")
    told = json.loads((directory / SITE).read_text())
    return Site(told["url"], Path(told["repositories"]), told["tokens"], directory / "seed.git")


def furnish(site: Site, directory: Path, owner: str, private: bool = True) -> Place:
    """A new repository of an organisation, which is made where there is none (of one name by one test only)."""
    keeper, name = site.person(KEEPER), f"infra-{uuid.uuid4().hex[:8]}"
    if owner not in {org["username"] for org in keeper.pages("/orgs")}:
        keeper.api("POST", "/orgs", username=owner, visibility="private" if private else "public")
    shutil.copytree(site.seed, site.repositories / owner / f"{name}.git")
    keeper.api("POST", f"/admin/unadopted/{owner}/{name}")
    keeper.api("PATCH", f"/repos/{owner}/{name}", private=private, default_branch="main")
    clone = directory / "alice"
    alice = site.person("alice")
    alice.git(directory, "clone", "--quiet", str(site.seed), str(clone))
    alice.git(clone, "remote", "set-url", "origin", f"{site.url}/{owner}/{name}.git")
    place = Place(site, f"{owner}/{name}", clone)
    for login, role in (("alice", "admin"), (BOT, "admin"), ("bob", "write"), ("carol", "read")):
        place.give(login, role)
    return place


def _start(directory: Path, pid: int) -> None:
    with (directory / "serve.log").open("w") as log:
        command = [sys.executable, "-m", "tests.gitea.serve", str(directory), str(pid)]
        ended = subprocess.run(command, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if ended.returncode:
        pytest.fail((directory / "serve.log").read_text(), pytrace=False)


def plant(seed: Path) -> None:
    """The repository that others are copies of: a first commit."""
    work = seed.with_suffix(".work")
    work.mkdir()
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", **GIT}
    identity = ["-c", "user.name=alice", "-c", "user.email=alice@users.example.test"]
    (work / "README.md").write_text(README)
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "README.md"],
        [*identity, "commit", "--quiet", "-m", "Begin"],
        ["clone", "--quiet", "--bare", str(work), str(seed)],
    ):
        subprocess.run(["git", *command], cwd=work, env=env, check=True, capture_output=True)
