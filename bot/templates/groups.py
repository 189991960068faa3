"""Projects of which the same is to be told are told once. Called by `page` before anything is rendered."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.plan import Content
from bot.core.run import RunKind, State
from bot.core.view import ProjectView, RunView
from bot.templates.table import risk


@dataclass(frozen=True, slots=True)
class Group:
    """Projects with the same diff, or with the same failure; mostly one. By the kind of run the diff is told or not."""

    projects: tuple[ProjectView, ...]
    kind: RunKind

    @property
    def first(self) -> ProjectView:
        return self.projects[0]

    @property
    def content(self) -> Content | None:
        return self.first.content if self.kind is RunKind.PLAN and self.first.row.state is State.DONE else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Each once: they may differ where the diffs do not (where the state is kept)."""
        given = (note for project in self.projects if project.content for note in project.content.notes)
        return tuple(dict.fromkeys(given)) if self.content else ()


def grouped(view: RunView) -> tuple[Group, ...]:
    """By risk, then in the order of the run; without projects of which there is no more to tell than their row."""
    found: dict[object, list[ProjectView]] = {}
    ordered = sorted(view.projects, key=lambda project: risk(project, view.run.kind))
    for project in ordered:
        if _worth_telling(project, view.run.kind):
            found.setdefault(_key(project, view.run.kind), []).append(project)
    return tuple(Group(tuple(projects), view.run.kind) for projects in found.values())


def named(projects: Sequence[ProjectView]) -> tuple[str, ...]:
    return tuple(project.row.project.name for project in projects)


def _worth_telling(project: ProjectView, kind: RunKind) -> bool:
    row = project.row
    if row.state in (State.FAILED, State.REFUSED, State.UNKNOWN):
        return bool(row.output) or (kind is RunKind.PLAN and bool(row.note))
    if kind is RunKind.APPLY or row.state is not State.DONE or project.content is None:
        return False
    content = project.content
    return bool(content.changes or content.outputs or content.drift or content.notices or not content.complete)


def _key(project: ProjectView, kind: RunKind) -> object:
    row, content = project.row, project.content
    shared = (row.state, row.note, row.output, row.counts, project.applied_at is None)
    if kind is RunKind.APPLY or content is None:
        return shared
    told = (content.tool, content.changes, content.outputs, content.drift, content.notices, content.complete)
    return (*shared, told)
