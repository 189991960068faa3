"""Plans that no longer fit the world: told on their pull requests before anyone tries them, and made anew."""

import uuid

from bot.bot import Bot
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.run import PlanState
from bot.steps.pull.source import moved_since, projects, source
from bot.steps.say import update_requests
from bot.store import plans


def mark_others(bot: Bot, pull: str, touched: set[str]) -> None:
    """An apply of this pull changed the state of these places: other pulls' plans of them are stale."""
    repository, _, number = pull.rpartition("#")
    others: set[str] = set()
    with bot.store.begin() as tx:
        for place in sorted(touched):
            for plan in plans.live_elsewhere(tx, repository, place, pull):
                plans.set_state(tx, plan.id, PlanState.STALE, f"#{number} was applied to the same project")
                others.add(plan.pull)
    for other in sorted(others):
        plan_again(bot, other)


def mark_dependents(bot: Bot, pull: str, touched: set[str]) -> None:
    """Plans of the same pull that were made before what they depend on was applied."""
    with bot.store.begin() as tx:
        names = {plan.project.name for plan in plans.applied_of(tx, pull) if plan.project.place in touched}
        behind = [plan for plan in plans.live(tx, pull) if names.intersection(plan.project.depends_on)]
        for plan in behind:
            plans.set_state(tx, plan.id, PlanState.STALE, "what it depends on was applied since")
    if behind:
        plan_again(bot, pull)


def check(bot: Bot, pull: Pull) -> None:
    """Compare the pull's plans with its merge result as it is now; plan again when one is stale."""
    with bot.store.read() as tx:
        live = plans.live(tx, pull.key)
    if not live:
        return
    with source(bot, pull) as its:
        there = projects(bot, its)
        moved = {plan.id: why for plan in live if (why := moved_since(bot, its, there, plan))}
        touched = {project.place for project in there.affected}
    new = touched - {plan.project.place for plan in live}
    if not (moved or new) or bot.host(pull.repository).pull(pull.repository, pull.number).state is not PullState.OPEN:
        return
    with bot.store.begin() as tx:
        for id, why in moved.items():
            plans.set_state(tx, id, PlanState.STALE, f"{why} on {pull.base.name}")
    plan_again(bot, pull.key)


def plan_again(bot: Bot, pull: str) -> None:
    """Promise a new plan, and say meanwhile that the old one is stale."""
    repository, _, number = pull.rpartition("#")
    args = {"repository": repository, "number": number, "asked_by": bot.name, "why": "moved"}
    bot.engine.start(Job(f"plan:{pull}:{uuid.uuid4().hex[:8]}", "plan", args))
    update_requests.ask(bot, update_requests.plan_topic(pull), pull)
