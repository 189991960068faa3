"""The tool's commands at one site, all with one environment: init, plan, show. Used by `terraform.py` alone."""

import fcntl
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Notice
from bot.ports import Site
from bot.process import Completed
from bot.tools.terraform import initialised, state
from bot.tools.terraform.arguments import IsFlagged, arguments
from bot.tools.terraform.lookedat import key, tracked
from bot.tools.terraform.masking import of_environment, without
from bot.tools.terraform.output import failure, notices, only_errors, readable
from bot.tools.terraform.reading import Reading, read

SECRETS_FILE = "secrets.json"
SPOKEN = 8 * 1024 * 1024  # what is kept of words; of data, as much as the process door allows
NO_CHANGES, FAILED, CHANGES = 0, 1, 2
CACHE_LOCK, LOOK_SECONDS = ".gitops-bot.lock", 0.1
SAFE_CACHE = (1, 10)
STATE_SECONDS = 60.0
FOUND = "Initialised earlier for this pull request, by the same files.\n"

T = TypeVar("T")


class NotBegun(ToolFailed):
    """The command failed before it did anything: perhaps only because what init made is not what it needs."""


@dataclass(frozen=True, slots=True)
class Commands:
    """The tool at one site: its binary, its version and the environment that all its commands have."""

    site: Site
    binary: str
    version: str
    env: Mapping[str, str]
    lock_timeout: str

    def initialised(self, work: Callable[[], T]) -> T:
        """Do the work on what init made: earlier for this pull request, or now.

        Where the work shows that init is wanted all the same, it is done again after one.
        """
        key, own_lock = self._key(), not tracked(self.site)
        if not key or not self._found(key, own_lock):
            self._init(key, own_lock)
            return work()
        try:
            return work()
        except NotBegun:
            initialised.wipe(self.site, self._made, own_lock)
            self._init(key, own_lock)
            return work()

    def plan(self, artifact: Path, destroy: bool) -> tuple[Reading, tuple[Notice, ...]]:
        done = self._run(
            "plan",
            ok=(NO_CHANGES, CHANGES),
            json=IsFlagged,
            input=False,
            no_color=IsFlagged,
            detailed_exitcode=IsFlagged,
            out=str(artifact),
            lock_timeout=self.lock_timeout,
            var_file=list(self.site.project.terraform.var_files) or None,
            destroy=IsFlagged if destroy else None,
        )
        reading = self.show(artifact)
        return reading, tuple(notices(done.out, "warning", reading.hidden))

    def show(self, artifact: Path) -> Reading:
        done = self._run("show", str(artifact), json=IsFlagged, no_color=IsFlagged, logged=False)
        return read(done.out, f"{self._product} {self.version}")

    def state(self) -> str:
        """The state as JSON, as it is now: after a cancelled apply as well, so nothing stops it but its time."""
        site = replace(self.site, stopped=lambda: False, timeout=min(self.site.timeout, STATE_SECONDS))
        return replace(self, site=site)._run("show", json=IsFlagged, no_color=IsFlagged, logged=False).out

    def hide(self, text: str) -> str:
        path = self.site.scratch / SECRETS_FILE
        hidden = frozenset(json.loads(path.read_text())) if path.exists() else frozenset[str]()
        return without(text, hidden | frozenset(of_environment(self.env)))

    @property
    def _product(self) -> str:
        return "OpenTofu" if "tofu" in Path(self.binary).name else "Terraform"

    @property
    def _made(self) -> Path:
        return Path(self.env["TF_DATA_DIR"])

    def _key(self) -> str:
        """What stands for all that init looks at; empty where nothing is kept."""
        prepared = self.site.prepared
        if prepared is None:
            return ""
        own = ("TF_PLUGIN_CACHE_DIR", "TF_WORKSPACE")
        cli = hashlib.sha256(Path(self.env["TF_CLI_CONFIG_FILE"]).read_bytes()).hexdigest()
        tool = {"binary": self.binary, "version": self.version, "cli": cli}
        return key(self.site, prepared.secret, tool | {name: self.env.get(name, "") for name in own})

    def _found(self, key: str, own_lock: bool) -> bool:
        prepared = self.site.prepared
        if prepared is None or not initialised.bring(self.site, prepared, key, self._made):
            return False
        try:
            state.check(self.site, self._made)
        except Refused:  # said after an init, if that does no better
            initialised.wipe(self.site, self._made, own_lock)
            return False
        _log(self.site.log, FOUND)
        return True

    def _init(self, key: str, own_lock: bool) -> None:
        """Init without a workspace: it would refuse one that has no state yet beside others that have."""
        site = self.site
        config = list(site.project.terraform.backend_config)
        anywhere = {key: value for key, value in self.env.items() if key != "TF_WORKSPACE"}
        with self._cache_alone() as cache:
            replace(self, env=anywhere)._run(
                "init",
                input=False,
                no_color=IsFlagged,
                lockfile=None if own_lock else "readonly",
                backend_config=config or None,
            )
            if cache:
                initialised.detach(self._made, cache)
        state.check(site, self._made)
        if site.prepared and key:
            initialised.keep(site, site.prepared, key, self._made, own_lock)

    @contextmanager
    def _cache_alone(self) -> Iterator[Path | None]:
        """Two inits never write one plug-in cache at once, but for an OpenTofu that sees to that itself.

        The cache that is ours alone meanwhile. Terraform writes over packages in it where they are, so that nobody may
        use one in place (internal/providercache/package_install.go).
        """
        cache = self.env.get("TF_PLUGIN_CACHE_DIR")
        if not cache or (self._product == "OpenTofu" and _numbers(self.version) >= SAFE_CACHE):
            yield None
            return
        with (Path(cache) / CACHE_LOCK).open("a") as lock:
            waited = threading.Event()
            while not _locked(lock.fileno()):
                if self.site.stopped():
                    raise ToolFailed("init was stopped")
                waited.wait(LOOK_SECONDS)
            yield Path(cache)

    def _run(
        self, command: str, *words: str, ok: tuple[int, ...] = (0,), logged: bool = True, **options: Any
    ) -> Completed:
        argv = arguments(self.binary, command, *words, **options)
        site = self.site
        done = process.run(
            argv,
            cwd=site.directory,
            env=self.env,
            timeout=site.timeout,
            log=site.log if logged and "-json" not in argv else None,
            stopped=site.stopped,
            limit=SPOKEN if logged else process.LIMIT,
        )
        if logged and "-json" in argv:
            _log(site.log, readable(done.out))
        if done.stopped:
            raise ToolFailed(f"{command} was stopped")
        if done.timed_out:
            raise ToolFailed(f"{command} took longer than {site.timeout:.0f} s")
        if done.exit not in ok:
            why = failure(command, done, self.hide)
            raise NotBegun(str(why), why.output) if isinstance(why, ToolFailed) and only_errors(done.out) else why
        return done


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdigit())


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _log(log: Path, text: str) -> None:
    with log.open("a", errors="replace") as file:
        file.write(text)
