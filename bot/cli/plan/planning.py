"""Plans directories of working copies, several at once; each outcome is a value. For `gitops-bot plan`.

Works in copies, applies nothing and leaves nothing behind.
"""

import dataclasses
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
class Asked:
    """A project to plan, in the working copy that it is in."""

    tree: working_copy.WorkingTree
    configuration: "Configuration | None"
    project: "Project"

    @property
    def top(self) -> Path:
        return self.tree.top

    @property
    def directory(self) -> Path:
        return (self.top / self.project.dir).resolve()


def asked(call: Call) -> list[Asked]:
    """What the arguments name, each once, in their order. Raises Refused before anything is planned."""
    if call.options["all"]:
        return _all(call)
    found = {(one.top, one.project.place): one for one in map(_named_by(call), call.options["dir"] or [Path(".")])}
    return list(found.values())


def outcomes(call: Call, projects: Sequence[Asked], stopped: Callable[[], bool]) -> Iterator[Outcome]:
    """How each ended, in their order, as soon as it and those before it did."""
    workers = call.settings.workers
    with ThreadPoolExecutor(max_workers=min(workers, len(projects) or 1)) as pool:
        yield from pool.map(lambda one: _outcome(call, one, stopped), projects)


def _all(call: Call) -> list[Asked]:
    """Every project of the repository: those that gitops.yaml lists, or else those found by their files."""
    if call.options["dir"] or call.options["workspace"]:
        raise Refused("--all plans every project of the repository: name no directory or workspace beside it")
    from bot.steps.pull.discovery import found
    from bot.wiring import found_tools

    tree = working_copy.WorkingTree(working_copy.top_of(call.cwd))
    configuration = working_copy.configuration(tree.top)
    listed = configuration.projects if configuration else ()
    everything = listed or found(found_tools(call.settings), tree)
    if not everything:
        where = f"nothing to plan in {tree.top}"
        raise Refused(f"{where}: no project is listed in gitops.yaml, and none is found by its files")
    return [Asked(tree, configuration, project) for project in everything]


def _named_by(call: Call) -> Callable[[Path], Asked]:
    def named(path: Path) -> Asked:
        directory = _directory(call, path)
        top = working_copy.top_of(directory)
        configuration = working_copy.configuration(top)
        project = _project(call, configuration, directory.relative_to(top).as_posix())
        if project.name == "." and not working_copy.is_repository(top):
            project = dataclasses.replace(project, name=directory.name if path == Path(".") else path.as_posix())
        return Asked(working_copy.WorkingTree(top), configuration, project)

    return named


def _directory(call: Call, named: Path) -> Path:
    """Raises Refused where it is none."""
    directory = (call.cwd / named).resolve()
    if not directory.exists():
        raise Refused(f"there is no directory {named}")
    if not directory.is_dir():
        raise Refused(f"{named} is a file: name the directory that it is in")
    return directory


def _project(call: Call, configuration: "Configuration | None", directory: str) -> "Project":
    """What gitops.yaml says of the directory in the workspace asked for, or what can be said of any."""
    from bot.core.project import Project

    workspace = call.options["workspace"]
    listed = configuration.projects if configuration else ()
    here = {project.workspace: project for project in listed if project.dir == directory}
    if not here:
        return Project(directory, directory, workspace or "default", tool="")
    if workspace is None:
        workspace = next(iter(here)) if len(here) == 1 else "default"
    if workspace not in here:
        raise Refused(f"gitops.yaml has {directory} in workspace {' and '.join(sorted(here))}: choose one with -w")
    return here[workspace]


def _outcome(call: Call, one: Asked, stopped: Callable[[], bool]) -> Outcome:
    """Plan it. What people or tools did wrong is its outcome; the rest is a bug."""
    begun, project = datetime.now(UTC), one.project
    if stopped():
        return Outcome(one.top, project, State.SKIPPED, begun, begun)
    try:
        project, tool = _with_tool(call, one)
        content = _planned(call, dataclasses.replace(one, project=project), tool, stopped)
    except Refused as why:
        return Outcome(one.top, project, State.REFUSED, begun, datetime.now(UTC), note=str(why))
    except (ToolFailed, Transient) as why:
        output, ended = why.output if isinstance(why, ToolFailed) else "", datetime.now(UTC)
        return Outcome(one.top, project, State.FAILED, begun, ended, None, str(why), output, local_env.hint(call))
    return Outcome(one.top, project, State.DONE, begun, datetime.now(UTC), content=content)


def _planned(call: Call, one: Asked, tool: "Tool", stopped: Callable[[], bool]) -> "Content":
    with tempfile.TemporaryDirectory(prefix="gitops-bot-plan-", ignore_cleanup_errors=True) as scratch:
        room = Path(scratch).resolve()
        working_copy.copied(one.top, room / "root", frozenset({room, call.settings.data_dir.resolve()}))
        call.progress(f"planning {one.directory} in workspace {one.project.workspace}…")
        site = _site(call, one, room, stopped)
        state = local_env.state(one.directory, site.kept)
        content = tool.plan(site).content
    keeps_state = one.project.tool == "terraform" and content.notes
    return dataclasses.replace(content, notes=(*content.notes, state)) if keeps_state else content


def _with_tool(call: Call, one: Asked) -> "tuple[Project, Tool]":
    """The project with the tool that it names, or that recognises its files. Raises Refused where none does."""
    from bot.steps.pull.discovery import tool_of, with_tool
    from bot.wiring import found_tools

    tools = found_tools(call.settings)
    project = with_tool(tools, one.tree, one.project)
    if not project.tool or (project.tool in tools and not tools[project.tool].recognises(one.tree, project.dir)):
        where = project.name if project.dir == "." else project.dir
        raise Refused(f"nothing to plan in {where}: it holds no .tf file, nor anything of another tool")
    return project, tool_of(tools, project)


def _site(call: Call, one: Asked, room: Path, stopped: Callable[[], bool]) -> "Site":
    from bot.core.project import Configuration
    from bot.ports import Site

    project, known = one.project, one.configuration or Configuration()
    for name in ("scratch", "kept", "home"):
        (room / name).mkdir(mode=0o700)
    return Site(
        root=room / "root",
        project=project,
        scratch=room / "scratch",
        kept=room / "kept",
        log=room / "log",
        environment=local_env.environment(call, room / "home"),
        timeout=call.settings.timeout.total_seconds(),
        stopped=stopped,
        rules=dict(known.rules).get(project.place, known.defaults),
        others=frozenset(other.dir for other in known.projects) - {project.dir},
    )
