"""Which tool plans what: projects found by their files, and the tool of one that names none."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.tree import Tree
from bot.ports import Tool


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
    if project.tool:
        return project
    confidence = {name: candidate.recognises(tree, project.dir) for name, candidate in tools.items()}
    best = max(confidence, key=confidence.__getitem__)
    return replace(project, tool=best if confidence[best] else "")


def tool_of(tools: Mapping[str, Tool], project: Project) -> Tool:
    """Raises Refused where the project has none, or names one that is not there."""
    if not project.tool:
        raise Refused(f"project {project.name}: no tool knows the files of {project.dir}; name one with `tool:`")
    if project.tool not in tools:
        raise Refused(f"project {project.name}: there is no tool `{project.tool}` (there are: {', '.join(tools)})")
    return tools[project.tool]
