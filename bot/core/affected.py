"""Which projects a change affects, in which order they go, which are gone. Called when a pull request is planned."""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from bot.core.errors import Refused
from bot.core.project import Project

CONFIGURATION = "gitops.yaml"

NO_FILES: frozenset[str] = frozenset()


def affected(
    projects: Sequence[Project],
    changed: frozenset[str],
    inputs_base: Mapping[str, frozenset[str]],
    inputs_result: Mapping[str, frozenset[str]],
    before: Sequence[Project] = (),
) -> tuple[Project, ...]:
    """The projects whose inputs, by place, changed: before or after, so deleted and renamed files count.

    Where gitops.yaml changed, so does a project that is new there or has other inputs now; given the projects as they
    were `before`, also one that is planned in another way (other options, another tool).
    """
    before_by_place = {project.place: project for project in before}
    return tuple(
        project
        for project in projects
        if _inputs_changed(project.place, changed, inputs_base, inputs_result)
        or (CONFIGURATION in changed and _options_changed(project, before_by_place.get(project.place)))
    )


def dependency_layers(projects: Iterable[Project]) -> tuple[tuple[Project, ...], ...]:
    """Layers: each project comes after those that it depends on. Raises Refused where some wait for each other."""
    nodes = tuple(projects)
    numbers_by_name: dict[str, list[int]] = {}
    for number, project in enumerate(nodes):
        numbers_by_name.setdefault(project.name, []).append(number)
    graph = {
        number: [upstream for name in project.depends_on for upstream in numbers_by_name.get(name, [])]
        for number, project in enumerate(nodes)
    }
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " → ".join(nodes[number].name for number in reversed(error.args[1]))
        raise Refused(f"these projects wait for each other: {cycle}") from error
    layers: list[tuple[Project, ...]] = []
    while ready := sorted(sorter.get_ready()):
        layers.append(tuple(nodes[number] for number in ready))
        sorter.done(*ready)
    return tuple(layers)


def removed(before: Sequence[Project], after: Sequence[Project]) -> tuple[Project, ...]:
    """Projects whose place is gone. A new name for an old place removes nothing."""
    remaining_places = {project.place for project in after}
    return tuple(project for project in before if project.place not in remaining_places)


def _inputs_changed(
    place: str,
    changed: frozenset[str],
    inputs_base: Mapping[str, frozenset[str]],
    inputs_result: Mapping[str, frozenset[str]],
) -> bool:
    old, new = inputs_base.get(place, NO_FILES), inputs_result.get(place, NO_FILES)
    if not changed.isdisjoint(old) or not changed.isdisjoint(new):
        return True
    return CONFIGURATION in changed and old != new


def _options_changed(project: Project, before: Project | None) -> bool:
    return before is not None and _tool_options(project) != _tool_options(before)


def _tool_options(project: Project) -> tuple[object, ...]:
    return project.tool, project.options
