"""Which projects a change affects, in which order they go, which are gone. Called when a pull request is planned."""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from bot.core.errors import Refused
from bot.core.project import Project

CONFIGURATION = "gitops.yaml"

NOTHING: frozenset[str] = frozenset()


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
    others = {project.place: project for project in before}
    return tuple(
        project
        for project in projects
        if _touched(project.place, changed, inputs_base, inputs_result)
        or (CONFIGURATION in changed and _planned_otherwise(project, others.get(project.place)))
    )


def ordered(projects: Iterable[Project]) -> tuple[tuple[Project, ...], ...]:
    """Layers: each project comes after those that it depends on. Raises Refused where some wait for each other."""
    given = tuple(projects)
    named: dict[str, list[int]] = {}
    for number, project in enumerate(given):
        named.setdefault(project.name, []).append(number)
    graph = {
        number: [upstream for name in project.depends_on for upstream in named.get(name, [])]
        for number, project in enumerate(given)
    }
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as why:
        around = " → ".join(given[number].name for number in reversed(why.args[1]))
        raise Refused(f"these projects wait for each other: {around}") from why
    layers: list[tuple[Project, ...]] = []
    while ready := sorted(sorter.get_ready()):
        layers.append(tuple(given[number] for number in ready))
        sorter.done(*ready)
    return tuple(layers)


def removed(before: Sequence[Project], after: Sequence[Project]) -> tuple[Project, ...]:
    """Projects whose place is gone. A new name for an old place removes nothing."""
    left = {project.place for project in after}
    return tuple(project for project in before if project.place not in left)


def _touched(
    place: str,
    changed: frozenset[str],
    inputs_base: Mapping[str, frozenset[str]],
    inputs_result: Mapping[str, frozenset[str]],
) -> bool:
    old, new = inputs_base.get(place, NOTHING), inputs_result.get(place, NOTHING)
    if not changed.isdisjoint(old) or not changed.isdisjoint(new):
        return True
    return CONFIGURATION in changed and old != new


def _planned_otherwise(project: Project, before: Project | None) -> bool:
    return before is not None and _way(project) != _way(before)


def _way(project: Project) -> tuple[object, ...]:
    return project.tool, project.terraform, project.kubernetes
