"""What a plan destroys or replaces, object by object, for the alert at the top of its comment. Called by `page`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from bot.core.plan import Action, Change, Counts
from bot.core.view import ProjectView
from bot.templates.groups import ProjectGroup, project_names
from bot.templates.tally import Tally

VERBS = {Action.DELETE: "destroys", Action.REPLACE: "replaces", Action.UNKNOWN: "does something unknown to"}


@dataclass(frozen=True, slots=True)
class Danger:
    """One object, in every project where the same happens to it."""

    verb: str
    change: Change
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dangers:
    """`counts` are of all there are, `unlisted` of those beyond the listed."""

    counts: Counts
    listed: tuple[Danger, ...]
    unlisted: int

    def __bool__(self) -> bool:
        return bool(self.counts.destroy or self.counts.replace or self.counts.unknown)


def dangers(groups: Sequence[ProjectGroup], tally: Tally, limit: int) -> Dangers:
    """List the worst ones of all plans that are not applied yet; the totals come from the rows, as the table's do."""
    unapplied = tally.unapplied
    listed = _interleave([list(islice(_dangers_by_action(groups, action), limit)) for action in VERBS], limit)
    total = unapplied.destroy + unapplied.replace + unapplied.unknown
    counts = Counts(destroy=unapplied.destroy, replace=unapplied.replace, unknown=unapplied.unknown)
    return Dangers(counts, listed, max(0, total - sum(len(danger.projects) for danger in listed)))


def _dangers_by_action(groups: Sequence[ProjectGroup], action: Action) -> Iterator[Danger]:
    for group in groups:
        names = _unapplied_names(group.projects)
        changes = group.content.changes if names and group.content else ()
        yield from (Danger(VERBS[action], change, names) for change in changes if change.action is action)


def _interleave(kinds: Sequence[Sequence[Danger]], limit: int) -> tuple[Danger, ...]:
    """As many of each kind in turn, so that forty destroyed objects do not hide the one that is replaced."""
    rounds = zip_longest(*kinds)
    chosen = set(islice((id(danger) for candidates in rounds for danger in candidates if danger), limit))
    return tuple(danger for kind in kinds for danger in kind if id(danger) in chosen)


def _unapplied_names(projects: Sequence[ProjectView]) -> tuple[str, ...]:
    return project_names([project for project in projects if project.applied_at is None])
