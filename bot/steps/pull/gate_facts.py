"""Gather what the gate weighs, live from the forge and from git: never from what we remember of people."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.gate import evaluate
from bot.core.gate_case import Demand, GateCase, Opinion
from bot.core.pull import Check, Contributors, Pull, PullState, Review, Role
from bot.core.run import Plan
from bot.core.same_state import with_same_state
from bot.ports import Host
from bot.steps.pull.records import PullRecords, read_records
from bot.steps.pull.source import Projects, PullSource, discover_projects, open_source


@dataclass(frozen=True, slots=True)
class ForgeFacts:
    """What a forge says of a pull request at one moment."""

    contributors: Contributors
    reviews: tuple[Review, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What forge and store say, the store last: what was shown before a review is known with the review."""

    forge: ForgeFacts
    records: PullRecords


def gather_gate_facts(bot: Bot, pull: Pull) -> GateFacts:
    """Ask the forge, then read the store."""
    forge_facts = fetch_forge_facts(bot.host(pull.repository), pull)
    with bot.store.read() as tx:
        return GateFacts(forge_facts, read_records(tx, pull))


def gate_case(
    bot: Bot,
    source: PullSource,
    facts: GateFacts,
    chosen: Sequence[Plan],
    unplanned: Sequence[tuple[str, str]] = (),
    confirmed: Sequence[str] = (),
) -> GateCase:
    """The case for applying these plans now. `unplanned`: (project, why) of what should have a plan and has none."""
    pull, forge, records = source.pull, facts.forge, facts.records
    base = _comparison_base(source, chosen)
    groups = discover_projects(bot, source).findings.same_state
    places = sorted(with_same_state(groups, (plan.project.place for plan in chosen)))
    locks_by_place = {lock.place: lock for lock in records.foreign_locks}
    return GateCase(
        pull=pull,
        plans=tuple(chosen),
        missing=tuple(unplanned),
        opinions=_opinions(bot, source, base, forge.reviews),
        change=_change_digest(bot, source, base, pull.head.sha),
        contributors=replace(forge.contributors, logins=forge.contributors.logins | records.pushers),
        asker=records.asker,
        shown_digests=records.shown_digests,
        checks=forge.checks,
        foreign_locks=tuple(locks_by_place[place] for place in places if place in locks_by_place),
        freeze=records.freeze,
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


def pull_demands(bot: Bot, pull: Pull) -> tuple[Demand, ...]:
    """The gate's lines for all that the pull has to apply, to be shown; none where there is nothing to apply.

    Ask where something is: the forge is asked for all of it.
    """
    host = bot.host(pull.repository)
    with ThreadPoolExecutor(max_workers=2) as pool:
        pull_future = pool.submit(host.pull, pull.repository, pull.number)
        facts_future = pool.submit(fetch_forge_facts, host, pull)
        try:
            with open_source(bot, pull, allow_cached=True) as source:
                projects = discover_projects(bot, source)
                live_pull = pull_future.result()
                if _has_moved(pull, live_pull):
                    return _read_demands(bot, live_pull)
                forge_facts = facts_future.result()
                with bot.store.read() as tx:
                    facts = GateFacts(forge_facts, read_records(tx, live_pull))
                return _demands(bot, replace(source, pull=live_pull), projects, facts)
        except Refused as refusal:
            return (Demand(None, False, str(refusal)),)


def _has_moved(earlier: Pull, later: Pull) -> bool:
    return (earlier.head, earlier.base.name, earlier.state) != (later.head, later.base.name, later.state)


def _read_demands(bot: Bot, pull: Pull) -> tuple[Demand, ...]:
    with open_source(bot, pull) as source:
        return _demands(bot, source, discover_projects(bot, source), gather_gate_facts(bot, pull))


def _demands(bot: Bot, source: PullSource, projects: Projects, facts: GateFacts) -> tuple[Demand, ...]:
    unapplied = facts.records.unapplied
    if not unapplied:
        return ()
    return evaluate(gate_case(bot, source, facts, unapplied, unplanned_projects(facts.records, projects))).demands


def objection(bot: Bot, source: PullSource, plan: Plan, confirmed: Sequence[str]) -> str | None:
    """Why this plan may no longer be applied, though its run passed the gate: a freeze, an objection, a lost approval.

    Mergeability and checks were asked at the gate and may well be computed anew while the apply reports.
    """
    case = gate_case(bot, source, gather_gate_facts(bot, source.pull), [plan], confirmed=confirmed)
    settled = replace(case, pull=replace(case.pull, mergeable=True), checks=())
    return next(
        (f"{demand.text} {demand.remedy}".strip() for demand in evaluate(settled).demands if not demand.met), None
    )


def unplanned_projects(records: PullRecords, projects: Projects) -> tuple[tuple[str, str], ...]:
    """Projects that the pull affects as it is now and that have no plan, and why: a failed one, or a push just came."""
    rows = {row.project.place: row for row in records.plan_rows}
    planned = {plan.project.place for plan in (*records.live, *records.applied)}
    refused = (project for project, _ in projects.refused)
    affected = {project.place: project for project in (*projects.affected, *refused)}
    return tuple(
        (project.name, rows[place].note or rows[place].state.value if place in rows else "it is not planned yet")
        for place, project in affected.items()
        if place not in planned
    )
