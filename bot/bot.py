"""Everything a job may use, in one frozen value made by `wiring`; and where things are kept on disk."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.cache import Cache
from bot.cage.cages import Cages
from bot.config.schema import Schema
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.pull import Pull, Repository
from bot.core.run import Run
from bot.core.vocabulary import Vocabulary
from bot.engine import Engine
from bot.forge_health import ForgeHealth
from bot.git import Mirror
from bot.lru_cache import LruCache
from bot.ports import Host, Tool
from bot.run_ends import RunEnds
from bot.store import Store, pulls
from bot.tool_limiter import ToolLimiter
from bot.vault import Vault


@dataclass(frozen=True, slots=True)
class Folders:
    """The layout of DATA_DIR. Places and repository keys become names that a file system takes and nobody can bend."""

    top: Path

    def mirror(self, repository: str) -> Path:
        """The bare clone of a repository, by key."""
        return self.top / "mirrors" / f"{_slug(repository)}.git"

    def checkout(self, run: str, commit: str) -> Path:
        """The checkout that a run's rows share."""
        return self.top / "checkouts" / f"{run}-{commit[:12]}"

    def scratch(self, run: str, place: str) -> Path:
        """A row's private directory; it goes with the row."""
        return self.top / "scratch" / run / _slug(place)

    def log(self, run: str, place: str) -> Path:
        """A row's log."""
        return self.top / "logs" / run / f"{_slug(place)}.log"

    def artifact(self, plan: str) -> Path:
        """The sealed artifact of a plan."""
        return self.top / "artifacts" / plan

    def state(self, repository: str, dir: str) -> Path:
        """A directory that lives for ever, for the local state of what is planned in `dir`."""
        return self.top / "state" / _slug(repository) / _slug(dir)

    def prepared(self, pull: str) -> Path:
        """All that tools made ready for a pull request."""
        return self.top / "prepared" / _slug(pull)

    def prepared_for(self, pull: str, place: str) -> Path:
        """What a tool made ready for one place of a pull request."""
        return self.prepared(pull) / f"{_slug(place)}.sealed"

    def planning(self, run: str, place: str) -> Path:
        """Where it stands that a row's plan has begun, and how often, until it ends."""
        return self.top / "planning" / run / _slug(place)

    def attempt(self, intent: str) -> Path:
        """The supervisor's directory of an apply."""
        return self.top / "applies" / intent


@dataclass(frozen=True, slots=True)
class Limits:
    """`turns`: tools at once in this process. Times as durations."""

    turns: ToolLimiter
    tool: timedelta = timedelta(minutes=30)
    plan_ttl: timedelta = timedelta(hours=72)
    late: timedelta = timedelta(minutes=10)
    edit_every: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Bot:
    """The parts as they meet. `link` makes the address of a run's page; `environment` is all that tools get of ours."""

    store: Store
    engine: Engine
    hosts: Mapping[str, Host]
    tools: Mapping[str, Tool]
    schema: Schema
    vocabulary: Vocabulary
    vault: Vault
    cache: Cache
    cages: Cages
    folders: Folders
    limits: Limits
    name: str
    environment: Mapping[str, str]
    clock: Callable[[], datetime]
    link: Callable[[Repository, Run], str | None]
    local_state: bool = True
    project_status: bool = False
    memo: LruCache = field(default_factory=LruCache)
    run_ends: RunEnds = field(default_factory=RunEnds)
    forge_health: ForgeHealth = field(default_factory=ForgeHealth)
    stopping: threading.Event = field(default_factory=threading.Event)

    def park_if_stopping(self) -> None:
        """Hold this thread for ever when the bot is leaving: its job stays promised and runs again after the start."""
        if self.stopping.is_set():
            threading.Event().wait()

    def host(self, repository: Repository) -> Host:
        """The forge that the repository is on."""
        return self.hosts[repository.forge]

    def mirror(self, repository: Repository) -> Mirror:
        """The repository's bare clone, with fresh credentials for its remote."""
        return Mirror(self.folders.mirror(repository.key), self.host(repository).remote(repository))

    def fetch_pull(self, job: Job) -> Pull:
        """The job's pull request, as the forge has it now; nothing is written. Raises Refused as `repository` does."""
        repository = self.repository(job)
        return self.host(repository).pull(repository, job.pull.number)

    def refresh_pull(self, job: Job) -> Pull:
        """The job's pull request, as the forge has it now, and written down. Raises Refused as `repository` does."""
        pull = self.fetch_pull(job)
        with self.store.begin() as tx:
            pulls.refresh(tx, pull)
        return pull

    def start(self, jobs: Iterable[Job]) -> None:
        """Promise what a transaction that is committed now asks for, and wake who waits for a run."""
        self.run_ends.announce()
        for job in jobs:
            self.engine.start(job)

    def repository(self, job: Job) -> Repository:
        """The job's repository. Raises Refused when nothing is known of it."""
        with self.store.read() as tx:
            repository = pulls.repository(tx, job.repository)
        if repository is None:
            raise Refused(f"nothing is known of the repository {job.repository}")
        return repository


def short(*parts: str) -> str:
    """A short id made from words: the same words give the same id, so what is done twice is found again."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def apply_run_id(job: Job) -> str:
    """The id of the run that a job to apply writes, for whoever looks for what came of the job."""
    return short("apply", job.root)


def _slug(text: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40]
    return f"{readable}-{short(text)}"
