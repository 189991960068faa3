"""The projects of a pull request, from its commits alone: what there is, by which rules, and what the pull affects."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.bot import Bot
from bot.core import affected, rules
from bot.core.affected import CONFIGURATION
from bot.core.errors import Refused
from bot.core.project import Configuration, Project, Rules
from bot.core.run import Findings
from bot.core.tree import Tree, is_below
from bot.core.tree_paths import TreePaths, link_refusal
from bot.steps.pull.configurations import lenient_configuration, read_configuration
from bot.steps.pull.discovery import detect_projects, directory_refusal, hints, tool_of, uncovered_files, with_tool
from bot.steps.pull.source import PullSource
from bot.steps.pull.states import moved_projects, same_state, state_cautions, strictest_rules


@dataclass(frozen=True, slots=True)
class Projects:
    """All projects of the merge result with their rules, those that the pull affects, and those it removes.

    `before` are those of the base; `refused` are affected projects that cannot be planned, as (project, why). `moved`
    are gone from their places, and other places have their states. `rules_before` are the base's, by place.
    """

    all: tuple[tuple[Project, Rules], ...]
    before: tuple[Project, ...]
    affected: tuple[Project, ...]
    removed: tuple[Project, ...]
    moved: tuple[Project, ...]
    refused: tuple[tuple[Project, str], ...]
    rules_before: tuple[tuple[str, Rules], ...]
    configuration: Configuration
    notices: tuple[str, ...]
    findings: Findings

    def find(self, place: str) -> Project | None:
        """The project at a place, also one that only the base has; None where there is none."""
        projects = (*(project for project, _ in self.all), *self.before)
        return next((project for project in projects if project.place == place), None)

    def rules(self, place: str) -> Rules:
        """The rules of a place, also of one that only the base has; of one that nobody has the base's defaults."""
        own = next((rules for project, rules in self.all if project.place == place), None)
        return own or dict(self.rules_before).get(place, self.configuration.defaults)


def discover_projects(bot: Bot, source: PullSource) -> Projects:
    """The projects of a pull request, from its commits alone."""
    key = ("projects", source.pull.repository.key, source.base, source.result)
    return bot.memo.get_or_create(lambda: _discover(bot, source), *key)


def _discover(bot: Bot, source: PullSource) -> Projects:
    """Read the configuration (what there is: from the result; rules: from the base); compare inputs with changes."""
    changed = _changed_paths(source)
    base_configuration, configuration = lenient_configuration(bot, source.before), read_configuration(bot, source.after)
    listed = _listed(bot, source.after, base_configuration, configuration)
    listed_before = _listed(bot, source.before, base_configuration, base_configuration)
    before = [project for project, _ in listed_before if directory_exists(source.before, project)]
    after = [(project, project_rules) for project, project_rules in listed if directory_exists(source.after, project)]
    everything = [project for project, _ in after]
    inputs_after, refused = _inputs(bot, source.after, everything)
    inputs_before, _ = _inputs(bot, source.before, before)
    base = base_configuration or Configuration()
    affected_projects = affected.affected(everything, changed, inputs_before, inputs_after, before=before)
    groups = same_state(bot, source.before, source.after, before, everything)
    rules_before = {project.place: project_rules for project, project_rules in listed_before}
    gone = affected.removed(before, everything)
    moved = moved_projects(groups, gone, everything)
    absent = _absent(source.after, listed, before, changed)
    covered = frozenset[str]().union(*(changed & files for files in (*inputs_before.values(), *inputs_after.values())))
    return Projects(
        all=strictest_rules(bot, groups, after, rules_before),
        before=tuple(before),
        affected=affected_projects,
        removed=tuple(project for project in gone if project not in moved),
        moved=moved,
        refused=(*_refused(source.after, everything, refused, changed), *absent),
        rules_before=tuple(rules_before.items()),
        configuration=replace(base, defaults=bot.schema.complete_rules(base.defaults)),
        notices=(*rules.rule_changes(base_configuration, configuration, bot.schema.rule_keys), *hints(source.after)),
        findings=Findings(
            uncovered=_uncovered(bot, source, changed, covered, [p for p in everything if p.place in refused]),
            same_state=groups,
            cautions=tuple(state_cautions(groups, everything, affected_projects, moved)),
        ),
    )


def _changed_paths(source: PullSource) -> frozenset[str]:
    """The paths that the pull changes; both trees are listed beside, for each is a program's work."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        listings = [pool.submit(getattr, tree, "files") for tree in {source.before, source.after}]
        changed = frozenset(source.mirror.changed_paths(source.base, source.result))
        for listing in listings:
            listing.result()
    return changed


def _listed(
    bot: Bot, tree: Tree, base: Configuration | None, configuration: Configuration | None
) -> list[tuple[Project, Rules]]:
    """The projects of a tree, each with its tool and the base's rules: whole, as they are stored."""
    assigned = rules.assign_rules(base, configuration, detect_projects(bot.tools, tree), bot.schema.rule_keys)
    return [
        (bot.schema.complete(with_tool(bot.tools, tree, project)), bot.schema.complete_rules(project_rules))
        for project, project_rules in assigned
    ]


def _inputs(bot: Bot, tree: Tree, projects: list[Project]) -> tuple[Mapping[str, frozenset[str]], Mapping[str, str]]:
    """Each place's input files, and each place's reason where they cannot be told."""
    inputs: dict[str, frozenset[str]] = {}
    refused: dict[str, str] = {}
    all_directories = frozenset(project.dir for project in projects)
    for project in projects:
        if reason := directory_refusal(tree, project):
            refused[project.place] = reason
            continue
        try:
            inputs[project.place] = tool_of(bot.tools, project).inputs(tree, project, all_directories - {project.dir})
        except Refused as error:
            refused[project.place] = str(error)
    return inputs, refused


def _refused(
    tree: Tree, projects: Sequence[Project], reasons: Mapping[str, str], changed: frozenset[str]
) -> Iterator[tuple[Project, str]]:
    """The projects whose inputs cannot be told, where the pull comes near them."""
    return ((p, reasons[p.place]) for p in projects if p.place in reasons and _near_change(tree, p, changed))


def _near_change(tree: Tree, project: Project, changed: frozenset[str]) -> bool:
    """A project whose inputs cannot be told is affected when its directory or the configuration changed."""
    paths, directories = TreePaths(tree), {project.dir}
    with suppress(Refused):
        directories.add(paths.follow(".", project.dir, "its directory"))
    return any(
        path in paths.links or path == CONFIGURATION or any(is_below(path, directory) for directory in directories)
        for path in changed
    )


def _absent(
    tree: Tree, listed: Sequence[tuple[Project, Rules]], before: Sequence[Project], changed: frozenset[str]
) -> Iterator[tuple[Project, str]]:
    """Projects that a pull lists without a directory."""
    places_before = {project.place for project in before}
    for project, _ in listed if CONFIGURATION in changed else ():
        if not directory_exists(tree, project) and project.place not in places_before:
            yield project, f"there is no directory {project.dir}"


def _uncovered(
    bot: Bot, source: PullSource, changed: frozenset[str], covered: frozenset[str], refused: Sequence[Project]
) -> tuple[str, ...]:
    """Changed files of infrastructure that no project covers: of one that is refused all its directory is covered."""
    candidates = {path for path in changed - covered if not any(is_below(path, project.dir) for project in refused)}
    removed_files = candidates - source.after.files.keys()
    return (
        *uncovered_files(bot.tools, source.after, candidates, covered),
        *uncovered_files(bot.tools, source.before, removed_files, covered),
    )


def projects_between(bot: Bot, before: Tree, after: Tree) -> list[tuple[Project, Rules]]:
    """The projects that a merge leaves, each with its rules; of a broken configuration those of the other side."""
    listed = _listed(bot, after, lenient_configuration(bot, before), lenient_configuration(bot, after))
    return [(project, project_rules) for project, project_rules in listed if directory_exists(after, project)]


def directory_exists(tree: Tree, project: Project) -> bool:
    """The project's directory holds something, or is said to be where a link leads."""
    return project.dir == "." or tree.files.holds(project.dir) or link_refusal(tree, project.dir) is not None


def moves_state(bot: Bot, source: PullSource, projects: Projects, project: Project) -> bool:
    """The pull changes where the project's state lives: in its files, or by what gitops.yaml says of its backend."""
    project_before = next((p for p in projects.before if p.place == project.place), project)
    in_both = directory_exists(source.before, project_before) and directory_exists(source.after, project)
    tool = tool_of(bot.tools, project)
    return in_both and tool.state_key(source.before, project_before) != tool.state_key(source.after, project)


def other_directories(projects: Projects, project: Project) -> frozenset[str]:
    """The directories of the other projects."""
    return frozenset(sibling.dir for sibling, _ in projects.all if sibling.dir != project.dir)
