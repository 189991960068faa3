"""GitHub, as the sandbox speaks it."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.pull import Pull, Repository, Role
from bot.hosts.github import host as github
from bot.ports import Host
from tests import staging
from tests.sandbox.running import Place, furnish
from tests.sandbox.running import running as sandbox_running
from tests.staging import Person

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@contextlib.contextmanager
def running(directory: Path) -> Iterator["OnSandbox"]:
    with sandbox_running(directory) as forge:
        yield OnSandbox(forge)


@dataclass
class OnSandbox:
    forge: staging.ForgeClient

    def ground(self, directory: Path) -> "GitHubGround":
        self.forge.faults()
        place = furnish(self.forge, directory)
        self.forge.forget_requests()
        return GitHubGround(place, place.repo)


@dataclass
class GitHubGround:
    place: Place
    repo: str

    most_commits: int | None = 250
    check_runs: bool = True
    moved: str = "modified"
    lacking: str = '"ci" is expected'
    conflicting: str = "not mergeable"

    @property
    def roles(self) -> Mapping[str, Role]:
        return {role.name.lower(): role for role in Role}

    def host(self, *repos: str) -> Host:
        section = {"api_url": f"{self.place.forge.url}/api/v3", "token": self.place.bot.token, "webhook_secret": "s"}
        return github(section, repos or (self.repo,))

    def repository(self) -> Repository:
        return self.host().repository(self.repo)

    def open(self, branch: str = "change", title: str = "Change") -> Pull:
        self.push(branch, {"README.md": f"{branch}\ntwo\nthree\n"})
        return self._pull(self.place.alice.open_pull(self.repo, branch, "main", title))

    def again(self, pull: Pull) -> Pull:
        return self._pull(pull.number)

    def _pull(self, number: int) -> Pull:
        return self.host().pull(self.repository(), number)

    def push(self, branch: str, files: Mapping[str, str], message: str = "Change", email: str = "") -> str:
        place = self.place
        known = place.alice.git(place.clone, "branch", "--list", branch)
        place.alice.git(place.clone, "checkout", "--quiet", branch if known else "main")
        place.alice.git(place.clone, "config", "user.email", email or place.alice.email)
        return place.alice.push(place.clone, files, branch, message)

    def many_commits(self, branch: str, number: int) -> None:
        place = self.place
        place.alice.git(place.clone, "checkout", "--quiet", "-B", branch)
        for _ in range(number):
            place.alice.git(place.clone, "commit", "--quiet", "--allow-empty", "-m", "one more")
        place.alice.git(place.clone, "push", "--quiet", "origin", branch)

    def open_from_fork(self) -> Pull:
        place = self.place
        place.carol.api("POST", f"/repos/{self.repo}/forks")
        fork = f"carol/{self.repo.partition('/')[2]}"
        clone = place.carol.clone(fork, place.directory / "carol")
        place.carol.push(clone, {"README.md": "carol's\n"}, "theirs", "From outside")
        return self._pull(place.carol.open_pull(self.repo, "carol:theirs", "main", "From outside"))

    def conflict(self, pull: Pull) -> None:
        self.push("main", {"README.md": "otherwise\ntwo\nthree\n"})

    def comment(self, login: str, pull: Pull, body: str) -> str:
        return str(self._person(login).comment(self.repo, pull.number, body))

    def remove(self, comment: str) -> None:
        self.place.alice.api("DELETE", f"/repos/{self.repo}/issues/comments/{comment}")

    def review(self, login: str, pull: Pull, verdict: str) -> int:
        return self._person(login).review(self.repo, pull.number, verdict.upper(), "look")

    def dismiss(self, pull: Pull, review: int) -> None:
        path = f"/repos/{self.repo}/pulls/{pull.number}/reviews/{review}/dismissals"
        self.place.alice.api("PUT", path, message="changed my mind")

    def close(self, pull: Pull) -> None:
        self.place.alice.close(self.repo, pull.number)

    def merge_as(self, login: str, pull: Pull) -> str:
        return self._person(login).merge(self.repo, pull.number)

    def allow_only(self, method: str) -> None:
        self.place.control("PUT", "/methods", methods=[method])

    def give(self, login: str, role: str) -> None:
        self.place.control("PUT", f"/collaborators/{login}", role=role)

    def require(self, *checks: str) -> None:
        self.place.control("PUT", "/required/main", contexts=list(checks))

    def check_run(self, sha: str, name: str, conclusion: str | None) -> None:
        self.place.control("POST", f"/check-runs/{sha}", name=name, conclusion=conclusion)

    def status(self, sha: str, name: str, state: str) -> None:
        self.place.alice.api("POST", f"/repos/{self.repo}/statuses/{sha}", context=name, state=state)

    def statuses(self, sha: str) -> Mapping[str, str]:
        found = self.place.alice.api("GET", f"/repos/{self.repo}/commits/{sha}/status?per_page=100")
        return {status["context"]: status["description"] for status in found["statuses"]}

    def said(self, pull: Pull) -> Sequence[tuple[str, str]]:
        found = self.place.alice.comments(self.repo, pull.number)
        return [(comment["user"]["login"], comment["body"]) for comment in found]

    def reactions(self, comment: str) -> Sequence[str]:
        return self.place.alice.reactions(self.repo, int(comment))

    def parents(self, sha: str) -> int:
        return len(self.place.alice.api("GET", f"/repos/{self.repo}/commits/{sha}")["parents"])

    def lose_answers(self, method: str, path: str) -> None:
        self.place.forge.faults(fail=[{"method": method, "path": path, "status": 502, "kind": "after"}])

    def fail(self, status: int, times: int = 1, retry_after: int | None = None) -> None:
        self.place.forge.faults(fail=[{"status": status, "times": times, "retry_after": retry_after}])

    def mend(self) -> None:
        self.place.forge.faults()

    def writes(self) -> Sequence[str]:
        found = [request["method"] for request in self.place.forge.requests() if request["method"] in UNSAFE]
        self.place.forge.forget_requests()
        return found

    def _person(self, login: str) -> Person:
        people = (self.place.alice, self.place.bob, self.place.carol, self.place.mallory)
        return next(person for person in people if person.login == login)
