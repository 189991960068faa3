"""What a pull request is made of, from git alone: its merge result, its projects, their rules, which are affected."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from bot.bot import Bot
from bot.config import repository as gitops_yaml
from bot.config.schema import Schema
from bot.core import affected, rules
from bot.core.affected import CONFIGURATION
from bot.core.digest import input_digest
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.globs import matches
from bot.core.project import Configuration, Project, Rules
from bot.core.pull import Pull, PullState
from bot.core.run import Findings, Plan
from bot.core.same_state import others_with_state
from bot.core.tree import Tree, is_below
from bot.core.tree_paths import TreePaths, link_refusal
from bot.git import Mirror
from bot.ports import Remote
from bot.steps.pull.discovery import detect_projects, directory_refusal, hints, tool_of, uncovered_files, with_tool
from bot.steps.pull.states import moved_projects, same_state, state_cautions, strictest_rules

PLAIN = "100"
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class PullSource:
    """A pull request's commits and trees. `result` is base with head merged in; of a merged pull, the base's tip."""

    mirror: Mirror
    pull: Pull
    base: str
    head: str
    result: str
    before: Tree
    after: Tree

    def tree(self, commit: str) -> Tree:
        """The tree of the base or the result commit."""
        return {self.base: self.before, self.result: self.after}[commit]


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

    def rules(self, place: str) -> Rules:
        """The rules of a place, also of one that only the base has; of one that nobody has the base's defaults."""
        own = next((rules for project, rules in self.all if project.place == place), None)
        return own or dict(self.rules_before).get(place, self.configuration.defaults)


@contextmanager
def open_source(bot: Bot, pull: Pull, *, as_landed: bool = False, allow_cached: bool = False) -> Iterator[PullSource]:
    """Fetch what the pull needs. Raises Refused on a merge conflict, naming the files.

    `as_landed`: of a merged pull, take what its own merge made of the base, whatever landed after it.
    `allow_cached`: of an open pull, take the base as it was last fetched. What lands meanwhile is told when it lands.
    """
    mirror = bot.mirror(pull.repository)
    cached = _cached_commits(mirror, pull) if allow_cached and pull.state is PullState.OPEN else None
    base, head = cached or fetch_commits(bot, mirror, pull)
    if pull.state is PullState.MERGED:
        base = pull.merge_commit if as_landed and pull.merge_commit else base
        result = base
    else:
        result = _merge_result(bot, mirror, pull, base, head)
    before = mirror.tree(base)
    with before:
        if result == base:
            yield PullSource(mirror, pull, base, head, result, before, before)
            return
        with mirror.tree(result) as after:
            yield PullSource(mirror, pull, base, head, result, before, after)


def fetch_commits(bot: Bot, mirror: Mirror, pull: Pull) -> tuple[str, str]:
    """The base branch's commit as it is now, and the pull's head, both in the mirror.

    Raises Transient while the forge does not give the head yet.
    """
    base_ref, head = _base_ref(pull), pull.head.sha
    head_ref = _remote(bot, pull).pulls.format(number=pull.number)
    mirror.fetch(base_ref, *([] if mirror.has(head) else [head_ref]))
    if not mirror.has(head):  # a damaged mirror was made anew meanwhile, or the forge is slow
        mirror.fetch(head_ref)
    if not mirror.has(head):
        raise Transient(f"commit {head[:12]} is not there yet")
    return mirror.resolve(base_ref), pull.head.sha


def _cached_commits(mirror: Mirror, pull: Pull) -> tuple[str, str] | None:
    """As `fetch_commits`, of what the mirror has already; None where it lacks the head or the base."""
    try:
        return (mirror.resolve(_base_ref(pull)), pull.head.sha) if mirror.has(pull.head.sha) else None
    except ToolFailed:
        return None


def _base_ref(pull: Pull) -> str:
    return f"refs/heads/{pull.base.name}"


def _merge_result(bot: Bot, mirror: Mirror, pull: Pull, base: str, head: str) -> str:
    """The merge result, made again where the mirror lost it."""
    key = ("merged", pull.repository.key, base, head)
    return bot.memo.get_or_create(lambda: mirror.merge_result(base, head), *key, is_valid=mirror.has)


def _remote(bot: Bot, pull: Pull) -> Remote:
    return bot.host(pull.repository).remote(pull.repository)


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


def _refused(
    tree: Tree, projects: Sequence[Project], reasons: Mapping[str, str], changed: frozenset[str]
) -> Iterator[tuple[Project, str]]:
    """The projects whose inputs cannot be told, where the pull comes near them."""
    return ((p, reasons[p.place]) for p in projects if p.place in reasons and _near_change(tree, p, changed))


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


def _listed(
    bot: Bot, tree: Tree, base: Configuration | None, configuration: Configuration | None
) -> list[tuple[Project, Rules]]:
    """The projects of a tree, each with its tool and the base's rules: whole, as they are stored."""
    assigned = rules.assign_rules(base, configuration, detect_projects(bot.tools, tree), bot.schema.rule_keys)
    return [
        (bot.schema.complete(with_tool(bot.tools, tree, project)), bot.schema.complete_rules(project_rules))
        for project, project_rules in assigned
    ]


def rules_at(bot: Bot, mirror: Mirror, commit: str, project: Project) -> Rules:
    """The rules that a commit's gitops.yaml has for a project."""
    with mirror.tree(commit) as tree:
        configuration = lenient_configuration(bot, tree)
    ((_, project_rules),) = rules.assign_rules(configuration, None, [project], bot.schema.rule_keys)
    return project_rules


def _changed_paths(source: PullSource) -> frozenset[str]:
    """The paths that the pull changes; both trees are listed beside, for each is a program's work."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        listings = [pool.submit(getattr, tree, "files") for tree in {source.before, source.after}]
        changed = frozenset(source.mirror.changed_paths(source.base, source.result))
        for listing in listings:
            listing.result()
    return changed


def directory_exists(tree: Tree, project: Project) -> bool:
    """The project's directory holds something, or is said to be where a link leads."""
    return project.dir == "." or tree.files.holds(project.dir) or link_refusal(tree, project.dir) is not None


def project_digest(bot: Bot, tree: Tree, project: Project, foreign_directories: frozenset[str]) -> str:
    """The input digest of a project in a tree."""
    return input_digest(tree, tool_of(bot.tools, project).inputs(tree, project, foreign_directories))


def rules_digest(schema: Schema, project: Project, rules: Rules) -> str:
    """What a plan was made under: arguments and rules."""
    options, tool_rules = schema.digest_parts(project, rules)
    own_rules = [rules.apply, sorted(rules.require), rules.approvals, rules.backend_change]
    parts = (project.tool, *options, [*own_rules, *tool_rules])
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def stale_reason(bot: Bot, source: PullSource, projects: Projects, plan: Plan) -> str | None:
    """Why a plan no longer fits the pull as it is now, from git alone; None when it still does."""
    place = plan.project.place
    project = next((p for p, _ in projects.all if p.place == place), None)
    is_gone = project is None
    if is_gone and not plan.destroy:
        return "the project is no longer there"
    if plan.destroy and others_with_state(projects.findings.same_state, place):
        return "its state is another project's too"
    tree = source.before if is_gone else source.after
    project_now = project or plan.project
    if project_digest(bot, tree, project_now, other_directories(projects, project_now)) != plan.input_digest:
        return "its files changed"
    if rules_digest(bot.schema, project_now, projects.rules(place)) != plan.rules_digest:
        return "its rules or arguments changed"
    commit = source.base if is_gone else source.result
    if plan.tree and source.mirror.tree_id(commit) != plan.tree:
        return f"{changed_files(source.mirror, plan.result, commit)} changed, which its apply may read,"
    return None


def changed_files(mirror: Mirror, before: str, after: str) -> str:
    """The files that differ between two commits, some by name."""
    paths = mirror.changed_paths(before, after) if mirror.has(before) else ()
    names = ", ".join(" ".join(path.split()) for path in paths[:MOST_NAMED]) or "files"
    return f"{names} and {len(paths) - MOST_NAMED:,} more" if len(paths) > MOST_NAMED else names


def moves_state(bot: Bot, source: PullSource, projects: Projects, project: Project) -> bool:
    """The pull changes where the project's state lives: in its files, or by what gitops.yaml says of its backend."""
    project_before = next((p for p in projects.before if p.place == project.place), project)
    in_both = directory_exists(source.before, project_before) and directory_exists(source.after, project)
    tool = tool_of(bot.tools, project)
    return in_both and tool.state_key(source.before, project_before) != tool.state_key(source.after, project)


def other_directories(projects: Projects, project: Project) -> frozenset[str]:
    """The directories of the other projects."""
    return frozenset(sibling.dir for sibling, _ in projects.all if sibling.dir != project.dir)


def base_refusal(bot: Bot, source: PullSource) -> str | None:
    """Why nothing is planned or applied into the pull's base branch; None where the default branch names it.

    Its own gitops.yaml is not asked: whoever may push any branch could make one with rules of their own.
    """
    name, default = source.pull.base.name, source.pull.repository.default_branch
    if name == default:
        return None
    source.mirror.fetch(f"refs/heads/{default}")
    with source.mirror.tree(source.mirror.resolve(f"refs/heads/{default}")) as tree:
        configuration = lenient_configuration(bot, tree) or Configuration()
    if any(matches(name, pattern) for pattern in configuration.branches):
        return None
    return f"pull requests into {name} are not planned: `branches` in gitops.yaml on {default} does not name it"


def lenient_configuration(bot: Bot, tree: Tree) -> Configuration | None:
    """The base's configuration; a broken one gives the careful defaults, so that a pull request can mend it."""
    try:
        return read_configuration(bot, tree)
    except Refused:
        return Configuration()


def read_configuration(bot: Bot, tree: Tree) -> Configuration | None:
    """A tree's gitops.yaml; None where there is none. Raises Refused with everything that is wrong."""
    gitops_yaml.refuse_misnamed(tree.files.within("."))
    entry = tree.files.get(CONFIGURATION)
    if entry and not entry.mode.startswith(PLAIN):
        raise Refused(f"{CONFIGURATION} is a link or a submodule: make it a plain file")
    return gitops_yaml.read(tree.read(CONFIGURATION), bot.schema) if entry else None


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


def _near_change(tree: Tree, project: Project, changed: frozenset[str]) -> bool:
    """A project whose inputs cannot be told is affected when its directory or the configuration changed."""
    paths, directories = TreePaths(tree), {project.dir}
    with suppress(Refused):
        directories.add(paths.follow(".", project.dir, "its directory"))
    return any(
        path in paths.links or path == CONFIGURATION or any(is_below(path, directory) for directory in directories)
        for path in changed
    )
