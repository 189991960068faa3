"""Terraform's side of the Tool port: init, plan, show, and what an apply needs."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.run import Outcome
from bot.core.tree import Tree
from bot.ports import Applied, Invocation, Planned, Site
from bot.tools.terraform import inputs, state
from bot.tools.terraform.apply_report import became
from bot.tools.terraform.arguments import IsFlagged, arguments, environment
from bot.tools.terraform.commands import SECRETS_FILE, Commands, noted
from bot.tools.terraform.live import is_held, is_news, steps
from bot.tools.terraform.masking import Secrets, of_environment
from bot.tools.terraform.output import first_error, last_words, readable, summary
from bot.tools.terraform.settings import TerraformSettings

PLAN_FILE, PLANNED_FILE = "plan.tfplan", "planned.json"


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
        tool = self._at(site)
        notes = state.prepare(site)
        artifact = site.scratch / PLAN_FILE
        reading, warnings = tool.initialised(lambda: tool.plan(artifact, destroy))
        content = replace(reading.content, notes=notes, notices=(*warnings, *reading.content.notices))
        return Planned(
            content=content,
            canonical=reading.canonical,
            artifact=artifact if not content.counts.empty else None,
            tool_version=tool.version,
        )

    def ready(self, site: Site, artifact: Path) -> Invocation:
        """Providers and modules in place, a copy of local state aside; then the apply of exactly the artifact."""
        tool = self._at(site)
        state.prepare(site)
        shown = tool.initialised(lambda: tool.show(artifact))
        state.back_up(site)
        _note(site.scratch / SECRETS_FILE, json.dumps(sorted(shown.hidden)))
        _note(site.scratch / PLANNED_FILE, shown.canonical.decode())
        argv = arguments(
            tool.binary,
            "apply",
            str(artifact),
            json=IsFlagged,
            input=False,
            no_color=IsFlagged,
            lock_timeout=self.settings.lock_timeout,
        )
        return Invocation(tuple(argv), site.directory, tool.env)

    def live(self, site: Site) -> Callable[[str], str]:
        """The steps of an apply, masked by its plan: none where that is not known."""
        if not (site.scratch / SECRETS_FILE).exists():
            return lambda lines: ""
        hide = Secrets(noted(site) | frozenset(of_environment(site.environment))).hide
        return lambda lines: hide(steps(lines))

    def applied(self, site: Site, exit: int | None) -> Applied:
        """Read how the apply ended from its exit status; what it said is only for people, and is masked."""
        tool = self._at(site)
        stream = site.log.read_text(errors="replace") if site.log.exists() else ""
        rest = tool.hide(readable(stream, lambda row: is_held(row) and is_news(row)))
        if exit == 0:
            return Applied(Outcome.DONE, tool.hide(summary(stream)) or "applied", "", rest)
        last = last_words(tool.hide(readable(stream, is_news)))
        if exit is None or exit < 0:
            return Applied(Outcome.UNKNOWN, "the tool was killed; nobody can tell what it did", last, rest)
        if "Saved plan is stale" in rest:
            return Applied(Outcome.FAILED, "the state changed since the plan; `/plan` again", last, rest)
        if told := _became(tool):
            rest, last = f"{rest}\n{told}\n", f"{last}\n\n{told}"
        if "Interrupt received" in stream:
            return Applied(Outcome.INTERRUPTED, "interrupted; `/plan` shows what is left", last, rest)
        return Applied(Outcome.FAILED, _why(site, rest) or f"it ended with status {exit}", last, rest)

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

    def _at(self, site: Site) -> Commands:
        """Raises Refused when the project's directory is a link that leads out of the checkout."""
        if not site.directory.resolve().is_relative_to(site.root.resolve()):
            raise Refused(f"{site.project.name}: its directory leads out of the repository")
        own = {"TF_DATA_DIR": str(site.scratch / "terraform"), "TF_CLI_CONFIG_FILE": str(self._cli_config(site))}
        if site.project.workspace != "default":
            own["TF_WORKSPACE"] = site.project.workspace
        if self.settings.plugin_cache:
            own["TF_PLUGIN_CACHE_DIR"] = str(self.settings.plugin_cache)
        env = environment(site.environment, **own)
        binary = self._binary(site.project, env)
        return Commands(site, binary, self.version(site.project, env), env, self.settings.lock_timeout)

    def _cli_config(self, site: Site) -> Path:
        """The operator's, or an empty one: never one that is found by accident. Raises Refused when it is gone."""
        if named := self.settings.cli_config:
            if not named.is_file():
                raise Refused(f"TERRAFORM__CLI_CONFIG names {named}, which is not there")
            return named
        configuration = site.scratch / "cli.tfrc"
        if not configuration.exists():
            configuration.write_text("")
        return configuration


def _why(site: Site, text: str) -> str:
    """The first error; and where the state is that Terraform could not bring to its backend, put out of the way."""
    error, lost = first_error(text), site.directory / state.ERRORED
    if not lost.exists():
        return error
    kept = state.keep_errored(site, lost)
    return f"{error}; the state that could not be saved is kept at {kept}: its operator can push it"


def _note(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content)


def _became(tool: Commands) -> str:
    """What became of each change of the plan; empty when that cannot be told, as where the state was not saved."""
    planned = tool.site.scratch / PLANNED_FILE
    if not planned.exists() or (tool.site.directory / state.ERRORED).exists():
        return ""
    try:
        return tool.hide(became(planned.read_text(), tool.state()))
    except (Refused, ToolFailed):
        return ""


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
