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
from bot.tools.terraform import init_cache, live, state
from bot.tools.terraform.arguments import IsFlagged, arguments
from bot.tools.terraform.init_fingerprint import key, tracked
from bot.tools.terraform.masking import Secrets, of_environment
from bot.tools.terraform.output import COLOUR, failure, notices, only_errors, readable
from bot.tools.terraform.plan_json import Reading, read

SECRETS_FILE = "secrets.json"
SPOKEN = 8 * 1024 * 1024  # what is kept of words; of data, as much as the process door allows
NO_CHANGES, FAILED, CHANGES = 0, 1, 2
CACHE_LOCK, LOOK_SECONDS = ".gitops-bot.lock", 0.1
SAFE_CACHE = (1, 10)
STATE_SECONDS = 60.0
UNTOLD = "What else the plan said is left out: which of it is secret cannot be told.\n"
FOUND = "Initialised earlier for this pull request, by the same files.\n"

T = TypeVar("T")


class NotBegun(ToolFailed):
    """The command failed before it did anything: perhaps only because what init made is not what it needs."""


@dataclass(frozen=True, slots=True)
class Commands:
    """The tool at one site: its binary, its version, the environment that all its commands have, `known` secrets."""

    site: Site
    binary: str
    version: str
    env: Mapping[str, str]
    lock_timeout: str
    known: frozenset[str] = frozenset()

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
            init_cache.wipe(self.site, self._made, own_lock)
            self._init(key, own_lock)
            return work()

    def plan(self, artifact: Path, destroy: bool) -> tuple[Reading, tuple[Notice, ...]]:
        hide = self.secrets.hide
        done = self._ran(
            "plan",
            keep=lambda lines: hide(live.bare_steps(lines)),
            json=IsFlagged,
            input=False,
            no_color=IsFlagged,
            detailed_exitcode=IsFlagged,
            out=str(artifact),
            lock_timeout=self.lock_timeout,
            var_file=list(self.site.project.terraform.var_files) or None,
            destroy=IsFlagged if destroy else None,
        )
        reading = self._told(artifact, done)
        return reading, tuple(notices(done.out, "warning", reading.hidden))

    def _told(self, artifact: Path, done: Completed) -> Reading:
        """Read the plan; then, its secrets known, log what was held back, and judge the command by its exit.

        A plan that failed is read too where the tool wrote a part of it: for the secrets alone.
        """
        reading, why = None, None
        try:
            reading = self.show(artifact) if artifact.exists() else None
        except (Refused, ToolFailed) as unread:
            why = unread
        knowing = replace(self, known=reading.hidden if reading else frozenset())
        knowing.log(UNTOLD if why else knowing.hide(readable(done.out, live.is_held) + done.err))
        knowing._judged("plan", done, ok=(NO_CHANGES, CHANGES))
        if why or reading is None:
            raise why or ToolFailed("plan wrote no plan")
        return reading

    def show(self, artifact: Path) -> Reading:
        done = self._run("show", str(artifact), json=IsFlagged, no_color=IsFlagged)
        return read(done.out, f"{self._product} {self.version}")

    def state(self) -> str:
        """The state as JSON, as it is now: after a cancelled apply as well, so nothing stops it but its time."""
        site = replace(self.site, stopped=lambda: False, timeout=min(self.site.timeout, STATE_SECONDS))
        return replace(self, site=site)._run("show", json=IsFlagged, no_color=IsFlagged).out

    @property
    def secrets(self) -> Secrets:
        """All that is known now."""
        return Secrets(self.known | noted(self.site) | frozenset(of_environment(self.env)))

    def hide(self, text: str) -> str:
        return self.secrets.hide(COLOUR.sub("", text))

    def log(self, text: str) -> None:
        """Raises OSError on a full disk, so that the work is done again when there is room."""
        with self.site.log.open("a", errors="replace") as file:
            file.write(text)

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
        if prepared is None or not init_cache.bring(self.site, prepared, key, self._made):
            return False
        try:
            state.check(self.site, self._made)
        except Refused:  # said after an init, if that does no better
            init_cache.wipe(self.site, self._made, own_lock)
            return False
        self.log(FOUND)
        return True

    def _init(self, key: str, own_lock: bool) -> None:
        """Init without a workspace: it would refuse one that has no state yet beside others that have."""
        site = self.site
        config = list(site.project.terraform.backend_config)
        anywhere = {key: value for key, value in self.env.items() if key != "TF_WORKSPACE"}
        with self._cache_alone() as cache:
            replace(self, env=anywhere)._run(
                "init",
                keep=self.secrets.hide,
                input=False,
                no_color=IsFlagged,
                lockfile=None if own_lock else "readonly",
                backend_config=config or None,
            )
            if cache:
                init_cache.detach(self._made, cache)
        state.check(site, self._made)
        if site.prepared and key:
            init_cache.keep(site, site.prepared, key, self._made, own_lock)

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

    def _run(self, command: str, *words: str, keep: Callable[[str], str] | None = None, **options: Any) -> Completed:
        done = self._ran(command, *words, keep=keep, **options)
        self._judged(command, done)
        return done

    def _ran(self, command: str, *words: str, keep: Callable[[str], str] | None = None, **options: Any) -> Completed:
        """To its end, whatever that is; `keep` is what of its words is logged as they come, without which none is."""
        site = self.site
        return process.run(
            arguments(self.binary, command, *words, **options),
            cwd=site.directory,
            env=self.env,
            timeout=site.timeout,
            log=process.Log(site.log, keep) if keep else None,
            stopped=site.stopped,
            limit=SPOKEN if keep else process.LIMIT,
        )

    def _judged(self, command: str, done: Completed, ok: tuple[int, ...] = (0,)) -> None:
        """Raises what its end means where that is none that was wanted."""
        if done.stopped:
            raise ToolFailed(f"{command} was stopped")
        if done.timed_out:
            raise ToolFailed(f"{command} took longer than {self.site.timeout:.0f} s")
        if done.exit not in ok:
            why = failure(command, done, self.hide)
            raise NotBegun(str(why), why.output) if isinstance(why, ToolFailed) and only_errors(done.out) else why


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdigit())


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def noted(site: Site) -> frozenset[str]:
    """The secrets of the plan that is applied here, where that has begun."""
    path = site.scratch / SECRETS_FILE
    return frozenset(json.loads(path.read_text())) if path.exists() else frozenset()
