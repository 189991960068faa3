"""Gather what the gate weighs, live from the forge and from git: never from what we remember of people."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.gate import weigh
from bot.core.gate_case import Case, Demand, Opinion
from bot.core.pull import Check, Contributors, Pull, PullState, Review, Role
from bot.core.run import Plan, Run, RunKind
from bot.ports import Host
from bot.steps.pull.source import Projects, Source, projects, source
from bot.store import locks, plans, pulls, runs


@dataclass(frozen=True, slots=True)
class Heard:
    """What a forge says of a pull request at one moment."""

    contributors: Contributors
    reviews: tuple[Review, ...]
    checks: tuple[Check, ...]


def case(
    bot: Bot,
    source: Source,
    its_plans: Sequence[Plan],
    missing: Sequence[tuple[str, str]],
    confirmed: Sequence[str] = (),
    heard: Heard | None = None,
) -> Case:
    """The case for applying these plans now. `missing`: (project, why) of what should have a plan and has none.

    `heard`: what the forge says just now, where it was asked already.
    """
    pull = source.pull
    host = bot.host(pull.repository)
    base, told = _base(source, its_plans), heard or hear(host, pull)
    with bot.store.read() as tx:
        shown = plans.showing(tx, pull.key)
        asker = pulls.asker(tx, pull.key)
        pushers = pulls.pushers(tx, pull.key)
        freeze = locks.frozen(tx)
        held = tuple(
            lock
            for plan in its_plans
            if (lock := locks.holder(tx, pull.repository.key, plan.project.place)) and lock.pull != pull.key
        )
    return Case(
        pull=pull,
        plans=tuple(its_plans),
        missing=tuple(missing),
        opinions=_opinions(bot, source, base, told.reviews),
        change=_digest(bot, source, base, pull.head.sha),
        contributors=replace(told.contributors, logins=told.contributors.logins | pushers),
        asker=asker,
        shown=shown,
        checks=told.checks,
        held=held,
        freeze=freeze,
        now=bot.clock(),
        confirmed=frozenset(confirmed),
    )


def hear(host: Host, pull: Pull) -> Heard:
    """Ask the forge for all of it at once: each answer takes its time."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        contributors = pool.submit(host.contributors, pull.repository, pull.number)
        reviews = pool.submit(host.reviews, pull.repository, pull.number)
        checks = pool.submit(host.checks, pull) if pull.state is PullState.OPEN else None
        return Heard(contributors.result(), tuple(reviews.result()), tuple(checks.result()) if checks else ())


def _opinions(bot: Bot, source: Source, base: str, reviews: Sequence[Review]) -> tuple[Opinion, ...]:
    """Each reviewer's role is read once, now; a review on a commit that is gone covers nothing."""
    repository = source.pull.repository
    host = bot.host(repository)
    roles: dict[str, Role] = {}
    digests: dict[str, str | None] = {}
    for review in reviews:
        if review.author not in roles:
            roles[review.author] = host.role(repository, review.author)
        if review.commit not in digests:
            digests[review.commit] = _change(bot, source, base, review.commit)
    return tuple(Opinion(review, roles[review.author], digests[review.commit]) for review in reviews)


def _change(bot: Bot, source: Source, base: str, commit: str) -> str | None:
    if not commit or not source.mirror.has(commit):
        return None
    return _digest(bot, source, base, commit)


def _digest(bot: Bot, source: Source, base: str, head: str) -> str:
    key = ("change", source.pull.repository.key, base, head)
    return bot.memo.once(lambda: source.mirror.change_digest(base, head), *key)


def _base(source: Source, its_plans: Sequence[Plan]) -> str:
    """What the pull's own change is measured against: of a merged pull, the base that was planned before the merge."""
    if source.pull.state is not PullState.MERGED:
        return source.base
    before = next((plan.base for plan in its_plans if source.mirror.has(plan.base)), None)
    if before is None:
        raise Refused("the base branch as it was before the merge is no longer known; `/plan` again")
    return before


def demands(bot: Bot, pull: Pull, run: Run) -> tuple[Demand, ...]:
    """The gate's lines for all that the pull has to apply, to be shown; none where there is nothing to apply."""
    with bot.store.read() as tx:
        live = [plan for plan in plans.live(tx, pull.key) if not plan.content.counts.empty]
    if not live:
        return ()
    host = bot.host(pull.repository)
    with ThreadPoolExecutor(max_workers=2) as pool:
        reading = pool.submit(host.pull, pull.repository, pull.number)
        hearing = pool.submit(hear, host, pull)
        try:
            with source(bot, pull, to_tell=True) as its:
                there = projects(bot, its)
                now = reading.result()
                if _moved(pull, now):
                    return _demands(bot, now, live)
                its = replace(its, pull=now)
                return weigh(case(bot, its, live, missing(bot, pull.key, there), heard=hearing.result())).demands
        except Refused as why:
            return (Demand(None, False, str(why)),)


def _moved(known: Pull, now: Pull) -> bool:
    return (known.head, known.base.name, known.state) != (now.head, now.base.name, now.state)


def _demands(bot: Bot, pull: Pull, live: Sequence[Plan]) -> tuple[Demand, ...]:
    with source(bot, pull) as its:
        return weigh(case(bot, its, live, missing(bot, pull.key, projects(bot, its)))).demands


def objection(bot: Bot, source: Source, plan: Plan, confirmed: Sequence[str]) -> str | None:
    """Why this plan may no longer be applied, though its run passed the gate: a freeze, an objection, a lost approval.

    Mergeability and checks were asked at the gate and may well be computed anew while the apply reports.
    """
    now = case(bot, source, [plan], (), confirmed)
    settled = replace(now, pull=replace(now.pull, mergeable=True), checks=())
    return next((f"{demand.text} {demand.remedy}".strip() for demand in weigh(settled).demands if not demand.met), None)


def missing(bot: Bot, pull: str, there: Projects) -> tuple[tuple[str, str], ...]:
    """Projects that the pull affects as it is now and that have no plan, and why: a failed one, or a push just came."""
    with bot.store.read() as tx:
        newest = runs.latest(tx, pull, RunKind.PLAN)
        rows = {row.project.place: row for row in runs.projects(tx, newest.id)} if newest else {}
        planned = {plan.project.place for plan in (*plans.live(tx, pull), *plans.applied_of(tx, pull))}
    affected = {project.place: project for project in (*there.affected, *(project for project, _ in there.refused))}
    return tuple(
        (project.name, rows[place].note or rows[place].state.value if place in rows else "it is not planned yet")
        for place, project in affected.items()
        if place not in planned
    )
