"""Plans that no longer fit the world: told on their pull requests before anyone tries them, and made anew."""

import uuid
from collections.abc import Set

import sqlalchemy as sa

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentSlot, PullKey
from bot.core.pull import Pull, PullState
from bot.core.run import PlanState
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.pull.evidence import stale_reason
from bot.steps.pull.projects import discover_projects
from bot.steps.pull.source import open_source
from bot.steps.say import update_requests
from bot.store import plans


def mark_others(tx: sa.Connection, pull: PullKey, touched: Set[str]) -> set[PullKey]:
    """An apply of this pull changed the state of these places: other pulls' plans of them are stale. Those pulls."""
    other_pulls: set[PullKey] = set()
    for place in sorted(touched):
        for plan in plans.live_elsewhere(tx, pull.repository, place, pull):
            plans.set_state(tx, plan.id, PlanState.STALE, f"pull request {pull.number} was applied to the same project")
            other_pulls.add(plan.pull)
    return other_pulls


def mark_dependents(tx: sa.Connection, pull: PullKey, touched: Set[str]) -> bool:
    """Plans of the same pull that were made before what they depend on was applied; true when there are any."""
    names = {plan.project.name for plan in plans.applied_plans(tx, pull) if plan.project.place in touched}
    dependents = [plan for plan in plans.live(tx, pull) if names.intersection(plan.project.depends_on)]
    for plan in dependents:
        plans.set_state(tx, plan.id, PlanState.STALE, "what it depends on was applied since")
    return bool(dependents)


def check(bot: Bot, pull: Pull) -> None:
    """Compare the pull's plans with its merge result as it is now; plan again when one is stale."""
    with bot.store.read() as tx:
        live = plans.live(tx, pull.key)
    if not live:
        return
    with open_source(bot, pull) as source:
        projects = discover_projects(bot, source)
        stale_plans = {plan.id: reason for plan in live if (reason := stale_reason(bot, source, projects, plan))}
        touched = {project.place for project in projects.affected}
    unplanned = touched - {plan.project.place for plan in live}
    if not (stale_plans or unplanned):
        return
    if bot.host(pull.repository).pull(pull.repository, pull.number).state is not PullState.OPEN:
        return
    with bot.store.begin() as tx:
        for id, reason in stale_plans.items():
            plans.set_state(tx, id, PlanState.STALE, f"{reason} on {pull.base.name}")
        jobs = plan_again_jobs(bot, tx, pull.key)
    bot.start(jobs)


def plan_again(bot: Bot, pull: PullKey) -> None:
    """Promise a new plan, and say meanwhile that the old one is stale."""
    with bot.store.begin() as tx:
        jobs = plan_again_jobs(bot, tx, pull)
    bot.start(jobs)


def plan_again_jobs(bot: Bot, tx: sa.Connection, pull: PullKey) -> tuple[Job, ...]:
    """As `plan_again`, within a transaction; the jobs to be started after it."""
    cause = f"plan:{pull}:{uuid.uuid4().hex[:8]}"
    plan_job = promises.plan(cause, pull, bot.name, Trigger(TriggerKind.BASE_MOVED))
    return (plan_job, *update_requests.request_version(bot, tx, CommentSlot.plan(pull), pull))
