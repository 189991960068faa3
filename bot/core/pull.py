"""What a forge knows: repositories, pull requests, and what people did on them. Hosts make these."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.core.keys import CommentRef, PullKey

LONGEST_DESCRIPTION = 140


class Role(IntEnum):
    """What a person may do in a repository, weakest first. An unknown role is NONE."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5


class PullState(StrEnum):
    """Where a pull request is in its life, as the forge tells."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: its key is the forge and the forge's own id (`github:4711`); its name is a label and may change."""

    key: str
    name: str
    default_branch: str
    private: bool

    @property
    def forge(self) -> str:
        """The name of the forge, as in `hosts`: `github`."""
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as it was when we looked: names move, commits do not."""

    name: str
    sha: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as the forge described it. `mergeable` is None while the forge still computes it.

    `updated` is when anything last happened on it, by the forge's clock. `author_is_bot`: no person opened it.
    """

    repository: Repository
    number: int
    title: str
    author: str
    state: PullState
    draft: bool
    fork: bool
    base: Branch
    head: Branch
    url: str
    mergeable: bool | None = None
    merge_commit: str | None = None
    merged_by: str | None = None
    updated: datetime | None = None
    author_is_bot: bool = False

    @property
    def key(self) -> PullKey:
        """`github:4711#7`."""
        return PullKey.of(self.repository.key, self.number)


@dataclass(frozen=True, slots=True)
class BaseBranch:
    """The base branch that a pull request had from a moment on, by the forge's clock; None where nobody can tell."""

    since: datetime
    name: str | None


def branch_at(branches: Sequence[BaseBranch], at: datetime) -> str | None:
    """The base branch of a pull request at that moment; None where nobody can tell. `branches`: the oldest first."""
    return next((branch.name for branch in reversed(branches) if branch.since <= at), None)


def is_bot_login(login: str) -> bool:
    """Tell whether the login is one that forges give to programs only."""
    return login.endswith("[bot]")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request; `edited` is true when its text is not what was first posted."""

    ref: CommentRef
    author: str
    author_is_bot: bool
    body: str
    at: datetime
    edited: bool


class ReviewState(StrEnum):
    """What a review says; one that was dismissed counts for nothing."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Review:
    """A review with the commit it was given on and the forge's own time (UTC).

    `id` is the forge's, by which its words are found again; without one, nobody reads commands in its `body`.
    """

    author: str
    author_is_bot: bool
    state: ReviewState
    commit: str
    at: datetime
    id: str = ""
    body: str = ""

    def words(self, pull: PullKey) -> Comment:
        """What it says, as a comment on its pull request; that it was edited, no forge tells."""
        ref = CommentRef.of_review(pull, self.id)
        return Comment(ref, self.author, self.author_is_bot, self.body, self.at, edited=False)


class CheckState(StrEnum):
    """What a status or check run says."""

    SUCCESS = "success"
    PENDING = "pending"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """A status or check run of a commit by anyone; `required` when the base branch demands it.

    `foreign`: the base branch demands it of an App that we are not, whatever it is called.
    """

    name: str
    state: CheckState
    required: bool
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Contributors:
    """Everyone who made the pull's commits. `unknown`: commits whose author or committer is nobody on the forge."""

    logins: frozenset[str]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """Words at a line of a file of the repository; `fails` when they are why a status is no success."""

    path: str
    line: int
    title: str
    message: str
    fails: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """One commit status as we want it.

    `summary` (Markdown) and `annotations` are for forges whose statuses have room for more than a description.
    """

    name: str
    state: CheckState
    description: str
    url: str | None = None
    summary: str = ""
    annotations: tuple[Annotation, ...] = ()

    @property
    def short_description(self) -> str:
        """What every forge takes of the description."""
        fits = len(self.description) <= LONGEST_DESCRIPTION
        return self.description if fits else self.description[: LONGEST_DESCRIPTION - 1] + "…"

    @property
    def web_url(self) -> str | None:
        """The address, where it is one that forges take."""
        return self.url if self.url and self.url.startswith(("http://", "https://")) else None
