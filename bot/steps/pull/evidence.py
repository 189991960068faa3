"""What a plan rests on, as digests of files and rules, and whether that still holds."""

import hashlib

from bot.bot import Bot
from bot.config.schema import Schema
from bot.core.digest import input_digest
from bot.core.errors import Refused
from bot.core.project import Project, Rules
from bot.core.run import Plan
from bot.core.same_state import others_with_state
from bot.core.sentences import join_names
from bot.core.signed_plan import signed_text
from bot.core.tree import Tree
from bot.git import Mirror
from bot.ports import NeighbourlyTool
from bot.steps.pull.discovery import tool_of
from bot.steps.pull.projects import Projects, other_directories
from bot.steps.pull.source import PullSource


def stale_reason(bot: Bot, source: PullSource, projects: Projects, plan: Plan) -> str | None:
    """Why a plan no longer fits the pull as it is now, from git alone; None when it still does.

    A half of a sentence, which may go on with `on main`.
    """
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
    if project_now.depends_on != plan.project.depends_on and isinstance(
        bot.tools.get(project_now.tool), NeighbourlyTool
    ):
        return "what it depends on is another"
    if _have_neighbours_changed(bot, source, projects, plan):
        return "files of other projects changed, to which its objects may have moved"
    commit = source.base if is_gone else source.result
    if plan.tree and source.mirror.tree_id(commit) != plan.tree:
        return f"{changed_files(source.mirror, plan.result, commit)}, which its apply may read, changed"
    return None


def project_digest(bot: Bot, tree: Tree, project: Project, foreign_directories: frozenset[str]) -> str:
    """The input digest of a project in a tree."""
    return input_digest(tree, tool_of(bot.tools, project).inputs(tree, project, foreign_directories))


def rules_digest(schema: Schema, project: Project, rules: Rules) -> str:
    """What a plan was made under: arguments and rules."""
    options, tool_rules = schema.digest_parts(project, rules)
    own_rules = [rules.apply, sorted(rules.require), rules.approvals, rules.backend_change]
    parts = (project.tool, *options, [*own_rules, *tool_rules])
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def changed_files(mirror: Mirror, before: str, after: str) -> str:
    """The files that differ between two commits, some by name."""
    paths = mirror.changed_paths(before, after) if mirror.has(before) else ()
    return join_names(paths) or "files"


def is_as_planned(bot: Bot, plan: Plan) -> bool:
    """Tell whether a stored plan is as this bot made it; one of a version that signed none is not."""
    return bot.vault.verify(signed_text(plan), plan.signature)


def _have_neighbours_changed(bot: Bot, source: PullSource, projects: Projects, plan: Plan) -> bool:
    """Whether what a plan knew of other projects may be otherwise now."""
    tool = bot.tools.get(plan.project.tool)
    if not isinstance(tool, NeighbourlyTool) or not tool.rests_on_neighbours(plan.content):
        return False
    if not source.mirror.has(plan.result):
        return True
    neighbours = [
        (project, other_directories(projects, project))
        for project, _ in projects.all
        if project.place != plan.project.place and isinstance(bot.tools.get(project.tool), NeighbourlyTool)
    ]
    try:
        with source.mirror.tree(plan.result) as planned:
            return any(
                project_digest(bot, planned, project, directories)
                != project_digest(bot, source.after, project, directories)
                for project, directories in neighbours
            )
    except Refused:
        return True
