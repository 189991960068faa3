"""Gather what the gate weighs, live from the forge and from git: never from what we remember of people."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.gate import evaluate
from bot.core.gate_case import Demand, GateCase, Opinion
from bot.core.pull import Check, Contributors, Pull, PullState, Review, Role
from bot.core.run import Plan, Run, RunKind
from bot.ports import Host
from bot.steps.pull.source import Projects, PullSource, discover_projects, open_source
from bot.store import locks, plans, pulls, runs


@dataclass(frozen=True, slots=True)
class ForgeFacts:
    """What a forge says of a pull request at one moment."""

    contributors: Contributors
    reviews: tuple[Review, ...]
    checks: tuple[Check, ...]


def gate_case(
    bot: Bot,
    source: PullSource,
    chosen: Sequence[Plan],
    unplanned: Sequence[tuple[str, str]],
    confirmed: Sequence[str] = (),
    forge_facts: ForgeFacts | None = None,
) -> GateCase:
    """The case for applying these plans now. `unplanned`: (project, why) of what should have a plan and has none.

    `forge_facts`: what the forge says just now, where it was asked already.
    """
    pull = source.pull
    host = bot.host(pull.repository)
    base, facts = _comparison_base(source, chosen), forge_facts or fetch_forge_facts(host, pull)
    with bot.store.read() as tx:
        shown_digests = plans.shown_digests(tx, pull.key)
        asker = pulls.asker(tx, pull.key)
        pushers = pulls.pushers(tx, pull.key)
        freeze = locks.get_freeze(tx)
        foreign_locks = tuple(
            lock
            for plan in chosen
            if (lock := locks.lock_at(tx, pull.repository.key, plan.project.place)) and lock.pull != pull.key
        )
    return GateCase(
        pull=pull,
        plans=tuple(chosen),
        missing=tuple(unplanned),
        opinions=_opinions(bot, source, base, facts.reviews),
        change=_change_digest(bot, source, base, pull.head.sha),
        contributors=replace(facts.contributors, logins=facts.contributors.logins | pushers),
        asker=asker,
        shown_digests=shown_digests,
        checks=facts.checks,
        foreign_locks=foreign_locks,
        freeze=freeze,
        now=bot.clock(),
        confirmed=frozenset(confirmed),
    )


def fetch_forge_facts(host: Host, pull: Pull) -> ForgeFacts:
    """Ask the forge for all of it at once: each answer takes its time."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        contributors = pool.submit(host.contributors, pull.repository, pull.number)
        reviews = pool.submit(host.reviews, pull.repository, pull.number)
        checks = pool.submit(host.checks, pull) if pull.state is PullState.OPEN else None
        return ForgeFacts(contributors.result(), tuple(reviews.result()), tuple(checks.result()) if checks else ())


def _opinions(bot: Bot, source: PullSource, base: str, reviews: Sequence[Review]) -> tuple[Opinion, ...]:
    """Each reviewer's role is read once, now; a review on a commit that is gone covers nothing."""
    repository = source.pull.repository
    host = bot.host(repository)
    roles: dict[str, Role] = {}
    digests: dict[str, str | None] = {}
    for review in reviews:
        if review.author not in roles:
            roles[review.author] = host.role(repository, review.author)
        if review.commit not in digests:
            digests[review.commit] = _review_digest(bot, source, base, review.commit)
    return tuple(Opinion(review, roles[review.author], digests[review.commit]) for review in reviews)


def _review_digest(bot: Bot, source: PullSource, base: str, commit: str) -> str | None:
    if not commit or not source.mirror.has(commit):
        return None
    return _change_digest(bot, source, base, commit)


def _change_digest(bot: Bot, source: PullSource, base: str, head: str) -> str:
    key = ("change", source.pull.repository.key, base, head)
    return bot.memo.get_or_create(lambda: source.mirror.change_digest(base, head), *key)


def _comparison_base(source: PullSource, chosen: Sequence[Plan]) -> str:
    """What the pull's own change is measured against: of a merged pull, the base that was planned before the merge."""
    if source.pull.state is not PullState.MERGED:
        return source.base
    base_before_merge = next((plan.base for plan in chosen if source.mirror.has(plan.base)), None)
    if base_before_merge is None:
        raise Refused("the base branch as it was before the merge is no longer known; `/plan` again")
    return base_before_merge


def pull_demands(bot: Bot, pull: Pull, run: Run) -> tuple[Demand, ...]:
    """The gate's lines for all that the pull has to apply, to be shown; none where there is nothing to apply."""
    with bot.store.read() as tx:
        live = [plan for plan in plans.live(tx, pull.key) if not plan.content.counts.empty]
    if not live:
        return ()
    host = bot.host(pull.repository)
    with ThreadPoolExecutor(max_workers=2) as pool:
        pull_future = pool.submit(host.pull, pull.repository, pull.number)
        facts_future = pool.submit(fetch_forge_facts, host, pull)
        try:
            with open_source(bot, pull, allow_cached=True) as source:
                projects = discover_projects(bot, source)
                live_pull = pull_future.result()
                if _has_moved(pull, live_pull):
                    return _read_demands(bot, live_pull, live)
                source = replace(source, pull=live_pull)
                unplanned = unplanned_projects(bot, pull.key, projects)
                return evaluate(gate_case(bot, source, live, unplanned, forge_facts=facts_future.result())).demands
        except Refused as refusal:
            return (Demand(None, False, str(refusal)),)


def _has_moved(earlier: Pull, later: Pull) -> bool:
    return (earlier.head, earlier.base.name, earlier.state) != (later.head, later.base.name, later.state)


def _read_demands(bot: Bot, pull: Pull, live: Sequence[Plan]) -> tuple[Demand, ...]:
    with open_source(bot, pull) as source:
        unplanned = unplanned_projects(bot, pull.key, discover_projects(bot, source))
        return evaluate(gate_case(bot, source, live, unplanned)).demands


def objection(bot: Bot, source: PullSource, plan: Plan, confirmed: Sequence[str]) -> str | None:
    """Why this plan may no longer be applied, though its run passed the gate: a freeze, an objection, a lost approval.

    Mergeability and checks were asked at the gate and may well be computed anew while the apply reports.
    """
    case = gate_case(bot, source, [plan], (), confirmed)
    settled = replace(case, pull=replace(case.pull, mergeable=True), checks=())
    return next(
        (f"{demand.text} {demand.remedy}".strip() for demand in evaluate(settled).demands if not demand.met), None
    )


def unplanned_projects(bot: Bot, pull: str, projects: Projects) -> tuple[tuple[str, str], ...]:
    """Projects that the pull affects as it is now and that have no plan, and why: a failed one, or a push just came."""
    with bot.store.read() as tx:
        newest = runs.latest(tx, pull, RunKind.PLAN)
        rows = {row.project.place: row for row in runs.projects(tx, newest.id)} if newest else {}
        planned = {plan.project.place for plan in (*plans.live(tx, pull), *plans.applied_plans(tx, pull))}
    refused = (project for project, _ in projects.refused)
    affected = {project.place: project for project in (*projects.affected, *refused)}
    return tuple(
        (project.name, rows[place].note or rows[place].state.value if place in rows else "it is not planned yet")
        for place, project in affected.items()
        if place not in planned
    )
