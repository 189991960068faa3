"""What the bot asks of a forge. Jobs and server see this, never a provider."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from bot.core.event import Event
from bot.core.keys import CommentRef
from bot.core.own_comment import CommentPlace, OwnComment
from bot.core.pull import Check, Comment, Contributors, Pull, Repository, Review, Role, Status


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified webhook. `event` is None when it is true but of no interest to us."""

    id: str
    repository: str
    event: Event | None


@dataclass(frozen=True, slots=True)
class Remote:
    """How git reaches a repository: the URL without credentials, and what to send there in its Authorization header.

    `ca_file` holds the certificates to trust there. `pulls` is where the heads of pull requests are; `author` is who we
    are in commits, as (name, e-mail).
    """

    url: str
    authorization: SecretStr | None = None
    ca_file: Path | None = None
    pulls: str = "refs/pull/{number}/head"
    author: tuple[str, str] = ("gitops-bot", "gitops-bot@noreply.invalid")


def basic_authorization(user: str, password: str) -> SecretStr:
    """Return an Authorization header's content for user and password (RFC 7617)."""
    return SecretStr(f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")


class Host(Protocol):
    """A forge. Every method may raise Transient (try again) or Refused (say so); writes are upserts."""

    name: str
    comment_limit: int

    def parse(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify the signature, then say what happened. Raises PermissionError when it is not the forge's."""

    def repositories(self) -> Sequence[Repository]:
        """Every repository that we are allowed to work on and the forge shows us."""

    def repository(self, name: str) -> Repository:
        """Fetch a repository by its name, `owner/name`."""

    def pull(self, repository: Repository, number: int) -> Pull:
        """Fetch a pull request."""

    def open_pulls(self, repository: Repository) -> Sequence[Pull]:
        """Fetch every open pull request."""

    def comment(self, repository: Repository, ref: CommentRef) -> Comment:
        """Fetch a comment as it says now. Words of a review are read with `reviews`."""

    def comments(self, repository: Repository, since: datetime) -> Sequence[Comment]:
        """Comments on any pull request written or edited since then, oldest first, our own among them."""

    def reviews(self, repository: Repository, number: int) -> Sequence[Review]:
        """Oldest first."""

    def contributors(self, repository: Repository, number: int) -> Contributors:
        """Raises Refused when the forge does not list all commits."""

    def checks(self, pull: Pull) -> Sequence[Check]:
        """Statuses and check runs of the head, ours included; required ones that nobody reported are PENDING."""

    def role(self, repository: Repository, user: str) -> Role:
        """Fetch what the user may do there."""

    def find_comment(
        self, repository: Repository, number: int, topic: str, known_id: str | None = None
    ) -> CommentPlace:
        """Look for our comment of that topic on a pull request; `known_id` is where it was, and is asked first."""

    def write_comment(self, repository: Repository, place: CommentPlace, body: str) -> OwnComment:
        """Edit the comment of that place, or post it where there is none; looks at nothing before.

        Raises Refused when the comment is gone.
        """

    def react(self, repository: Repository, ref: CommentRef, reaction: str) -> None:
        """Add a reaction (`eyes`, `rocket`, `confused`, `+1`, `-1`) to a comment; twice is once.

        Nothing where the forge takes none, as of reviews.
        """

    def status(self, repository: Repository, sha: str, status: Status) -> None:
        """Set the commit status of that name."""

    def merge(self, pull: Pull, message: str) -> str:
        """Merge at exactly `pull.head.sha`, by the first style the repository allows; return what landed.

        Where the base branch has a merge queue, put it there, at that head: nothing landed yet, so it returns nothing.
        Raises Refused with the forge's words.
        """

    def open_pull(self, repository: Repository, head: str, base: str, title: str, body: str) -> Pull:
        """Open a pull request between two branches of the repository, or find the open one."""

    def remote(self, repository: Repository) -> Remote:
        """Fresh credentials for long work."""

    def whoami(self) -> str:
        """Our own login."""

    def now(self) -> datetime:
        """The forge's clock (UTC), as its last answer told it: for whatever is compared with times that it gave."""

    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        """What our credentials lack there, in words; for `gitops-bot check`."""
