"""Plans directories of working copies, several at once; each outcome is a value. For `gitops-bot plan`.

Works in copies, applies nothing and leaves nothing behind.
"""

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli import working_copy
from bot.cli.call import Call
from bot.cli.plan import local_env
from bot.cli.plan.outcome import Outcome
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.run import State

if TYPE_CHECKING:
    from bot.core.plan import Content
    from bot.core.project import Configuration, Project
    from bot.ports import Site, Tool


@dataclass(frozen=True)
class Target:
    """A project to plan, in the working copy that it is in."""

    tree: working_copy.WorkingTree
    configuration: "Configuration | None"
    project: "Project"

    @property
    def top(self) -> Path:
        """The top of the working copy."""
        return self.tree.top

    @property
    def directory(self) -> Path:
        """The project's directory, absolute."""
        return (self.top / self.project.dir).resolve()


def list_targets(call: Call) -> list[Target]:
    """What the arguments name, each once, in their order. Raises Refused before anything is planned."""
    if call.options["all"]:
        return _all_targets(call)
    targets = {
        (target.top, target.project.place): target
        for target in (_target(call, path) for path in call.options["dir"] or [Path(".")])
    }
    return list(targets.values())


def plan_targets(call: Call, targets: Sequence[Target], stopped: Callable[[], bool]) -> Iterator[Outcome]:
    """How each ended, in their order, as soon as it and those before it did."""
    workers = call.settings.workers
    with ThreadPoolExecutor(max_workers=min(workers, len(targets) or 1)) as pool:
        yield from pool.map(lambda target: _plan_target(call, target, stopped), targets)


def _all_targets(call: Call) -> list[Target]:
    """Every project of the repository: those that gitops.yaml lists, or else those found by their files."""
    if call.options["dir"] or call.options["workspace"]:
        raise Refused("--all plans every project of the repository: name no directory or workspace beside it")
    from bot.steps.pull.discovery import detect_projects
    from bot.wiring import load_tools

    tree = working_copy.WorkingTree(working_copy.top_of(call.cwd))
    configuration = working_copy.configuration(tree.top)
    listed = configuration.projects if configuration else ()
    projects = listed or detect_projects(load_tools(call.settings), tree)
    if not projects:
        where = f"nothing to plan in {tree.top}"
        raise Refused(f"{where}: no project is listed in gitops.yaml, and none is found by its files")
    return [Target(tree, configuration, project) for project in projects]


def _target(call: Call, path: Path) -> Target:
    """The project of a directory that an argument names."""
    _refuse_link(call, path)
    directory = _resolve_directory(call, path)
    top = working_copy.top_of(directory)
    configuration = working_copy.configuration(top)
    project = _configured_project(call, configuration, directory.relative_to(top).as_posix())
    if project.name == "." and not working_copy.is_repository(top):
        project = dataclasses.replace(project, name=directory.name if path == Path(".") else path.as_posix())
    return Target(working_copy.WorkingTree(top), configuration, project)


def _refuse_link(call: Call, path: Path) -> None:
    """Raises Refused where the argument leads through a link of the repository: as a project's `dir` it would be."""
    from bot.core.tree_paths import link_refusal

    written = Path(os.path.abspath(call.cwd / path))
    top = working_copy.top_of(written)
    if not working_copy.leads_through_link(top, written.relative_to(top)):
        return
    if reason := link_refusal(working_copy.WorkingTree(top), written.relative_to(top).as_posix()):
        raise Refused(reason)


def _resolve_directory(call: Call, path: Path) -> Path:
    """Raises Refused where it is none."""
    directory = (call.cwd / path).resolve()
    if not directory.exists():
        raise Refused(f"there is no directory {path}")
    if not directory.is_dir():
        raise Refused(f"{path} is a file: name the directory that it is in")
    return directory


def _configured_project(call: Call, configuration: "Configuration | None", directory: str) -> "Project":
    """What gitops.yaml says of the directory in the workspace asked for, or what can be said of any."""
    from bot.core.project import Project

    workspace = call.options["workspace"]
    listed = configuration.projects if configuration else ()
    by_workspace = {project.workspace: project for project in listed if project.dir == directory}
    if not by_workspace:
        return Project(directory, directory, workspace or "default", tool="")
    if workspace is None:
        workspace = next(iter(by_workspace)) if len(by_workspace) == 1 else "default"
    if workspace not in by_workspace:
        raise Refused(
            f"gitops.yaml has {directory} in workspace {' and '.join(sorted(by_workspace))}: choose one with -w"
        )
    return by_workspace[workspace]


def _plan_target(call: Call, target: Target, stopped: Callable[[], bool]) -> Outcome:
    """Plan it. What people or tools did wrong is its outcome; the rest is a bug."""
    started_at, project = datetime.now(UTC), target.project
    if stopped():
        return Outcome(target.top, project, State.SKIPPED, started_at, started_at)
    try:
        project, tool = _detect_tool(call, target)
        content = _run_plan(call, dataclasses.replace(target, project=project), tool, stopped)
    except Refused as error:
        return Outcome(target.top, project, State.REFUSED, started_at, datetime.now(UTC), note=str(error))
    except (ToolFailed, Transient) as error:
        output, hint = error.output if isinstance(error, ToolFailed) else "", local_env.withheld_hint(call)
        ended_at = datetime.now(UTC)
        return Outcome(target.top, project, State.FAILED, started_at, ended_at, None, str(error), output, hint)
    return Outcome(target.top, project, State.DONE, started_at, datetime.now(UTC), content=content)


def _run_plan(call: Call, target: Target, tool: "Tool", stopped: Callable[[], bool]) -> "Content":
    with tempfile.TemporaryDirectory(prefix="gitops-bot-plan-", ignore_cleanup_errors=True) as scratch:
        workdir = Path(scratch).resolve()
        working_copy.copy_tree(target.top, workdir / "root", frozenset({workdir, call.settings.data_dir.resolve()}))
        call.progress(f"planning {target.directory} in workspace {target.project.workspace}…")
        site = _site(call, target, workdir, stopped)
        state = local_env.copy_state(target.directory, site.state_dir)
        planned = tool.plan(site)
    content = planned.content
    return dataclasses.replace(content, notes=(*content.notes, state)) if planned.keeps_state else content


def _detect_tool(call: Call, target: Target) -> "tuple[Project, Tool]":
    """The project with the tool that it names, or that recognises its files. Raises Refused where none does."""
    from bot.steps.pull.discovery import directory_refusal, tool_of, with_tool
    from bot.wiring import load_tools

    if reason := directory_refusal(target.tree, target.project):
        raise Refused(reason)
    tools = load_tools(call.settings)
    project = with_tool(tools, target.tree, target.project)
    if not project.tool or (project.tool in tools and not tools[project.tool].recognises(target.tree, project.dir)):
        where = project.name if project.dir == "." else project.dir
        raise Refused(f"nothing to plan in {where}: it holds no .tf file, nor anything of another tool")
    return project, tool_of(tools, project)


def _site(call: Call, target: Target, workdir: Path, stopped: Callable[[], bool]) -> "Site":
    from bot.cage.from_settings import local_cages
    from bot.core.project import Configuration
    from bot.ports import Site

    project, configuration = target.project, target.configuration or Configuration()
    for name in ("scratch", "kept", "home"):
        (workdir / name).mkdir(mode=0o700)
    return Site(
        root=workdir / "root",
        project=project,
        scratch=workdir / "scratch",
        state_dir=workdir / "kept",
        log=workdir / "log",
        environment=local_env.environment(call, workdir / "home"),
        timeout=call.settings.timeout.total_seconds(),
        stopped=stopped,
        cage=local_cages(call.settings.cage, workdir).of("", project, workdir.name),
        rules=dict(configuration.rules).get(project.place, configuration.defaults),
        other_dirs=frozenset(other_project.dir for other_project in configuration.projects) - {project.dir},
    )
