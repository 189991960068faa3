"""Which projects a plan run is about, and which of them need a tool: the rest keep the plan they have."""

from collections.abc import Set

from bot.bot import Bot
from bot.core.commands import selected
from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.pull import PullState
from bot.core.run import Plan, PlanState, Run, RunProject, State
from bot.steps.pull.discovery import tool_of
from bot.steps.pull.source import Projects, Source, digest, directories, moved_since, moves_state
from bot.store import plans
from bot.store.runs import TURN


def rows(bot: Bot, run: Run, source: Source, there: Projects) -> list[RunProject]:
    """The run's rows in order. Raises Refused when the selection names nothing."""
    with bot.store.read() as tx:
        live = {plan.project.place: plan for plan in plans.live(tx, run.pull)}
        left = {plan.project.place for plan in plans.unapplied(tx, run.pull)}
    wanted = _targets(run, source, there, left)
    made = [_row(bot, run, source, there, project, live.get(project.place)) for project in wanted]
    places = {project.place for project in wanted}
    if not run.selection.everything:
        made += [_kept(run, plan) for place, plan in live.items() if place not in places]
    return made


def _targets(run: Run, source: Source, there: Projects, left: Set[str]) -> list[Project]:
    """The projects that are to be planned. `left`: places that the pull planned and did not apply."""
    everything = [project for project, _ in there.all]
    if not run.selection.everything:
        chosen = list(selected((*everything, *there.removed), run.selection))
        if not chosen:
            names = ", ".join(project.name for project in everything) or "none"
            raise Refused(f"no project matches; there are: {names}")
        return chosen
    if source.pull.state is PullState.MERGED:
        return [project for project in everything if project.place in left]
    refused = [project for project, _ in there.refused if project not in there.affected]
    return [*there.affected, *refused, *there.removed]


def _row(bot: Bot, run: Run, source: Source, there: Projects, project: Project, plan: Plan | None) -> RunProject:
    rules = there.rules(project.place)
    refused = {project.place: why for project, why in there.refused}
    if project.place in refused:
        return RunProject(run.id, project, rules, State.REFUSED, note=refused[project.place])
    if plan and _good_enough(bot, run, source, there, plan):
        return _kept(run, plan)
    removed = project in there.removed
    if obstacle := _obstacle(bot, source, there, project):
        return RunProject(run.id, project, rules, State.REFUSED, note=obstacle)
    tree = source.before if removed else source.after
    inputs = digest(bot, tree, project, directories(there, project))
    return RunProject(run.id, project, rules, State.QUEUED, waits_for=TURN, removed=removed, input_digest=inputs)


def _obstacle(bot: Bot, source: Source, there: Projects, project: Project) -> str | None:
    """Why the project's state keeps it from being planned."""
    if not there.rules(project.place).backend_change and moves_state(bot, source, there, project):
        return "the pull request moves this project's state; `backend_change: true` on the base branch allows that"
    if not bot.local_state and not tool_of(bot.tools, project).state_key(source.after, project):
        return "it has no backend, so its state would be on one worker's disk; STATE__LOCAL=shared-disk allows that"
    return None


def _good_enough(bot: Bot, run: Run, source: Source, there: Projects, plan: Plan) -> bool:
    """Nobody asked for a new plan and nothing that the old one rests on has moved."""
    asked = run.why.startswith("comment") or run.why == "shell"
    fresh = plan.state is PlanState.CURRENT and plan.expires_at > bot.clock()
    return not asked and fresh and moved_since(bot, source, there, plan) is None


def _kept(run: Run, plan: Plan) -> RunProject:
    return RunProject(run.id, plan.project, plan.rules, State.DONE, plan=plan.id, counts=plan.content.counts)
