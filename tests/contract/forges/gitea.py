"""Gitea, the real server, behind a line that can fail."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.pull import Pull, Repository, Role
from bot.hosts.gitea import host as gitea
from bot.ports import Host
from tests.gitea.people import BOT, KEEPER, Person
from tests.gitea.proxy import Fault, Proxy, proxied
from tests.gitea.running import Place, Site, furnish
from tests.gitea.running import running as site_running
from tests.sandbox.running import until

STYLES = {
    "merge": "allow_merge_commits",
    "squash": "allow_squash_merge",
    "rebase": "allow_rebase",
    "rebase-merge": "allow_rebase_explicit",
    "fast-forward-only": "allow_fast_forward_only_merge",
}
ROLES = {"triage": "read", "maintain": "write"}
VERDICTS = {"approve": "APPROVED", "request_changes": "REQUEST_CHANGES"}
CONCLUSIONS = {None: "pending", "success": "success"}
MERGES_BY = {"PUT": "POST"}


@contextlib.contextmanager
def running(directory: Path) -> Iterator["OnGitea"]:
    with proxied((site := site_running(directory.parent)).url) as line:
        yield OnGitea(site, line)


@dataclass
class OnGitea:
    site: Site
    line: Proxy

    def ground(self, directory: Path) -> "GiteaGround":
        self.line.faults.clear()
        place = furnish(self.site, directory, "acme")
        self.line.requests.clear()
        return GiteaGround(place, self.line, place.repo)


@dataclass
class GiteaGround:
    place: Place
    line: Proxy
    repo: str

    most_commits: int | None = None
    check_runs: bool = False
    moved: str = "head out of date"
    lacking: str = "Not all required status checks successful"
    conflicting: str = "(?i)conflict"

    @property
    def roles(self) -> Mapping[str, Role]:
        """Gitea has neither triage nor maintain: the next weaker one is what it is given as."""
        own = {"read": Role.READ, "write": Role.WRITE, "admin": Role.ADMIN}
        return own | {word: own[given] for word, given in ROLES.items()}

    def host(self, *repos: str) -> Host:
        section = {"url": self.line.url, "token": self.place.site.tokens[BOT], "webhook_secret": "s"}
        return gitea(section, repos or (self.repo,))

    def repository(self) -> Repository:
        return self.host().repository(self.repo)

    def open(self, branch: str = "change", title: str = "Change") -> Pull:
        return self._pull(self.place.open(branch, title))

    def again(self, pull: Pull) -> Pull:
        return self._pull(pull.number)

    def _pull(self, number: int) -> Pull:
        """Once Gitea has taken in what was pushed: it does so a little later."""
        host, repository = self.host(), self.repository()

        def settled() -> Pull | None:
            pull = host.pull(repository, number)
            shown = self._alice.git(self.place.clone, "ls-remote", "origin", f"refs/pull/{number}/head").split()
            return pull if shown and shown[0] == pull.head.sha else None

        return until(settled)

    def push(self, branch: str, files: Mapping[str, str], message: str = "Change", email: str = "") -> str:
        sha = self.place.push(branch, dict(files), message, email)
        for raw in self._alice.api("GET", f"{self.place.path}/pulls?state=open"):
            if raw["head"]["ref"] == branch:
                self._pull(int(raw["number"]))
        return sha

    def many_commits(self, branch: str, number: int) -> None:
        self._alice.git(self.place.clone, "checkout", "--quiet", "-B", branch)
        for _ in range(number):
            self._alice.git(
                self.place.clone, "-c", f"user.email={self._alice.email}", "commit", "-q", "--allow-empty", "-m", "more"
            )
        self._alice.git(self.place.clone, "push", "--quiet", "origin", branch)

    def open_from_fork(self) -> Pull:
        carol = self._person("carol")
        fork = carol.api("POST", f"{self.place.path}/forks", name=f"fork-of-{self.repo.partition('/')[2]}")["full_name"]
        clone = self.place.clone.parent / "carol"
        carol.git(self.place.clone.parent, "clone", "--quiet", f"{carol.url}/{fork}.git", str(clone))
        carol.git(clone, "checkout", "--quiet", "-b", "theirs")
        carol.commit(clone, {"README.md": "carol's\n"}, "From outside")
        carol.git(clone, "push", "--quiet", "origin", "theirs")
        head = f"{fork}:theirs"
        made = carol.api("POST", f"{self.place.path}/pulls", head=head, base="main", title="From outside")
        return self._pull(int(made["number"]))

    def conflict(self, pull: Pull) -> None:
        self.push("main", {"README.md": "otherwise\ntwo\nthree\n"})

    def comment(self, login: str, pull: Pull, body: str) -> str:
        path = f"{self.place.path}/issues/{pull.number}/comments"
        return str(self._person(login).api("POST", path, body=body)["id"])

    def remove(self, comment: str) -> None:
        self._alice.api("DELETE", f"{self.place.path}/issues/comments/{comment}")

    def review(self, login: str, pull: Pull, verdict: str) -> int:
        path = f"{self.place.path}/pulls/{pull.number}/reviews"
        return int(self._person(login).api("POST", path, event=VERDICTS[verdict], body="look")["id"])

    def dismiss(self, pull: Pull, review: int) -> None:
        path = f"{self.place.path}/pulls/{pull.number}/reviews/{review}/dismissals"
        self._alice.api("POST", path, message="changed my mind")

    def close(self, pull: Pull) -> None:
        self._alice.api("PATCH", f"{self.place.path}/pulls/{pull.number}", state="closed")

    def merge_as(self, login: str, pull: Pull) -> str:
        path = f"{self.place.path}/pulls/{pull.number}"
        self._person(login).api("POST", f"{path}/merge", Do="merge")
        return str(self._alice.api("GET", path)["merge_commit_sha"])

    def allow_only(self, method: str) -> None:
        allowed = {key: name == method for name, key in STYLES.items()}
        self._alice.api("PATCH", self.place.path, default_merge_style=method, **allowed)

    def give(self, login: str, role: str) -> None:
        self.place.give(login, ROLES.get(role, role))

    def require(self, *checks: str) -> None:
        """Of main, by a rule that is made anew."""
        keeper = self._person(KEEPER)
        for rule in keeper.api("GET", f"{self.place.path}/branch_protections"):
            keeper.api("DELETE", f"{self.place.path}/branch_protections/{rule['rule_name']}")
        if checks:
            wanted = {"enable_status_check": True, "status_check_contexts": list(checks), "enable_push": True}
            keeper.api("POST", f"{self.place.path}/branch_protections", rule_name="main", **wanted)

    def check_run(self, sha: str, name: str, conclusion: str | None) -> None:
        """Gitea has none; who tests there says it as a status."""
        self.status(sha, name, CONCLUSIONS.get(conclusion, "failure"))

    def status(self, sha: str, name: str, state: str) -> None:
        self._alice.api("POST", f"{self.place.path}/statuses/{sha}", context=name, state=state)

    def statuses(self, sha: str) -> Mapping[str, str]:
        found = self._alice.pages(f"{self.place.path}/commits/{sha}/status", "statuses")
        return {status["context"]: status["description"] for status in found}

    def said(self, pull: Pull) -> Sequence[tuple[str, str]]:
        found = self._alice.api("GET", f"{self.place.path}/issues/{pull.number}/comments")
        return [(comment["user"]["login"], comment["body"]) for comment in found]

    def reactions(self, comment: str) -> Sequence[str]:
        found = self._alice.api("GET", f"{self.place.path}/issues/comments/{comment}/reactions") or []
        return [reaction["content"] for reaction in found]

    def parents(self, sha: str) -> int:
        return len(self._alice.api("GET", f"{self.place.path}/git/commits/{sha}")["parents"])

    def lose_answers(self, method: str, path: str) -> None:
        self.line.faults.append(Fault(502, method=MERGES_BY.get(method, method), path=path, after=True))

    def fail(self, status: int, times: int = 1, retry_after: int | None = None) -> None:
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        self.line.faults[:] = [Fault(status, times, headers)]

    def mend(self) -> None:
        self.line.faults.clear()

    def writes(self) -> Sequence[str]:
        return self.line.writes()

    @property
    def _alice(self) -> Person:
        return self._person("alice")

    def _person(self, login: str) -> Person:
        return self.place.person(login)
