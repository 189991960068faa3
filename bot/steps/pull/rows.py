"""Which projects a plan run is about, and which of them need a tool: the rest keep the plan they have."""

from collections.abc import Sequence, Set

from bot.bot import Bot
from bot.core.commands import select_projects
from bot.core.errors import Refused
from bot.core.lifecycle import left_behind
from bot.core.project import Project
from bot.core.pull import PullState
from bot.core.run import Plan, PlanState, Run, RunProject, State, WaitReason
from bot.core.same_state import others_with_state
from bot.core.vocabulary import DIRS, NAMES, choose
from bot.steps.pull.discovery import tool_of
from bot.steps.pull.evidence import project_digest, stale_reason
from bot.steps.pull.projects import Projects, moves_state, other_directories
from bot.steps.pull.source import PullSource
from bot.store import plans


def plan_rows(bot: Bot, run: Run, source: PullSource, projects: Projects) -> list[RunProject]:
    """The run's rows in order. Raises Refused when the selection names nothing."""
    with bot.store.read() as tx:  # after git was asked: a plan that is applied by then is not kept
        live = {plan.project.place: plan for plan in plans.live(tx, run.pull)}
        unapplied = {plan.project.place for plan in plans.unapplied(tx, run.pull)}
        left = [plan.project for plan in left_behind(plans.attempted(tx, run.pull))]
    left = left if source.pull.state is PullState.OPEN else []
    lost = [project for project in left if _is_lost(projects, project)]
    targets = _targets(run, source, projects, unapplied, {project.place for project in left})
    rows = [_plan_row(bot, run, source, projects, project, live.get(project.place)) for project in targets]
    rows += [_lost_row(run, projects, project) for project in lost]
    places = {project.place for project in (*targets, *lost)}
    if not run.selection.everything:
        rows += [_reused_row(run, plan) for place, plan in live.items() if place not in places]
    return rows


def _targets(run: Run, source: PullSource, projects: Projects, unapplied: Set[str], left: Set[str]) -> list[Project]:
    """The projects that are to be planned. `unapplied`: places that the pull planned and did not apply.

    `left`: places where it applied something. They are its own until that is gone, whatever it changes now.
    """
    everything = [project for project, _ in projects.all]
    if not run.selection.everything:
        chosen = list(select_projects((*everything, *projects.removed), run.selection))
        if not chosen:
            _refuse_moved(run, projects)
            names = ", ".join(project.name for project in everything) or "none"
            raise Refused(f"no project matches; there are: {names}")
        if run.selection.destroy:
            _refuse_ambiguous(chosen)
        return chosen
    if source.pull.state is PullState.MERGED:
        return [project for project in everything if project.place in unapplied]
    refused = [project for project, _ in projects.refused if project not in projects.affected]
    targets = [*projects.affected, *refused, *projects.removed]
    return [*targets, *(project for project in everything if project.place in left and project not in targets)]


def _refuse_ambiguous(chosen: Sequence[Project]) -> None:
    """Raises Refused where a name is that of a project that goes and of one that stays: only one can be meant."""
    dirs_by_name: dict[str, set[str]] = {}
    for project in chosen:
        dirs_by_name.setdefault(project.name, set()).add(project.dir)
    for name, dirs in dirs_by_name.items():
        if len(dirs) > 1:
            choices = " or ".join(f"`{choose(DIRS, directory)}`" for directory in sorted(dirs))
            raise Refused(f"{name} is the name of several projects: choose one with {choices}")


def _refuse_moved(run: Run, projects: Projects) -> None:
    """Raises Refused for a project that is gone while another has its state."""
    for project in select_projects(projects.moved, run.selection):
        heirs = _names_with_state(projects, project)
        raise Refused(f"{project.name} is {heirs} now: same state, which lives on; plan {heirs}")


def _names_with_state(projects: Projects, project: Project) -> str:
    """The projects that have the project's state as well."""
    places = others_with_state(projects.findings.same_state, project.place)
    names = {p.place: p.name for p in (*projects.before, *(project for project, _ in projects.all))}
    return " and ".join(names.get(place, place) for place in places)


def _plan_row(
    bot: Bot, run: Run, source: PullSource, projects: Projects, project: Project, plan: Plan | None
) -> RunProject:
    rules = projects.rules(project.place)
    refused = {project.place: reason for project, reason in projects.refused}
    if project.place in refused:
        return RunProject(run.id, project, rules, State.REFUSED, note=refused[project.place])
    if plan and _is_reusable(bot, run, source, projects, plan):
        return _reused_row(run, plan)
    removed = project in projects.removed
    if run.selection.destroy and (siblings := _names_with_state(projects, project)):
        reason = f"its state is also that of {siblings}: nothing is destroyed; give one of them a backend of its own"
        return RunProject(run.id, project, rules, State.REFUSED, note=reason)
    if obstacle := _obstacle(bot, source, projects, project):
        return RunProject(run.id, project, rules, State.REFUSED, note=obstacle)
    tree = source.before if removed else source.after
    inputs = project_digest(bot, tree, project, other_directories(projects, project))
    return RunProject(
        run.id, project, rules, State.QUEUED, waits_for=WaitReason.TURN, removed=removed, input_digest=inputs
    )


def _is_lost(projects: Projects, project: Project) -> bool:
    """The pull brought the project and took its files back: neither the base nor the merge result has it."""
    known = (*(project for project, _ in projects.all), *projects.removed, *projects.moved)
    return all(project.place != other.place for other in known)


def _lost_row(run: Run, projects: Projects, project: Project) -> RunProject:
    command = f"`/plan --destroy {choose(NAMES, project.name)}`"
    note = f"what was applied of it is still there, and its files are gone: push them again, then comment {command}"
    return RunProject(run.id, project, projects.rules(project.place), State.REFUSED, note=note)


def _obstacle(bot: Bot, source: PullSource, projects: Projects, project: Project) -> str | None:
    """Why the project's state keeps it from being planned."""
    if not projects.rules(project.place).backend_change and moves_state(bot, source, projects, project):
        return "the pull request moves this project's state; `backend_change: true` on the base branch allows that"
    if not bot.local_state and not tool_of(bot.tools, project).state_key(source.after, project):
        return "it has no backend, so its state would be on one worker's disk; STATE__LOCAL=shared-disk allows that"
    return None


def _is_reusable(bot: Bot, run: Run, source: PullSource, projects: Projects, plan: Plan) -> bool:
    """Nobody asked for a new plan and nothing that the old one rests on has moved."""
    requested = run.trigger.by_person
    fresh = plan.state is PlanState.CURRENT and plan.expires_at > bot.clock()
    return not requested and fresh and stale_reason(bot, source, projects, plan) is None


def _reused_row(run: Run, plan: Plan) -> RunProject:
    return RunProject(run.id, plan.project, plan.rules, State.DONE, plan=plan.id, counts=plan.content.counts)
