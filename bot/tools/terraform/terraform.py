"""Terraform's side of the Tool port: init, plan, show, and what an apply needs."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot import process
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.plan import Notice
from bot.core.project import Project
from bot.core.run import Outcome
from bot.core.tree import Tree
from bot.ports import Applied, Invocation, Planned, Site
from bot.process import Completed
from bot.tools.terraform import inputs, state
from bot.tools.terraform.arguments import IsFlagged, arguments, environment
from bot.tools.terraform.masking import without
from bot.tools.terraform.output import COLOUR, failure, first_error, last_words, notices, readable
from bot.tools.terraform.reading import Reading, read
from bot.tools.terraform.settings import TerraformSettings

PLAN_FILE = "plan.tfplan"
SECRETS_FILE = "secrets.json"
SPOKEN = 8 * 1024 * 1024  # what is kept of words; of data, as much as the process door allows
NO_CHANGES, FAILED, CHANGES = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform or OpenTofu, whichever a project names or is found first."""

    settings: TerraformSettings
    name: str = "terraform"

    def finds(self, tree: Tree) -> Sequence[str]:
        return inputs.root_modules(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return 2 if inputs.configuration(tree, directory) else 0

    def inputs(self, tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, others)

    def state_key(self, tree: Tree, project: Project) -> str:
        return inputs.backend(tree, project)

    def plan(self, site: Site, destroy: bool = False) -> Planned:
        """Init, plan, show. Raises ToolFailed with the first error, Refused where people must mend something first."""
        tool = _Tool.at(self, site)
        notes = state.prepare(site)
        tool.init()
        artifact = site.scratch / PLAN_FILE
        reading, warnings = tool.plan(artifact, destroy)
        content = replace(reading.content, notes=notes, notices=(*warnings, *reading.content.notices))
        return Planned(
            content=content,
            canonical=reading.canonical,
            artifact=artifact if not content.counts.empty else None,
            tool_version=tool.version,
        )

    def ready(self, site: Site, artifact: Path) -> Invocation:
        """Providers and modules in place, a copy of local state aside; then the apply of exactly the artifact."""
        tool = _Tool.at(self, site)
        state.prepare(site)
        tool.init()
        state.back_up(site)
        shown = tool.show(artifact)
        secrets = site.scratch / SECRETS_FILE
        secrets.touch(mode=0o600)
        secrets.write_text(json.dumps(sorted(shown.hidden)))
        argv = arguments(
            tool.binary,
            "apply",
            str(artifact),
            input=False,
            no_color=IsFlagged,
            lock_timeout=self.settings.lock_timeout,
        )
        return Invocation(tuple(argv), site.directory, tool.env)

    def applied(self, site: Site, exit: int | None) -> Applied:
        """Read how the apply ended from its exit status; its text is only for people, and is masked where it stands."""
        tool = _Tool.at(self, site)
        text = tool.hide(COLOUR.sub("", site.log.read_text(errors="replace"))) if site.log.exists() else ""
        _rewrite(site.log, text)
        last = last_words(text)
        if exit == 0:
            done = next((line for line in reversed(text.splitlines()) if "complete!" in line), "applied")
            return Applied(Outcome.DONE, done.strip(), "")
        if exit is None or exit < 0:
            return Applied(Outcome.UNKNOWN, "the tool was killed; nobody can tell what it did", last)
        if "Saved plan is stale" in text:
            return Applied(Outcome.FAILED, "the state changed since the plan; `/plan` again", last)
        if "Interrupt received" in text:
            return Applied(Outcome.INTERRUPTED, "interrupted; `/plan` shows what is left", last)
        return Applied(Outcome.FAILED, _why(site, text) or f"it ended with status {exit}", last)

    def version(self, project: Project, environment: Mapping[str, str]) -> str:
        binary = self._binary(project, environment)
        version = _version(binary, os.stat(binary).st_mtime_ns, environment.get("PATH", os.defpath))
        wanted = project.terraform.version
        if wanted and wanted != version:
            raise Refused(f"{project.name} asks for version {wanted}; {Path(binary).name} here is {version}")
        return version

    def _binary(self, project: Project, environment: Mapping[str, str]) -> str:
        """The program's path. Raises Refused in one sentence when there is none, or it is not one that may be named."""
        named = project.terraform.binary
        if named and named not in self.settings.binaries:
            raise Refused(f"{project.name}: `binary: {named}` is none of {', '.join(self.settings.binaries)}")
        for candidate in (named,) if named else self.settings.binaries:
            if found := shutil.which(candidate, path=environment.get("PATH", os.defpath)):
                return found
        raise Refused(f"neither of {', '.join(self.settings.binaries)} is installed; install Terraform or OpenTofu")


@dataclass(frozen=True, slots=True)
class _Tool:
    """The tool at one site: its binary, its version and the environment that all its commands have."""

    site: Site
    binary: str
    version: str
    env: Mapping[str, str]
    lock_timeout: str

    @classmethod
    def at(cls, terraform: Terraform, site: Site) -> "_Tool":
        """Raises Refused when the project's directory is a link that leads out of the checkout."""
        if not site.directory.resolve().is_relative_to(site.root.resolve()):
            raise Refused(f"{site.project.name}: its directory leads out of the repository")
        scratch = site.scratch
        configuration = scratch / "cli.tfrc"
        if not configuration.exists():
            configuration.write_text("")
        own = {"TF_DATA_DIR": str(scratch / "terraform"), "TF_CLI_CONFIG_FILE": str(configuration)}
        if site.project.workspace != "default":
            own["TF_WORKSPACE"] = site.project.workspace
        if terraform.settings.plugin_cache:
            own["TF_PLUGIN_CACHE_DIR"] = str(terraform.settings.plugin_cache)
        env = environment(site.environment, **own)
        binary = terraform._binary(site.project, env)
        return cls(site, binary, terraform.version(site.project, env), env, terraform.settings.lock_timeout)

    def init(self) -> None:
        """Init without a workspace: it would refuse one that has no state yet beside others that have."""
        tracked = (self.site.directory / ".terraform.lock.hcl").exists()
        config = list(self.site.project.terraform.backend_config)
        anywhere = {key: value for key, value in self.env.items() if key != "TF_WORKSPACE"}
        replace(self, env=anywhere)._run(
            "init",
            input=False,
            no_color=IsFlagged,
            lockfile="readonly" if tracked else None,
            backend_config=config or None,
        )
        state.check(self.site, Path(self.env["TF_DATA_DIR"]))

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
        return read(done.out, f"{self._product()} {self.version}")

    def hide(self, text: str) -> str:
        path = self.site.scratch / SECRETS_FILE
        hidden = frozenset(json.loads(path.read_text())) if path.exists() else frozenset[str]()
        return without(text, hidden)

    def _product(self) -> str:
        return "OpenTofu" if "tofu" in Path(self.binary).name else "Terraform"

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
            _log(site.log, done.out)
        if done.stopped:
            raise ToolFailed(f"{command} was stopped")
        if done.timed_out:
            raise ToolFailed(f"{command} took longer than {site.timeout:.0f} s")
        if done.exit not in ok:
            raise failure(command, done, self.hide)
        return done


def _rewrite(log: Path, text: str) -> None:
    """Aside and renamed: on a full disk the log stays at its place, whole, and Transient is raised."""
    aside = log.with_name(f"{log.name}.new")
    try:
        aside.write_text(text)
    except OSError as why:
        aside.unlink(missing_ok=True)
        raise Transient(f"the log cannot be written: {why.strerror}") from why
    aside.replace(log)


def _why(site: Site, text: str) -> str:
    """The first error; and where the state is that Terraform could not bring to its backend, put out of the way."""
    error, lost = first_error(text), site.directory / state.ERRORED
    if not lost.exists():
        return error
    kept = state.keep_errored(site, lost)
    return f"{error}; the state that could not be saved is kept at {kept}: its operator can push it"


@lru_cache
def _version(binary: str, changed: int, path: str) -> str:
    """What a program says its version is. It is asked once for each that was `changed`, not three times a project."""
    env = {"PATH": path, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    done = process.run([binary, "version", "-json"], cwd=Path("/"), env=env, timeout=30)
    if done.exit != 0:
        raise ToolFailed(f"`{Path(binary).name} version` failed", done.err)
    try:
        return str(json.loads(done.out)["terraform_version"])
    except (ValueError, TypeError, KeyError) as why:
        raise ToolFailed(f"`{Path(binary).name} version` does not say which it is", done.out[:1000]) from why


def _log(log: Path, stream: str) -> None:
    with log.open("a", errors="replace") as file:
        file.write(readable(stream))
