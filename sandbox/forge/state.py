"""What the forge knows: users, repositories, pull requests. Plain values that change, behind one lock."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def now() -> str:
    """The moment in GitHub's form, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class User:
    """Somebody with a token; `app` is the id of the App that acts as this bot."""

    id: int
    login: str
    name: str
    email: str
    type: str = "User"
    app: int | None = None
    token: str = field(default_factory=lambda: f"sandbox_{secrets.token_hex(16)}")


@dataclass
class Comment:
    """A comment on the pull request `number`; `minimized` is why it is folded away."""

    id: int
    number: int
    user: User
    body: str
    created_at: str
    updated_at: str
    reactions: list[dict[str, Any]] = field(default_factory=list)
    minimized: str | None = None


@dataclass
class Review:
    """A review; `state` is in GitHub's capitals."""

    id: int
    user: User
    state: str
    body: str
    commit_id: str
    submitted_at: str


@dataclass
class Status:
    """A commit's status by its context."""

    id: int
    context: str
    state: str
    description: str
    target_url: str | None
    creator: User
    created_at: str


@dataclass
class Pull:
    """A pull request. `head_repo` is the fork it comes from, or the repository itself; None: the fork is gone."""

    id: int
    number: int
    title: str
    body: str
    user: User
    base: str
    head: str
    head_repo: "Repo | None"
    base_sha: str
    head_sha: str
    created_at: str
    updated_at: str
    draft: bool = False
    state: str = "open"
    merged: bool = False
    merged_by: User | None = None
    merged_at: str | None = None
    closed_at: str | None = None
    merge_commit_sha: str | None = None
    reviews: list[Review] = field(default_factory=list)


@dataclass
class Delivery:
    """What was sent to a webhook; `status` is the answer's, 0 for none yet."""

    id: int
    guid: str
    event: str
    payload: dict[str, Any]
    status: int = 0


@dataclass
class Webhook:
    """An address that wants events, and the secret that signs them."""

    id: int
    url: str
    secret: str
    events: list[str]
    deliveries: list[Delivery] = field(default_factory=list)
    created_at: str = field(default_factory=now)


@dataclass
class App:
    """A GitHub App. `bot` is the user that it acts as; its hook has its events. It keeps no private key."""

    id: int
    slug: str
    name: str
    owner: str
    bot: User
    public_key: str
    permissions: dict[str, str]
    hook: Webhook


@dataclass
class Installation:
    """An App in an account, for these repositories (by full name), or for all of them: None."""

    id: int
    app: App
    account: str
    repos: set[str] | None
    permissions: dict[str, str]
    suspended_at: str | None = None

    def covers(self, repo: "Repo") -> bool:
        """It works in the repository, and is not suspended."""
        is_listed = self.repos is None or repo.full_name in self.repos
        return repo.owner == self.account and is_listed and not self.suspended_at


@dataclass
class Grant:
    """What a token lets one do. `permissions`: None for classic tokens, which do what their user may.

    `app` is set for an App's own signature, `installation` for its tokens. `ends` is in seconds of the epoch.
    """

    user: User
    permissions: dict[str, str] | None = None
    scopes: str = "repo, workflow"
    installation: Installation | None = None
    app: App | None = None
    ends: float | None = None


@dataclass
class CheckRun:
    """A check run; `app` is None where a test says so by the sandbox's own door."""

    id: int
    app: App | None
    name: str
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    details_url: str | None = None
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    started_at: str = field(default_factory=now)
    completed_at: str | None = None


@dataclass
class QueueEntry:
    """A pull request in a merge queue: at which head, and its commit on top of what is before it."""

    pull: Pull
    head_sha: str
    parent: str
    sha: str
    user: User


@dataclass
class Repo:
    """A repository. `roles` are by login; on a public one everybody may read."""

    id: int
    owner: str
    name: str
    path: Path
    private: bool = False
    default_branch: str = "main"
    archived: bool = False
    roles: dict[str, str] = field(default_factory=dict)
    required: dict[str, dict[str, int | None]] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    hooks: dict[int, Webhook] = field(default_factory=dict)
    parent: "Repo | None" = None
    methods: tuple[str, ...] = ("merge", "squash", "rebase")
    queues: dict[str, list[QueueEntry]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def role(self, login: str) -> str:
        """What somebody is here by login; one of ROLES."""
        if login == self.owner:
            return "admin"
        return self.roles.get(login, "none" if self.private else "read")


class ForgeState:
    """Everything, and the lock that every request holds while it reads or changes it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.repos: dict[str, Repo] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.grants: dict[str, Grant] = {}
        self.token_seconds = 3600.0
        self.changes = 0
        self._last_id = 1000

    def new_id(self) -> int:
        """An id that nothing else has."""
        self._last_id += 1
        self.changes += 1
        return self._last_id

    def skip_ids(self, last: int) -> None:
        """Give only newer ids from now on."""
        self._last_id = max(self._last_id, last)
        self.changes += 1

    def grant_of(self, token: str) -> Grant | None:
        """What the token lets one do; None for what is no token, or not any more."""
        user = next((user for user in self.users.values() if secrets.compare_digest(user.token, token)), None)
        if user:
            return Grant(user)
        grant = self.grants.get(token)
        return grant if grant and (grant.ends is None or grant.ends > time.time()) else None

    def role(self, repo: Repo, grant: Grant | None) -> str:
        """What somebody is in a repository: an App's token is good for what it was installed for."""
        if grant is None or grant.app:
            return "none" if repo.private else "read"
        if grant.installation is None:
            return repo.role(grant.user.login)
        return "write" if grant.installation.covers(repo) else "none" if repo.private else "read"

    def installation_for(self, app: App, repo: Repo) -> Installation | None:
        """The App's installation that covers a repository, if any."""
        return next(
            (
                installation
                for installation in self.installations.values()
                if installation.app is app and installation.covers(repo)
            ),
            None,
        )

    def user_by_email(self, email: str) -> User | None:
        """By the address, or by the one that the forge gives everybody (`ID+login@users.noreply.…`)."""
        private = [f"{user.id}+{user.login}@users.noreply." for user in self.users.values()]
        pairs = zip(self.users.values(), private, strict=True)
        return next((user for user, theirs in pairs if user.email == email or email.startswith(theirs)), None)

    def repo(self, full_name: str) -> Repo | None:
        """By its full name, in any case of letters."""
        return self.repos.get(full_name.lower())
