"""What a plan destroys or replaces, object by object, for the alert at the top of its comment. Called by `page`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from bot.core.plan import Action, Change, Counts
from bot.core.view import ProjectView
from bot.templates.groups import Group, named
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
    """`counts` are of all there are, `rest` of those beyond the listed."""

    counts: Counts
    listed: tuple[Danger, ...]
    rest: int

    def __bool__(self) -> bool:
        return bool(self.counts.destroy or self.counts.replace or self.counts.unknown)


def dangers(groups: Sequence[Group], tally: Tally, most: int) -> Dangers:
    """The worst ones of all plans that are not applied yet; the totals come from the rows, as the table's do."""
    ahead = tally.ahead
    listed = _first([list(islice(_all(groups, action), most)) for action in VERBS], most)
    total = ahead.destroy + ahead.replace + ahead.unknown
    counts = Counts(destroy=ahead.destroy, replace=ahead.replace, unknown=ahead.unknown)
    return Dangers(counts, listed, max(0, total - sum(len(danger.projects) for danger in listed)))


def _all(groups: Sequence[Group], action: Action) -> Iterator[Danger]:
    for group in groups:
        projects = _ahead(group.projects)
        changes = group.content.changes if projects and group.content else ()
        yield from (Danger(VERBS[action], change, projects) for change in changes if change.action is action)


def _first(kinds: Sequence[Sequence[Danger]], most: int) -> tuple[Danger, ...]:
    """As many of each kind in turn, so that forty destroyed objects do not hide the one that is replaced."""
    turns = zip_longest(*kinds)
    chosen = set(islice((id(one) for turn in turns for one in turn if one), most))
    return tuple(one for kind in kinds for one in kind if id(one) in chosen)


def _ahead(projects: Sequence[ProjectView]) -> tuple[str, ...]:
    return named([project for project in projects if project.applied_at is None])
