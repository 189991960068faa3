"""Whose state is whose: places of base and merge result that have one state, and what that means for a pull request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.project import Project, Rules
from bot.core.rules import strictest
from bot.core.same_state import SameState, group_places, others_with_state
from bot.core.tree import Tree
from bot.ports import StatefulTool


def same_state(bot: Bot, before: Tree, after: Tree, old: Sequence[Project], new: Sequence[Project]) -> SameState:
    """The places that have one state, in the base, in the merge result, or across them."""
    locations: dict[str, frozenset[str]] = {}
    for tree, projects in ((before, old), (after, new)):
        for project in projects:
            place = project.place
            locations[place] = locations.get(place, frozenset()) | _locations(bot, tree, project)
    return group_places(locations)


def strictest_rules(
    bot: Bot, groups: SameState, projects: Sequence[tuple[Project, Rules]], before: Mapping[str, Rules]
) -> tuple[tuple[Project, Rules], ...]:
    """The rules of a state follow the state: of all its places the strictest hold for each."""
    by_place = {project.place: rules for project, rules in projects}

    def rules_of_state(project: Project, own: Rules) -> Rules:
        places = others_with_state(groups, project.place)
        siblings = [rules for place in places for rules in (before.get(place), by_place.get(place)) if rules]
        return strictest([own, *siblings], bot.schema.rule_keys) if siblings else own

    return tuple((project, rules_of_state(project, own)) for project, own in projects)


def moved_projects(groups: SameState, gone: Sequence[Project], remaining: Sequence[Project]) -> tuple[Project, ...]:
    """Of the projects whose places are gone those whose state another place has."""
    places = {project.place for project in remaining}
    return tuple(project for project in gone if not places.isdisjoint(others_with_state(groups, project.place)))


def state_cautions(
    groups: SameState, remaining: Sequence[Project], affected: Sequence[Project], moved: Sequence[Project]
) -> Iterator[str]:
    """Sentences on every state that the pull touches and that more than one place has."""
    touched = {project.place for project in (*affected, *moved)}
    for group in groups:
        if touched.isdisjoint(group):
            continue
        heirs = _join(project for project in remaining if project.place in group)
        if former := [project for project in moved if project.place in group]:
            yield f"{_join(former)} {'is' if len(former) == 1 else 'are'} {heirs} now: same state."
        if sum(project.place in group for project in remaining) > 1:
            yield (
                f"{heirs} have one state: what one of them plans is done to what the others manage. "
                "The strictest of their rules hold."
            )


def _join(projects: Iterable[Project]) -> str:
    return " and ".join(sorted(f"`{project.name}`" for project in projects))


def _locations(bot: Bot, tree: Tree, project: Project) -> frozenset[str]:
    """Names of its states; none where the tool cannot tell: what is wrong is said when the project is planned."""
    tool = bot.tools.get(project.tool)
    try:
        return tool.state_locations(tree, project) if isinstance(tool, StatefulTool) else frozenset()
    except Refused:
        return frozenset()
