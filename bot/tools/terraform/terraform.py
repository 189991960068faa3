"""Terraform's side of the Tool port: init, plan, show, and what an apply needs."""

import json
import os
import posixpath
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from bot import process
from bot.atomic_file import replace_file
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.run import ApplyOutcome, Effects
from bot.core.tree import Tree
from bot.core.tree_paths import link_refusal
from bot.launch import UNCONFINED
from bot.ports import ApplyReport, Invocation, Site, ToolPlan
from bot.tools.terraform import backends, inputs, state
from bot.tools.terraform.apply_report import describe_effects, effects
from bot.tools.terraform.arguments import IsFlagged, arguments, environment
from bot.tools.terraform.checkout import checkout_notices, link_data_dir
from bot.tools.terraform.checks import without_repeats
from bot.tools.terraform.commands import SECRETS_FILE, Commands, applied_plan_secrets
from bot.tools.terraform.configuration import (
    CONFIGURATION,
    OPENTOFU,
    TERRAFORM,
    is_configuration,
    names_read,
    names_unread,
    product,
)
from bot.tools.terraform.guards import guard_notices
from bot.tools.terraform.init_fingerprint import local_configuration
from bot.tools.terraform.keys import OPTIONS
from bot.tools.terraform.live import is_apply_message, is_held_back, render_steps
from bot.tools.terraform.masking import Secrets, environment_secrets
from bot.tools.terraform.output import change_summary, error_sentence, first_error, last_lines, render_stream
from bot.tools.terraform.reach import own_folder
from bot.tools.terraform.settings import TerraformSettings
from bot.tools.terraform.sources import module_sources
from bot.tools.terraform.state_objects import managed_addresses

VARIABLES = (".tfvars", ".tfvars.json", ".tofuvars", ".tofuvars.json")
TERRAGRUNT = ("terragrunt.hcl", "terragrunt.stack.hcl")
PLAN_FILE, PLANNED_FILE = "plan.tfplan", "planned.json"
FILES = "files that its values name"


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform or OpenTofu, whichever a project names or is found first."""

    settings: TerraformSettings
    name: str = "terraform"

    def discover(self, tree: Tree) -> Sequence[str]:
        return inputs.root_modules(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return 2 if any(is_configuration(posixpath.basename(path)) for path in tree.files.within(directory)) else 0

    def complete(self, tree: Tree, project: Project) -> Project:
        """With OpenTofu where no other program reads the project's files, and it names none."""
        options = OPTIONS.of(project)
        binary = next((name for name in self.settings.binaries if product(name) == OPENTOFU), None)
        if options.binary or not binary or link_refusal(tree, project.dir):
            return project
        names = [posixpath.basename(path) for path in tree.files.within(project.dir)]
        if names_read(names, TERRAFORM) or not names_unread(names):
            return project
        return replace(project, options={**project.options, **OPTIONS.dump(replace(options, binary=binary))})

    def claims(self, tree: Tree, path: str) -> bool:
        return path.endswith((*CONFIGURATION, *VARIABLES)) or posixpath.basename(path) in TERRAGRUNT

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, other_dirs)

    def state_key(self, tree: Tree, project: Project) -> str:
        return backends.state_key(tree, project)

    def state_locations(self, tree: Tree, project: Project) -> frozenset[str]:
        return backends.state_locations(tree, project)

    def plan(self, site: Site, destroy: bool = False) -> ToolPlan:
        """Init, plan, show. Raises ToolFailed with the first error, Refused where people must mend something first."""
        commands = self._commands(site)
        absences = tuple(checkout_notices(site))
        keeps_state = state.prepare(site, commands.program)
        notes = (*([state.NOTE] if keeps_state else []), *_reading_notes(site, commands.program))
        artifact = site.scratch / PLAN_FILE
        reading, warnings = commands.run_initialised(lambda: commands.plan(artifact, destroy))
        guards = guard_notices(site, reading.content.changes)
        notices = without_repeats(reading.content.notices, (*guards, *absences, *warnings))
        content = replace(reading.content, notes=(*notes, *reading.content.notes), notices=notices)
        return ToolPlan(
            content=content,
            canonical=reading.canonical,
            artifact=artifact if not content.counts.empty else None,
            tool_version=commands.version,
            runs=(*reading.apply_code.programs, *((FILES,) if reading.apply_code.reads_files else ())),
            standing=reading.apply_code.standing,
            keeps_state=keeps_state,
        )

    def list_objects(self, site: Site) -> tuple[str, ...]:
        """Init, and read the state: objects with `prevent_destroy` stand in it too, and no plan would destroy them."""
        commands = self._commands(site)
        state.prepare(site, commands.program)

        def read() -> tuple[str, ...]:
            with commands.state() as current_state:
                return managed_addresses(current_state)

        return commands.run_initialised(read)

    def prepare_apply(self, site: Site, artifact: Path) -> Invocation:
        """Providers and modules in place, a copy of local state aside; then the apply of exactly the artifact."""
        commands = self._commands(site)
        state.prepare(site, commands.program)
        reading = commands.run_initialised(lambda: commands.show(artifact))
        state.back_up(site)
        replace_file(own_folder(site) / SECRETS_FILE, json.dumps(sorted(reading.secrets)).encode())
        replace_file(own_folder(site) / PLANNED_FILE, reading.planned.encode())
        argv = arguments(
            commands.binary,
            "apply",
            str(artifact),
            json=IsFlagged,
            input=False,
            no_color=IsFlagged,
            lock_timeout=self.settings.lock_timeout,
        )
        return Invocation(tuple(argv), site.directory, commands.env, commands.reach_of_apply)

    def live_mask(self, site: Site) -> Callable[[str], str]:
        """The steps of an apply, masked by its plan: none where that is not known."""
        if not (own_folder(site) / SECRETS_FILE).exists():
            return lambda lines: ""
        hide = Secrets(applied_plan_secrets(site) | frozenset(environment_secrets(site.environment))).hide
        return lambda lines: hide(render_steps(lines))

    def report_apply(self, site: Site, exit: int | None) -> ApplyReport:
        """Read how the apply ended from its exit status; what it said is only for people, and is masked."""
        commands = self._commands(site)
        stream = site.log.read_text(errors="replace") if site.log.exists() else ""
        held_back = commands.hide(
            render_stream(stream, lambda message: is_held_back(message) and is_apply_message(message))
        )
        if exit == 0:
            return ApplyReport(ApplyOutcome.DONE, commands.hide(change_summary(stream)) or "applied", "", held_back)
        tail = last_lines(commands.hide(render_stream(stream, is_apply_message)))
        if exit is None or exit < 0:
            return ApplyReport(
                ApplyOutcome.UNKNOWN, "the tool was killed; nobody can tell what it did", tail, held_back
            )
        if "Saved plan is stale" in held_back:
            return ApplyReport(ApplyOutcome.FAILED, "the state changed since the plan; `/plan` again", tail, held_back)
        changes = _effects(commands)
        if report := describe_effects(changes):
            held_back, tail = f"{held_back}\n{report}\n", f"{tail}\n\n{report}"
        if "Interrupt received" in stream:
            summary = "interrupted; `/plan` shows what is left"
            return ApplyReport(ApplyOutcome.INTERRUPTED, summary, tail, held_back, changes)
        summary = _failure_reason(site, held_back) or f"it ended with status {exit}"
        return ApplyReport(ApplyOutcome.FAILED, summary, tail, held_back, changes)

    def version(self, project: Project, environment: Mapping[str, str]) -> str:
        """Ask the program for its version. Raises Refused when the project asks for another, ToolFailed without one."""
        binary = self._binary(project, environment)
        version = _read_version(binary, os.stat(binary).st_mtime_ns, environment.get("PATH", os.defpath))
        required = OPTIONS.of(project).version
        if required and required != version:
            raise Refused(f"{project.name} asks for version {required}; {Path(binary).name} here is {version}")
        return version

    def _binary(self, project: Project, environment: Mapping[str, str]) -> str:
        """The program's path. Raises Refused in one sentence when there is none, or it is not one that may be named."""
        requested = OPTIONS.of(project).binary
        if requested and requested not in self.settings.binaries:
            raise Refused(f"{project.name}: `binary: {requested}` is none of {', '.join(self.settings.binaries)}")
        for candidate in (requested,) if requested else self.settings.binaries:
            if path := shutil.which(candidate, path=environment.get("PATH", os.defpath)):
                return path
        if requested:
            raise Refused(f"{project.name}: `{requested}` is not installed here; install it, or set another `binary`")
        raise Refused(f"neither of {', '.join(self.settings.binaries)} is installed; install Terraform or OpenTofu")

    def _commands(self, site: Site) -> Commands:
        """Raises Refused when the project's directory is a link that leads out of the checkout."""
        if not site.directory.resolve().is_relative_to(site.root.resolve()):
            raise Refused(f"{site.project.name}: its directory leads out of the repository")
        overrides = {"TF_DATA_DIR": link_data_dir(site), "TF_CLI_CONFIG_FILE": str(self._cli_config(site))}
        if site.project.workspace != "default":
            overrides["TF_WORKSPACE"] = site.project.workspace
        if self.settings.plugin_cache:
            overrides["TF_PLUGIN_CACHE_DIR"] = str(self.settings.plugin_cache)
        env = environment(site.environment, **overrides)
        unread = _unread_alone(site)
        try:
            binary = self._binary(site.project, env)
        except Refused as refusal:
            raise Refused(f"{refusal}; Terraform does not read {unread[0]}" if unread else str(refusal)) from refusal
        if unread and product(binary) == TERRAFORM:
            raise Refused(
                f"{site.project.name}: Terraform does not read {unread[0]}: set `binary: tofu`, which the operator "
                "allows by `TERRAFORM__BINARIES`; or name it .tf"
            )
        return Commands(
            site, binary, self.version(site.project, env), env, self.settings.lock_timeout, self.settings.plugin_cache
        )

    def _cli_config(self, site: Site) -> Path:
        """The operator's, or an empty one: never one that is found by accident. Raises Refused when it is gone."""
        if cli_config := self.settings.cli_config:
            if not cli_config.is_file():
                raise Refused(f"TERRAFORM__CLI_CONFIG names {cli_config}, which is not there")
            return cli_config
        configuration = own_folder(site) / "cli.tfrc"
        if not configuration.exists():
            configuration.write_text("")
        return configuration


def _unread_alone(site: Site) -> list[str]:
    """The files of a directory of which Terraform would read nothing, and say that nothing changes."""
    names = {path.name for path in site.directory.iterdir()} if site.directory.is_dir() else set[str]()
    names.discard(state.OVERRIDE)
    return [] if names_read(names, TERRAFORM) else names_unread(names)


def _reading_notes(site: Site, program: str) -> tuple[str, ...]:
    """What is not read, and what nobody can tell without running the tool."""
    unread = names_unread(path.name for path in site.directory.iterdir()) if program == TERRAFORM else []
    notes = [f"Terraform does not read {name}: with `binary: tofu`, OpenTofu does." for name in unread]
    unclear = {} if site.project.inputs else _unclear_modules(site)
    notes += [
        f"Where module {name} is ({place}) is told by an expression: any module's change plans this project, until "
        "its directory is listed in `inputs`."
        for name, place in unclear.items()
    ]
    return tuple(notes)


def _unclear_modules(site: Site) -> dict[str, str]:
    """Modules whose source cannot be read plainly, with the directories that call them."""
    texts_by_directory: dict[Path, dict[str, bytes]] = {}
    for path, text in local_configuration(site):
        texts_by_directory.setdefault(path.parent, {})[path.name] = text
    return {
        source.module: os.path.relpath(directory, site.root)
        for directory, texts in texts_by_directory.items()
        for source in module_sources(texts)
        if source.is_unclear
    }


def _failure_reason(site: Site, text: str) -> str:
    """The first error; and where the state is that Terraform could not bring to its backend, put out of the way."""
    first, errored_state = first_error(text), site.directory / state.ERRORED
    error = error_sentence(first) if first else ""
    if not errored_state.exists():
        return error
    archive = state.archive_errored(site, errored_state)
    return f"{error}; the state that could not be saved is kept at {archive}: its operator can push it"


def _effects(commands: Commands) -> Effects:
    """What became of each change of the plan; empty when that cannot be told, as where the state was not saved."""
    planned = own_folder(commands.site) / PLANNED_FILE
    if not planned.exists() or (commands.site.directory / state.ERRORED).exists():
        return ()
    try:
        with commands.state() as current_state:
            changes = effects(planned.read_text(), current_state)
    except (Refused, ToolFailed):
        return ()
    return tuple((commands.hide(address), effect) for address, effect in changes)


@lru_cache
def _read_version(binary: str, mtime: int, path: str) -> str:
    """What a program says its version is. It is asked once for each `mtime`, not three times a project."""
    env = {"PATH": path, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    completed = process.run([binary, "version", "-json"], confinement=UNCONFINED, cwd=Path("/"), env=env, timeout=30)
    if completed.exit != 0:
        raise ToolFailed(f"`{Path(binary).name} version` failed", completed.stderr)
    try:
        return str(json.loads(completed.stdout)["terraform_version"])
    except (ValueError, TypeError, KeyError) as error:
        raise ToolFailed(f"`{Path(binary).name} version -json` does not say which it is") from error
