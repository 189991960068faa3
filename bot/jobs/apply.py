"""Apply a pull request's plans: ask the gate, take the lock, write the run and start what depends on nothing.

Promised by `/apply`, by an approval and by a merge. Applies nothing itself: each project is a job of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.bot import Bot, apply_run_id
from bot.core.commands import select_projects
from bot.core.errors import Refused
from bot.core.gate import evaluate, lock_demand
from bot.core.gate_case import Demand, group_demands
from bot.core.job import Job
from bot.core.keys import CommentSlot
from bot.core.project import ApplyMode
from bot.core.pull import Pull, PullState
from bot.core.run import Lock, Plan, PlanState, Run, RunKind, RunProject, State, WaitReason
from bot.core.same_state import with_same_state
from bot.core.trigger import TriggerKind
from bot.core.vocabulary import CONFIRM, SELECTION, CommandSpec, Example
from bot.steps.pull.configurations import base_refusal
from bot.steps.pull.evidence import project_digest, stale_reason
from bot.steps.pull.gate_facts import GateFacts, gate_case, gather_gate_facts, unplanned_projects
from bot.steps.pull.projects import Projects, discover_projects, other_directories
from bot.steps.pull.source import PullSource, open_source
from bot.steps.run import settle
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import audit, locks, plans, pulls, runs

AUTOMATIC_MODES = {TriggerKind.APPROVAL: ApplyMode.APPROVAL, TriggerKind.MERGE: ApplyMode.MERGE}
COMMAND = CommandSpec(
    examples=(
        Example(
            "/apply",
            "Applies the plans as shown, if nothing blocks them; when all is applied, merges (unless `merge: manual`)",
        ),
        Example("/apply -p infra/db", "Applies some of them"),
        Example(
            "/apply --confirm Namespace/shop",
            "The same, letting go what would take much along: a namespace, a definition, a volume",
        ),
    ),
    options=(*SELECTION, CONFIRM),
    page="""
    Exactly the plans that the comment shows are applied, in the order of `depends_on`, if the [gate](gate.md) is open;
    **then it merges** the pull request when nothing is left to apply. It takes the lock on all projects of the pull
    request first. `--confirm` names an object of Kubernetes that the gate says is not to be brought back, or one
    that is not healthy and is taken as it is, or one of which others' changes are overwritten.

    Each apply has a comment of its own, edited until it tells how each project ended. A project that fails stops what
    depends on it, not its siblings. Refused, for example:

    > **🚫 `/apply` was not carried out:** db-prod depends on infra/network: apply that first, or all at once

    With everything that the gate still asks for, one a line, where it is closed. While an apply of the pull request
    runs, another `/apply` is refused.
    """,
    rank=20,
)


class GateClosed(Refused):
    """The gate is not open. `unmet` is what it still demands, as people read it."""

    def __init__(self, demands: Iterable[Demand]) -> None:
        self.unmet = tuple(group for group in group_demands(demands) if not group.met)
        super().__init__("\n".join(group.sentence for group in self.unmet))


def run(bot: Bot, job: Job) -> None:
    """Write the apply run, once, and start its first rows."""
    pull = bot.fetch_pull(job)
    id = apply_run_id(job)
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        is_written = runs.get(tx, id) is not None
        jobs = settle.follow_up(bot, tx, id)  # it was written by a job that was killed then
    if not is_written:
        try:
            jobs = _create_run(bot, job, pull, id)
        except Refused as refusal:
            _report_refusal(bot, job, pull, refusal)
            return
    bot.start(jobs)


def _create_run(bot: Bot, job: Job, pull: Pull, id: str) -> tuple[Job, ...]:
    """Pass the gate, write the run and begin it. Nothing when an apply that nobody asked for finds nothing ripe."""
    if pull.state is PullState.CLOSED:
        raise Refused("the pull request is closed; reopen it first")
    with open_source(bot, pull, as_landed=job.trigger.kind is TriggerKind.MERGE) as source:
        if refusal := base_refusal(bot, source):
            raise Refused(refusal)
        facts = ApplyFacts(job, source, discover_projects(bot, source), gather_gate_facts(bot, source))
        chosen = _choose_plans(bot, facts)
        _record_stale(bot, facts, chosen)
        if job.trigger.kind is TriggerKind.APPROVAL:
            chosen = _past_gate(bot, facts, _unattempted(facts, chosen))
        if not chosen:
            return ()
        if job.trigger.kind is not TriggerKind.APPROVAL:
            _require_open_gate(bot, facts, chosen)
        run = replace(_new_run(bot, job, source, id), findings=replace(facts.projects.findings, uncovered=()))
        rows = _new_rows(bot, run, facts, chosen)
    return _lock_and_write(bot, job, pull, run, rows)


@dataclass(frozen=True, slots=True)
class ApplyFacts:
    """What an apply is decided on: what was asked, and what git, the forge and the store say now."""

    job: Job
    source: PullSource
    projects: Projects
    gate: GateFacts

    @property
    def unapplied(self) -> list[Plan]:
        """The pull's live plans that change something."""
        return self.gate.records.unapplied


def _choose_plans(bot: Bot, facts: ApplyFacts) -> list[Plan]:
    """The plans to apply, as they stand against the pull of now. Raises Refused when the asker chose nothing."""
    live, mode = facts.unapplied, AUTOMATIC_MODES.get(facts.job.trigger.kind)
    if mode:
        live = [plan for plan in live if facts.projects.rules(plan.project.place).apply is mode]
    selected = select_projects([plan.project for plan in live], facts.job.selection)
    chosen = [plan for plan in live if plan.project in selected]
    if not chosen and not mode:
        names = ", ".join(plan.project.name for plan in live)
        raise Refused(f"no planned project matches; there are: {names}" if live else "there is no plan to apply")
    if mode is ApplyMode.MERGE:
        return [_renew(bot, plan) for plan in chosen]
    return [_check_freshness(bot, facts, plan) for plan in chosen]


def _renew(bot: Bot, plan: Plan) -> Plan:
    """By a merge, what moved is no obstacle: the project is planned again, and an equal plan goes on."""
    return replace(plan, state=PlanState.CURRENT, expires_at=max(plan.expires_at, bot.clock() + bot.limits.plan_ttl))


def _check_freshness(bot: Bot, facts: ApplyFacts, plan: Plan) -> Plan:
    """The plan, stale if git says so before anyone was told."""
    is_current = plan.state is PlanState.CURRENT
    reason = stale_reason(bot, facts.source, facts.projects, plan) if is_current else None
    return plan if reason is None else replace(plan, state=PlanState.STALE, stale_because=reason)


def _record_stale(bot: Bot, facts: ApplyFacts, chosen: Sequence[Plan]) -> None:
    """Keep what was seen to be stale, whatever comes of the apply."""
    current = {plan.id for plan in facts.unapplied if plan.state is PlanState.CURRENT}
    if newly_stale := [plan for plan in chosen if plan.state is PlanState.STALE and plan.id in current]:
        with bot.store.begin() as tx:
            for plan in newly_stale:
                plans.set_state(tx, plan.id, PlanState.STALE, plan.stale_because)


def _unattempted(facts: ApplyFacts, chosen: Sequence[Plan]) -> list[Plan]:
    """Without those whose apply did not come to its end: what went wrong or was cancelled begins again by `/apply`."""
    return [plan for plan in chosen if plan.project.place not in facts.gate.records.unfinished]


def _past_gate(bot: Bot, facts: ApplyFacts, chosen: Sequence[Plan]) -> list[Plan]:
    """Those for which the gate is open; nobody asked, so nobody is told about the others."""
    verdict = evaluate(gate_case(bot, facts.source, facts.gate, chosen))
    return [plan for plan in chosen if not verdict.unmet_demands(plan.project.name)]


def _require_open_gate(bot: Bot, facts: ApplyFacts, chosen: Sequence[Plan]) -> None:
    """Raises GateClosed with every unmet demand."""
    selection = facts.job.selection
    unplanned = unplanned_projects(facts.gate.records, facts.projects) if selection.everything else ()
    weighed = [*chosen, *(facts.gate.records.to_approve_only if selection.everything else ())]
    verdict = evaluate(gate_case(bot, facts.source, facts.gate, weighed, unplanned, selection.confirmed))
    if not verdict.open:
        raise GateClosed(verdict.demands)


def _new_run(bot: Bot, job: Job, source: PullSource, id: str) -> Run:
    return Run(
        id=id,
        kind=RunKind.APPLY,
        pull=source.pull.key,
        state=State.QUEUED,
        asked_by=job.asked_by,
        trigger=job.trigger,
        head=source.head,
        base=source.base,
        branch=source.pull.base.name,
        result=source.result,
        selection=job.selection,
        created_at=bot.clock(),
    )


def _new_rows(bot: Bot, run: Run, facts: ApplyFacts, chosen: Sequence[Plan]) -> list[RunProject]:
    """Rows in order; what depends on another waits for it. Raises Refused when that one was left out."""
    names = {plan.project.name for plan in chosen}
    remaining = {plan.project.name for plan in facts.unapplied} - names
    for plan in chosen:
        if upstream := remaining.intersection(plan.project.depends_on):
            raise Refused(
                f"{plan.project.name} depends on {', '.join(sorted(upstream))}: apply that first, or all at once"
            )
    return [_new_row(bot, run, facts, plan, names) for plan in chosen]


def _new_row(bot: Bot, run: Run, facts: ApplyFacts, plan: Plan, names: set[str]) -> RunProject:
    source, projects = facts.source, facts.projects
    removed = plan.project in projects.removed
    tree = source.before if removed else source.after
    return RunProject(
        run=run.id,
        project=plan.project,
        rules=projects.rules(plan.project.place),
        state=State.QUEUED,
        plan=plan.id,
        counts=plan.content.counts,
        waits_for=WaitReason.DEPENDENCIES if names.intersection(plan.project.depends_on) else WaitReason.TURN,
        removed=removed,
        input_digest=project_digest(bot, tree, plan.project, other_directories(projects, plan.project)),
    )


def _lock_and_write(bot: Bot, job: Job, pull: Pull, run: Run, rows: Sequence[RunProject]) -> tuple[Job, ...]:
    """Take the lock on all that the pull has planned and begin the run, or neither. Refused names the holder.

    Plans are read again: one may have come since the decision, which is locked too, or gone, which nobody applies.
    """
    now = bot.clock()
    with bot.store.begin() as tx:
        pulls.hold(tx, pull.key)
        if runs.list_unfinished(tx, pull.key, RunKind.APPLY):
            raise Refused("an apply of this pull request is running; its comment tells how it goes")
        live = plans.live(tx, pull.key)
        if not {row.plan for row in rows} <= {plan.id for plan in live}:
            raise Refused("its plans are others now, or were applied meanwhile; see the plan comment")
        planned = {plan.project.place for plan in live}
        places = with_same_state(run.findings.same_state, planned)
        requested = [Lock(pull.repository.key, place, pull.key, run.asked_by, now) for place in sorted(places)]
        if conflicts := locks.take(tx, requested):
            raise GateClosed(lock_demand(lock) for lock in conflicts)
        runs.add(tx, run, rows, job.id)
        for row in rows:
            runs.sign(tx, run, row, bot.vault.sign)
            audit.record(tx, now, run.asked_by, "apply begins", pull.key, project=row.project.name, plan=row.plan or "")
        rivals = {
            plan.pull for place in places for plan in plans.live_elsewhere(tx, pull.repository.key, place, pull.key)
        }
        told = [update_requests.request_version(bot, tx, CommentSlot.plan(rival), rival) for rival in sorted(rivals)]
        return (*settle.follow_up(bot, tx, run.id), *(job for jobs in told for job in jobs))


def _report_refusal(bot: Bot, job: Job, pull: Pull, refusal: Refused) -> None:
    """Tell who asked; of an apply by a merge, tell that it waits for `/apply`. By an approval nobody asked."""
    if job.trigger.kind is TriggerKind.APPROVAL:
        return
    if job.trigger.kind is TriggerKind.MERGE:
        answer(bot, job, pull, "landed_waiting", why=str(refusal), command="/apply")
        return
    react(bot, job, pull, "confused")
    if isinstance(refusal, GateClosed):
        answer(bot, job, pull, "gate_closed", command="/apply", demands=refusal.unmet)
    else:
        answer(bot, job, pull, "refused", command="/apply", why=str(refusal))
