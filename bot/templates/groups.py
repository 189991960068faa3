"""Projects of which the same is to be told are told once. Called by `page` before anything is rendered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.plan import Content
from bot.core.run import RunKind, State
from bot.core.view import ProjectView, RunView
from bot.templates.table import risk


@dataclass(frozen=True, slots=True)
class ProjectGroup:
    """Projects with the same diff, or with the same failure; mostly one. By the kind of run the diff is told or not.

    `shared` are notes that others have as well.
    """

    projects: tuple[ProjectView, ...]
    kind: RunKind
    shared: frozenset[str] = frozenset()

    @property
    def first(self) -> ProjectView:
        """The project that speaks for all."""
        return self.projects[0]

    @property
    def content(self) -> Content | None:
        """The plan that is shown; None of an apply, and of a project without a plan."""
        return self.first.content if self.kind is RunKind.PLAN and self.first.row.state is State.DONE else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Each once, as they may differ where the diffs do not; without those that are told once for all groups."""
        return tuple(note for note in self.all_notes if note not in self.shared)

    @property
    def all_notes(self) -> tuple[str, ...]:
        """Each once."""
        notes = (note for project in self.projects if project.content for note in project.content.notes)
        return tuple(dict.fromkeys(notes)) if self.content else ()


def group_projects(view: RunView) -> tuple[ProjectGroup, ...]:
    """Group by risk, then in the order of the run; without projects that have no more to tell than their row."""
    groups: dict[object, list[ProjectView]] = {}
    ordered = sorted(view.projects, key=lambda project: risk(project, view.run.kind))
    for project in ordered:
        if _has_details(project, view.run.kind):
            groups.setdefault(_group_key(project, view.run.kind), []).append(project)
    alike = [ProjectGroup(tuple(projects), view.run.kind) for projects in groups.values()]
    shared = frozenset(note for note, owners in _owners(alike).items() if len(owners) > 1)
    return tuple(replace(group, shared=shared) for group in alike)


def shared_notes(groups: Sequence[ProjectGroup]) -> list[tuple[str, tuple[str, ...]]]:
    """Notes that several groups have, each with the names of its projects."""
    return [
        (note, tuple(name for group in owners for name in _names_with(note, group)))
        for note, owners in _owners(groups).items()
        if len(owners) > 1
    ]


def _owners(groups: Sequence[ProjectGroup]) -> dict[str, list[ProjectGroup]]:
    """The groups that have each note."""
    owners: dict[str, list[ProjectGroup]] = {}
    for group in groups:
        for note in group.all_notes:
            owners.setdefault(note, []).append(group)
    return owners


def _names_with(note: str, group: ProjectGroup) -> tuple[str, ...]:
    return project_names([project for project in group.projects if project.content and note in project.content.notes])


def project_names(projects: Sequence[ProjectView]) -> tuple[str, ...]:
    """Return the projects' names, in their order."""
    return tuple(project.row.project.name for project in projects)


def _has_details(project: ProjectView, kind: RunKind) -> bool:
    row = project.row
    if row.state in (State.FAILED, State.REFUSED, State.UNKNOWN):
        return bool(row.output) or (kind is RunKind.PLAN and bool(row.note))
    if kind is RunKind.APPLY or row.state is not State.DONE or project.content is None:
        return False
    content = project.content
    return bool(content.changes or content.outputs or content.drift or content.notices or not content.complete)


def _group_key(project: ProjectView, kind: RunKind) -> object:
    row, content = project.row, project.content
    row_key = (row.state, row.note, row.output, row.counts, project.applied_at is None)
    if kind is RunKind.APPLY or content is None:
        return row_key
    content_key = (content.tool, content.changes, content.outputs, content.drift, content.notices, content.complete)
    return (*row_key, content_key)
