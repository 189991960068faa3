"""The tool's commands at one site, all with one environment: init, plan, show. Used by `terraform.py` alone."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar
from zipfile import is_zipfile

from bot import process
from bot.atomic_file import read_left_file
from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Notice
from bot.ports import Reach, Site
from bot.process import Completed
from bot.run_log import Log
from bot.tools.terraform import init_cache, live, state
from bot.tools.terraform.arguments import IsFlagged, arguments
from bot.tools.terraform.checkout import DATA_DIR, names_file
from bot.tools.terraform.configuration import OPENTOFU, product
from bot.tools.terraform.init_fingerprint import fingerprint, is_tracked
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.keys import OPTIONS
from bot.tools.terraform.masking import Secrets, environment_secrets
from bot.tools.terraform.output import COLOUR, command_error, is_only_diagnostics, notices, render_stream
from bot.tools.terraform.plan_json import PlanReading, read_plan
from bot.tools.terraform.plugin_cache import exclusive
from bot.tools.terraform.reach import own_folder, reach_of

SECRETS_FILE = "secrets.json"
SHOWN_FILE = "shown.json"
SHOWN_LIMIT = 1 << 30  # bytes of a plan or a state as JSON
SPLIT = "split the project into several, each with a state of its own"
NO_CHANGES, FAILED, CHANGES = 0, 1, 2
SAFE_CACHE_VERSION = (1, 10)
STATE_SECONDS = 60.0
WITHHELD = "What else the plan said is left out: which of it is secret cannot be told.\n"
PLAN_IN_PART = "the plan could not be written whole: is the disk of gitops-bot full? Once there is room, `/plan` again"
REUSED = "Initialised earlier for this pull request, by the same files.\n"

T = TypeVar("T")


class NotStarted(ToolFailed):
    """The command failed before it did anything: perhaps only because what init made is not what it needs."""


@dataclass(frozen=True, slots=True)
class Commands:
    """The tool at one site: its binary, its version, the environment that all its commands have, its plan's secrets."""

    site: Site
    binary: str
    version: str
    env: Mapping[str, str]
    lock_timeout: str
    plugin_cache: Path | None = None
    plan_secrets: frozenset[str] = frozenset()

    def run_initialised(self, work: Callable[[], T]) -> T:
        """Do the work on what init made: earlier for this pull request, or now.

        Where the work shows that init is wanted all the same, it is done again after one.
        """
        fingerprint, own_lock = self._fingerprint(), not is_tracked(self.site)
        if not fingerprint or not self._restore_init(fingerprint, own_lock):
            self._init(fingerprint, own_lock)
            return work()
        try:
            return work()
        except NotStarted:
            init_cache.wipe(self.site, self._tf_data_dir, own_lock)
            self._init(fingerprint, own_lock)
            return work()

    def plan(self, artifact: Path, destroy: bool) -> tuple[PlanReading, tuple[Notice, ...]]:
        """Plan into the artifact; the plan as read, and warnings. Raises ToolFailed, Refused for a held state lock."""
        hide = self.secrets.hide
        completed = self._execute(
            "plan",
            log_filter=lambda lines: hide(live.render_bare_steps(lines)),
            reach=self._reach(),
            lock=False if state.is_kept(self.site) else None,  # it may not write there, and nobody else does
            json=IsFlagged,
            input=False,
            no_color=IsFlagged,
            detailed_exitcode=IsFlagged,
            out=str(artifact),
            lock_timeout=self.lock_timeout,
            var_file=list(OPTIONS.of(self.site.project).var_files) or None,
            destroy=IsFlagged if destroy else None,
        )
        reading = self._read_plan(artifact, completed)
        return reading, tuple(notices(completed.words, "warning", reading.secrets))

    def _read_plan(self, artifact: Path, completed: Completed) -> PlanReading:
        """Read the plan; then, its secrets known, log what was held back, and judge the command by its exit.

        A plan that failed is read too where the tool wrote a part of it: for the secrets alone.
        """
        reading, read_error = None, None
        try:
            reading = self.show(artifact) if artifact.exists() else None
        except (Refused, ToolFailed) as error:
            read_error = error
        masking = replace(self, plan_secrets=reading.secrets if reading else frozenset())
        masking.log(
            WITHHELD
            if read_error
            else masking.hide(render_stream(completed.words, live.is_held_back) + completed.stderr)
        )
        masking._check_exit("plan", completed, ok=(NO_CHANGES, CHANGES))
        # The tool notices no full disk when it writes a plan. Whatever else it left there is looked at with care.
        if read_error and not is_zipfile(BytesIO(read_left_file(artifact))):
            raise ToolFailed(PLAN_IN_PART)
        if read_error or reading is None:
            raise read_error or ToolFailed("plan wrote no plan")
        return reading

    def show(self, artifact: Path) -> PlanReading:
        """Read a plan file by `show -json`. Raises ToolFailed, or Refused for a format that is not ours."""
        with self._shown(str(artifact)) as shown:
            return read_plan(shown, f"{self.program} {self.version}", partial(names_file, self.site))

    @contextmanager
    def state(self) -> Iterator[Document]:
        """The state as JSON, as it is now: after a cancelled apply as well, so nothing stops it but its time."""
        site = replace(self.site, stopped=lambda: False, timeout=min(self.site.timeout, STATE_SECONDS))
        with replace(self, site=site)._shown() as shown:
            yield Document(shown, "the state")

    @contextmanager
    def _shown(self, *operands: str) -> Iterator[Path]:
        """A file with what `show -json` prints, which has secrets in it: it is there no longer than needed.

        The tool may not write where it lies: a link in its place would lead us astray. It needs the network also for a
        plan file: of a `cloud` block's that is a reference, and OpenTofu may have to ask a service for the key.
        """
        reach = self._reach()
        path = own_folder(self.site) / SHOWN_FILE
        try:
            completed = self._execute("show", *operands, reach=reach, stdout=path, json=IsFlagged, no_color=IsFlagged)
            self._check_exit("show", completed)
            if completed.loss:
                raise Refused(f"`{Path(self.binary).name} show -json` {completed.loss}: {SPLIT}")
            yield path
        finally:
            path.unlink(missing_ok=True)

    @property
    def secrets(self) -> Secrets:
        """All that is known now."""
        return Secrets(self.plan_secrets | applied_plan_secrets(self.site) | frozenset(environment_secrets(self.env)))

    def hide(self, text: str) -> str:
        """Take colours and all known secrets out of a text."""
        return self.secrets.hide(COLOUR.sub("", text))

    def log(self, text: str) -> None:
        """Append to the run's log. Raises OSError on a full disk, so that the work is done again when there is room."""
        with self.site.log.open("a", errors="replace") as file:
            file.write(text)

    def _log_refusal(self, sentence: str) -> None:
        self.log(f"{sentence}\n")

    @property
    def program(self) -> str:
        """Which of the two it is."""
        return product(self.binary)

    @property
    def _tf_data_dir(self) -> Path:
        return self.site.scratch / DATA_DIR

    def _fingerprint(self) -> str:
        """What stands for all that init looks at; empty where nothing is kept."""
        prepared = self.site.pull_cache
        if prepared is None:
            return ""
        variables = ("TF_PLUGIN_CACHE_DIR", "TF_WORKSPACE")
        cli_digest = hashlib.sha256(Path(self.env["TF_CLI_CONFIG_FILE"]).read_bytes()).hexdigest()
        tool = {"binary": self.binary, "version": self.version, "cli": cli_digest}
        return fingerprint(self.site, prepared.secret, tool | {name: self.env.get(name, "") for name in variables})

    def _restore_init(self, fingerprint: str, own_lock: bool) -> bool:
        prepared = self.site.pull_cache
        if prepared is None or not init_cache.restore(self.site, prepared, fingerprint, self._tf_data_dir):
            return False
        try:
            state.verify_backend(self.site, self._tf_data_dir)
        except Refused:  # said after an init, if that does no better
            init_cache.wipe(self.site, self._tf_data_dir, own_lock)
            return False
        self.log(REUSED)
        return True

    def _init(self, fingerprint: str, own_lock: bool) -> None:
        """Init without a workspace: it would refuse one that has no state yet beside others that have."""
        site = self.site
        backend_config = list(OPTIONS.of(site.project).backend_config)
        without_workspace = {key: value for key, value in self.env.items() if key != "TF_WORKSPACE"}
        with self._exclusive_cache() as cache:
            replace(self, env=without_workspace)._run(
                "init",
                reach=self._reach(*([self.plugin_cache] if self.plugin_cache else [])),
                log_filter=self.secrets.hide,
                input=False,
                no_color=IsFlagged,
                lockfile=None if own_lock else "readonly",
                backend_config=backend_config or None,
            )
            if cache:
                init_cache.detach(self._tf_data_dir, cache)
        state.verify_backend(site, self._tf_data_dir)
        if site.pull_cache and fingerprint:
            init_cache.save(site, site.pull_cache, fingerprint, self._tf_data_dir, own_lock)

    def _exclusive_cache(self) -> AbstractContextManager[Path | None]:
        is_safe = self.program == OPENTOFU and _version_numbers(self.version) >= SAFE_CACHE_VERSION
        return nullcontext() if is_safe or not self.plugin_cache else exclusive(self.plugin_cache, self.site.stopped)

    @property
    def reach_of_apply(self) -> Reach:
        """What an apply needs: what a plan does, and to write its state."""
        return self._reach(self.site.state_dir)

    def _reach(self, *write: Path) -> Reach:
        return reach_of(self.site, Path(self.env["TF_CLI_CONFIG_FILE"]), self.plugin_cache, write)

    def _run(
        self,
        command: str,
        *operands: str,
        reach: Reach,
        log_filter: Callable[[str], str] | None = None,
        **options: Any,
    ) -> Completed:
        completed = self._execute(command, *operands, reach=reach, log_filter=log_filter, **options)
        self._check_exit(command, completed)
        return completed

    def _execute(
        self,
        command: str,
        *operands: str,
        reach: Reach,
        log_filter: Callable[[str], str] | None = None,
        stdout: Path | None = None,
        **options: Any,
    ) -> Completed:
        """To its end, whatever that is; `log_filter` gives what is logged as it comes, without which nothing is.

        With `stdout` its output is data, and goes into that file.
        """
        site = self.site
        return process.run(
            arguments(self.binary, command, *operands, **options),
            confinement=site.cage.confine(reach, self._log_refusal),
            cwd=site.directory,
            env=self.env,
            timeout=site.timeout,
            log=Log(site.log, log_filter) if log_filter else None,
            stopped=site.stopped,
            limit=SHOWN_LIMIT if stdout else process.OUTPUT_LIMIT,
            stdout=stdout,
        )

    def _check_exit(self, command: str, completed: Completed, ok: tuple[int, ...] = (0,)) -> None:
        """Raises what its end means where that is none that was wanted."""
        if completed.stopped:
            raise ToolFailed(f"{command} was stopped")
        if completed.overrun:
            raise ToolFailed(f"{command}: {completed.overrun}")
        if completed.timed_out:
            raise ToolFailed(f"{command} took longer than {self.site.timeout:.0f} s")
        if completed.exit not in ok:
            failure = NotStarted if is_only_diagnostics(completed.words) else ToolFailed
            raise command_error(command, completed, self.hide, failure)


def _version_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.partition("-")[0].split(".") if number.isdigit())


def applied_plan_secrets(site: Site) -> frozenset[str]:
    """The secrets of the plan that is applied here, where that has begun."""
    path = own_folder(site) / SECRETS_FILE
    return frozenset(json.loads(path.read_text())) if path.exists() else frozenset()
