"""Which tool plans what: projects found by their files, and the tool of one that names none."""

import posixpath
from collections.abc import Iterable, Mapping, Set
from dataclasses import replace

from bot.config.repository import ALMOST
from bot.core.affected import CONFIGURATION
from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.tree import SUBMODULE, Tree, is_hidden
from bot.core.tree_paths import link_refusal
from bot.ports import ClaimingTool, CompletingTool, Tool

OTHER_BOTS = ("atlantis.yaml", "atlantis.yml", "digger.yml", "digger.yaml", ".terrateam")


def detect_projects(tools: Mapping[str, Tool], tree: Tree) -> tuple[Project, ...]:
    """Projects found by their files, for repositories that list none."""
    return tuple(
        Project(name=directory, dir=directory, tool=name)
        for name, tool in tools.items()
        for directory in tool.discover(tree)
    )


def with_tool(tools: Mapping[str, Tool], tree: Tree, project: Project) -> Project:
    """The project with the tool that recognises its directory's files best, where it names none itself.

    Where none does, it stays without: whoever wants its tool is told.
    """
    if not project.tool:
        confidence = {name: candidate.recognises(tree, project.dir) for name, candidate in tools.items()}
        best = max(confidence, key=confidence.__getitem__)
        project = replace(project, tool=best if confidence[best] else "")
    tool = tools.get(project.tool)
    return tool.complete(tree, project) if isinstance(tool, CompletingTool) else project


def directory_refusal(tree: Tree, project: Project) -> str | None:
    """Why the project cannot have its directory; None where it can."""
    if not project.dir.isprintable():
        return "the name of its directory holds what cannot be shown: rename it"
    return link_refusal(tree, project.dir)


def uncovered_files(tools: Mapping[str, Tool], tree: Tree, paths: Iterable[str], covered: Set[str]) -> tuple[str, ...]:
    """Of the paths those of infrastructure that are no project's, sorted; hidden directories hold other things."""
    claiming = [tool for tool in tools.values() if isinstance(tool, ClaimingTool)]
    return tuple(
        path
        for path in sorted(paths)
        if path in tree.files
        and path not in covered
        and not is_hidden(posixpath.dirname(path))
        and (tree.files[path].mode == SUBMODULE or any(tool.claims(tree, path) for tool in claiming))
    )


def hints(tree: Tree) -> tuple[str, ...]:
    """Sentences on files at the top that people may think are read."""
    if CONFIGURATION in tree.files:
        misnamed = [path for path in tree.files.within(".") if path.lower() in ALMOST and path != CONFIGURATION]
        return tuple(f"`{name}` is not read: `{CONFIGURATION}` is." for name in misnamed)
    foreign_names = [name for name in OTHER_BOTS if name in tree.files or tree.files.holds(name)]
    return tuple(f"`{name}` is not read here: what it says belongs into `{CONFIGURATION}`." for name in foreign_names)


def tool_of(tools: Mapping[str, Tool], project: Project) -> Tool:
    """Raises Refused where the project has none, or names one that is not there."""
    if not project.tool:
        raise Refused(f"project {project.name}: no tool knows the files of {project.dir}; name one with `tool:`")
    if project.tool not in tools:
        raise Refused(f"project {project.name}: there is no tool `{project.tool}` (there are: {', '.join(tools)})")
    return tools[project.tool]
