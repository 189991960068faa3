"""What the contract asks of a running forge: a host that speaks to it, and people who act on it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from bot.core.pull import Pull, Repository, Role
from bot.ports import Host


class Ground(Protocol):
    """A repository with `README.md` on main: alice (admin), bob (maintain), carol (read), mallory (no role).

    Where a forge lacks something, it says so: `roles` is what our words for roles come to there, `most_commits` how
    many commits of a pull request it lists at most, `check_runs` whether it has others than statuses. `moved`,
    `lacking` and `conflicting` are patterns of its own words when it does not merge.
    """

    repo: str
    most_commits: int | None
    check_runs: bool
    moved: str
    lacking: str
    conflicting: str

    @property
    def roles(self) -> Mapping[str, Role]: ...

    def host(self, *repos: str) -> Host:
        """A host for these globs; for this repository when none are given."""

    def repository(self) -> Repository: ...

    def open(self, branch: str = "change", title: str = "Change") -> Pull: ...

    def again(self, pull: Pull) -> Pull: ...

    def push(self, branch: str, files: Mapping[str, str], message: str = "Change", email: str = "") -> str:
        """A commit of alice's on a branch from main, under another e-mail address if one is given; the commit."""

    def many_commits(self, branch: str, number: int) -> None:
        """Empty ones, on the branch that was pushed last or on a new one."""

    def open_from_fork(self) -> Pull: ...

    def conflict(self, pull: Pull) -> None:
        """Make main say otherwise where the pull changes it."""

    def comment(self, login: str, pull: Pull, body: str) -> str:
        """Its id."""

    def remove(self, comment: str) -> None: ...

    def review(self, login: str, pull: Pull, verdict: str) -> int:
        """`approve` or `request_changes`; its id."""

    def dismiss(self, pull: Pull, review: int) -> None: ...

    def close(self, pull: Pull) -> None: ...

    def merge_as(self, login: str, pull: Pull) -> str: ...

    def allow_only(self, method: str) -> None: ...

    def give(self, login: str, role: str) -> None: ...

    def require(self, *checks: str) -> None: ...

    def check_run(self, sha: str, name: str, conclusion: str | None) -> None:
        """Where a forge has none, a status that says as much."""

    def status(self, sha: str, name: str, state: str) -> None: ...

    def statuses(self, sha: str) -> Mapping[str, str]:
        """Descriptions by name."""

    def said(self, pull: Pull) -> Sequence[tuple[str, str]]:
        """All comments as (login, body), oldest first."""

    def reactions(self, comment: str) -> Sequence[str]: ...

    def parents(self, sha: str) -> int:
        """How many parents a commit has."""

    def lose_answers(self, method: str, path: str) -> None:
        """The next request of that kind takes effect, but its answer is lost."""

    def fail(self, status: int, times: int = 1, retry_after: int | None = None) -> None: ...

    def mend(self) -> None:
        """End all faults."""

    def writes(self) -> Sequence[str]:
        """Methods of the requests that changed something since the last look."""


class Forge(Protocol):
    def ground(self, directory: Path) -> Ground:
        """A new repository."""


class Starts(Protocol):
    def __call__(self, directory: Path) -> AbstractContextManager[Forge]: ...
