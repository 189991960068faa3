"""Gather what the gate weighs, live from the forge and from git: never from what we remember of people."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bot.bot import Bot
from bot.core.approvals import unaccountable_bots
from bot.core.errors import Refused
from bot.core.gate import evaluate
from bot.core.gate_case import Demand, GateCase, Opinion
from bot.core.project import Rules
from bot.core.pull import Check, Contributors, Pull, PullState, Review, branch_at
from bot.core.rules import strictest
from bot.core.run import Plan
from bot.core.same_state import with_same_state
from bot.ports import Host
from bot.steps.pull.configurations import rules_at
from bot.steps.pull.landing import planned_bases
from bot.steps.pull.projects import Projects, discover_projects
from bot.steps.pull.records import PullRecords, read_records
from bot.steps.pull.source import PullSource, open_source
from bot.store import pulls


@dataclass(frozen=True, slots=True)
class ForgeFacts:
    """What a forge says of a pull request at one moment."""

    contributors: Contributors
    reviews: tuple[Review, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What git, forge and store say, the store last: what was shown before a review is known with the review.

    `before` is the base without the pull: of a landed one as it was then, None where nobody can tell. `pushers` brought
    the pull's commits.
    """

    forge: ForgeFacts
    records: PullRecords
    before: str | None
    pushers: frozenset[str]


def gather_gate_facts(bot: Bot, source: PullSource) -> GateFacts:
    """Ask the forge, then read the store."""
    return read_gate_facts(bot, source, fetch_forge_facts(bot.host(source.pull.repository), source.pull))


def read_gate_facts(bot: Bot, source: PullSource, forge_facts: ForgeFacts) -> GateFacts:
    """Read the store, and git, beside what the forge said."""
    pull = source.pull
    with bot.store.read() as tx:
        records = read_records(tx, pull)
    before = _base_before_landing(bot, source, records) if pull.state is PullState.MERGED else source.base
    commits = source.mirror.commits_between(before, pull.head.sha) if before else ()
    with bot.store.read() as tx:
        pushers = pulls.commit_pushers(tx, pull.repository.key, commits)
    return GateFacts(forge_facts, records, before, records.pushers | pushers)


def gate_case(
    bot: Bot,
    source: PullSource,
    facts: GateFacts,
    chosen: Sequence[Plan],
    unplanned: Sequence[tuple[str, str]] = (),
    confirmed: Sequence[str] = (),
) -> GateCase:
    """The case for applying these plans now, by the base's rules as they are now.

    `unplanned`: (project, why) of what should have a plan and has none.
    """
    pull, forge, records = source.pull, facts.forge, facts.records
    own_login = bot.host(pull.repository).whoami()
    groups = discover_projects(bot, source).findings.same_state
    places = sorted(with_same_state(groups, (plan.project.place for plan in chosen)))
    locks_by_place = {lock.place: lock for lock in records.foreign_locks}
    return GateCase(
        pull=pull,
        plans=tuple(replace(plan, rules=_rules_now(bot, source, facts, plan)) for plan in chosen),
        missing=tuple(unplanned),
        opinions=_opinions(bot, source, facts),
        tree=_head_tree(source, facts.before),
        contributors=replace(forge.contributors, logins=forge.contributors.logins | facts.pushers),
        askers=records.askers,
        shown_digests=records.shown_digests,
        checks=forge.checks,
        foreign_locks=tuple(locks_by_place[place] for place in places if place in locks_by_place),
        freeze=records.freeze,
        now=bot.clock(),
        confirmed=frozenset(confirmed),
        own_login=own_login,
        bots=unaccountable_bots(pull, facts.pushers, own_login, records.askers),
    )


def fetch_forge_facts(host: Host, pull: Pull) -> ForgeFacts:
    """Ask the forge for all of it at once: each answer takes its time."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        contributors = pool.submit(host.contributors, pull.repository, pull.number)
        reviews = pool.submit(host.reviews, pull.repository, pull.number)
        checks = pool.submit(host.checks, pull) if pull.state is PullState.OPEN else None
        return ForgeFacts(contributors.result(), tuple(reviews.result()), tuple(checks.result()) if checks else ())


def _opinions(bot: Bot, source: PullSource, facts: GateFacts) -> tuple[Opinion, ...]:
    """Each reviewer's role is read once, now; each commit that was reviewed is merged once, now."""
    reviews, repository = facts.forge.reviews, source.pull.repository
    host = bot.host(repository)
    roles = {author: host.role(repository, author) for author in dict.fromkeys(review.author for review in reviews)}
    commits = dict.fromkeys(review.commit for review in reviews)
    trees = {commit: _reviewed_tree(source, facts.before, commit) for commit in commits}
    branches = facts.records.base_branches
    return tuple(
        Opinion(review, roles[review.author], trees[review.commit], branch_at(branches, review.at))
        for review in reviews
    )


def _rules_now(bot: Bot, source: PullSource, facts: GateFacts, plan: Plan) -> Rules:
    """The base's rules for the plan's place; of a landed pull, which may have changed them, the strictest of both."""
    rules_now = discover_projects(bot, source).rules(plan.project.place)
    if source.pull.state is not PullState.MERGED:
        return rules_now
    rules_then = rules_at(bot, source.mirror, facts.before, plan.project) if facts.before else Rules()
    return strictest([plan.rules, rules_now, bot.schema.complete_rules(rules_then)], bot.schema.rule_keys)


def _reviewed_tree(source: PullSource, before: str | None, commit: str) -> str | None:
    """What the base becomes with the commit merged in: None of one that is gone, or that conflicts."""
    return source.mirror.merged_tree(before, commit) if before and commit and source.mirror.obtain(commit) else None


def _head_tree(source: PullSource, before: str | None) -> str | None:
    """What the base becomes with the head merged in. What landed must be that."""
    tree = source.mirror.merged_tree(before, source.pull.head.sha) if before else None
    if source.pull.state is PullState.MERGED and tree:
        return tree if tree == source.mirror.tree_id(source.pull.merge_commit or "") else None
    return tree


def _base_before_landing(bot: Bot, source: PullSource, records: PullRecords) -> str | None:
    """What the base branch was before the first commit that a merged pull landed."""
    pull, mirror = source.pull, source.mirror
    if not (pull.merge_commit and mirror.obtain(pull.merge_commit)):
        return None
    bases = planned_bases(bot, pull, records.live, records.base_branches)
    return mirror.before_landing(pull.merge_commit, pull.head.sha, bases)


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
                live_source = replace(source, pull=live_pull)
                return _demands(bot, live_source, projects, read_gate_facts(bot, live_source, facts_future.result()))
        except Refused as refusal:
            return (Demand(None, False, str(refusal)),)


def _has_moved(earlier: Pull, later: Pull) -> bool:
    return (earlier.head, earlier.base.name, earlier.state) != (later.head, later.base.name, later.state)


def _read_demands(bot: Bot, pull: Pull) -> tuple[Demand, ...]:
    with open_source(bot, pull) as source:
        return _demands(bot, source, discover_projects(bot, source), gather_gate_facts(bot, source))


def _demands(bot: Bot, source: PullSource, projects: Projects, facts: GateFacts) -> tuple[Demand, ...]:
    weighed = facts.records.unapplied + facts.records.to_approve_only
    if not weighed:
        return ()
    return evaluate(gate_case(bot, source, facts, weighed, unplanned_projects(facts.records, projects))).demands


def unapproved_code(bot: Bot, source: PullSource, plans: Sequence[Plan]) -> str | None:
    """Why what these plans change of what later applies run is not approved; None where it is, or there are none."""
    if not plans:
        return None
    names = {plan.project.name for plan in plans}
    demands = evaluate(gate_case(bot, source, gather_gate_facts(bot, source), plans)).demands
    unmet = (demand for demand in demands if not demand.met and demand.project in names)
    return next((f"{demand.project}: {demand.refusal}" for demand in unmet), None)


def objection(bot: Bot, source: PullSource, plan: Plan, confirmed: Sequence[str]) -> str | None:
    """Why this plan may no longer be applied, though its run passed the gate: a freeze, an objection, a lost approval.

    Mergeability and checks were asked at the gate and may well be computed anew while the apply reports.
    """
    case = gate_case(bot, source, gather_gate_facts(bot, source), [plan], confirmed=confirmed)
    settled = replace(case, pull=replace(case.pull, mergeable=True), checks=())
    return next((demand.refusal for demand in evaluate(settled).demands if not demand.met), None)


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
