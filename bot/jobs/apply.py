"""Apply a pull request's plans: ask the gate, take the lock, write the run and start what depends on nothing.

Promised by `/apply`, by an approval and by a merge. Applies nothing itself: each project is a job of its own.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.bot import Bot, short
from bot.core.commands import selected
from bot.core.errors import Refused
from bot.core.gate import weigh
from bot.core.job import Job
from bot.core.project import ApplyMode
from bot.core.pull import Pull, PullState
from bot.core.run import Lock, Plan, PlanState, Run, RunKind, RunProject, Selection, State
from bot.steps.pull.gate_facts import case, missing
from bot.steps.pull.source import Projects, Source, digest, directories, moved_since, no_target, projects, source
from bot.steps.run import settle
from bot.steps.run.dependents import UPSTREAM
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import ledger, locks, plans, runs
from bot.store.columns import load

BY_ITSELF = {"approval": ApplyMode.APPROVAL, "merge": ApplyMode.MERGE}


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    id = short("apply", job.root)
    with bot.store.read() as tx:
        known = runs.get(tx, id)
    if known is None:
        try:
            begun = _begin(bot, job, pull, id)
        except Refused as why:
            _refuse(bot, job, pull, str(why))
            return
        if not begun:
            return
    settle.start_turns(bot, id)
    settle.told_if_ended(bot, id)
    update_requests.ask_for(bot, id)


def _begin(bot: Bot, job: Job, pull: Pull, id: str) -> bool:
    """Pass the gate and write the run. False when an apply that nobody asked for finds nothing ripe."""
    if pull.state is PullState.CLOSED:
        raise Refused("the pull request is closed; reopen it first")
    with source(bot, pull, as_landed=job.args["why"] == "merge") as its:
        if why := no_target(its):
            raise Refused(why)
        there = projects(bot, its)
        chosen = _chosen(bot, job, its, there)
        if job.args["why"] == "approval":
            chosen = _ripe(bot, its, chosen)
        if not chosen:
            return False
        if job.args["why"] != "approval":
            _ask_gate(bot, job, its, there, chosen)
        made = _new(bot, job, its, id)
        rows = _rows(bot, made, its, there, chosen)
    _write(bot, job, pull, made, rows)
    return True


def _chosen(bot: Bot, job: Job, its: Source, there: Projects) -> list[Plan]:
    """The plans to apply, as they stand against the pull of now. Raises Refused when the asker chose nothing."""
    with bot.store.read() as tx:
        live = [plan for plan in plans.live(tx, its.pull.key) if not plan.content.counts.empty]
    mode = BY_ITSELF.get(job.args["why"])
    if mode:
        live = [plan for plan in live if there.rules(plan.project.place).apply is mode]
    wanted = selected([plan.project for plan in live], load(Selection, job.args.get("selection", "{}")))
    chosen = [plan for plan in live if plan.project in wanted]
    if not chosen and not mode:
        names = ", ".join(plan.project.name for plan in live)
        raise Refused(f"no planned project matches; there are: {names}" if live else "there is no plan to apply")
    if mode is ApplyMode.MERGE:
        return [_as_landed(bot, plan) for plan in chosen]
    return [_as_of_now(bot, its, there, plan) for plan in chosen]


def _as_landed(bot: Bot, plan: Plan) -> Plan:
    """By a merge, what moved is no obstacle: the project is planned again, and an equal plan goes on."""
    return replace(plan, state=PlanState.CURRENT, expires_at=max(plan.expires_at, bot.clock() + bot.limits.plan_ttl))


def _as_of_now(bot: Bot, its: Source, there: Projects, plan: Plan) -> Plan:
    """The plan, found stale if git says so before anyone was told."""
    why = moved_since(bot, its, there, plan) if plan.state is PlanState.CURRENT else None
    if why is None:
        return plan
    with bot.store.begin() as tx:
        plans.set_state(tx, plan.id, PlanState.STALE, why)
    return replace(plan, state=PlanState.STALE, stale_because=why)


def _ripe(bot: Bot, its: Source, chosen: Sequence[Plan]) -> list[Plan]:
    """Those for which the gate is open; nobody asked, so nobody is told about the others."""
    verdict = weigh(case(bot, its, chosen, ()))
    return [plan for plan in chosen if not verdict.closed_for(plan.project.name)]


def _ask_gate(bot: Bot, job: Job, its: Source, there: Projects, chosen: Sequence[Plan]) -> None:
    """Raises Refused with every unmet demand."""
    asked = load(Selection, job.args.get("selection", "{}"))
    lacking = missing(bot, its.pull.key, there) if asked.everything else ()
    verdict = weigh(case(bot, its, chosen, lacking, asked.confirmed))
    if not verdict.open:
        raise Refused("\n".join(_line(d.project, d.text, d.remedy) for d in verdict.demands if not d.met))


def _line(project: str | None, text: str, remedy: str) -> str:
    words = f"{project}: {text}" if project else text
    return f"{words} — {remedy}" if remedy else words


def _new(bot: Bot, job: Job, its: Source, id: str) -> Run:
    return Run(
        id=id,
        kind=RunKind.APPLY,
        pull=its.pull.key,
        state=State.QUEUED,
        asked_by=job.args["asked_by"],
        why=job.args["why"],
        head=its.head,
        base=its.base,
        branch=its.pull.base.name,
        result=its.result,
        selection=load(Selection, job.args.get("selection", "{}")),
        created_at=bot.clock(),
    )


def _rows(bot: Bot, made: Run, its: Source, there: Projects, chosen: Sequence[Plan]) -> list[RunProject]:
    """Rows in order; what depends on another waits for it. Raises Refused when that one was left out."""
    names = {plan.project.name for plan in chosen}
    with bot.store.read() as tx:
        left = {p.project.name for p in plans.live(tx, made.pull) if not p.content.counts.empty} - names
    for plan in chosen:
        if behind := left.intersection(plan.project.depends_on):
            raise Refused(
                f"{plan.project.name} depends on {', '.join(sorted(behind))}: apply that first, or all at once"
            )
    return [_row(bot, made, its, there, plan, names) for plan in chosen]


def _row(bot: Bot, made: Run, its: Source, there: Projects, plan: Plan, names: set[str]) -> RunProject:
    removed = plan.project in there.removed
    tree = its.before if removed else its.after
    return RunProject(
        run=made.id,
        project=plan.project,
        rules=there.rules(plan.project.place),
        state=State.QUEUED,
        plan=plan.id,
        counts=plan.content.counts,
        waits_for=UPSTREAM if names.intersection(plan.project.depends_on) else runs.TURN,
        removed=removed,
        input_digest=digest(bot, tree, plan.project, directories(there, plan.project)),
    )


def _write(bot: Bot, job: Job, pull: Pull, made: Run, rows: Sequence[RunProject]) -> None:
    """Take the lock on all that the pull has planned and write the run, or neither. Refused names the holder."""
    now = bot.clock()
    with bot.store.begin() as tx:
        if runs.unfinished(tx, pull.key, RunKind.APPLY):
            raise Refused("an apply of this pull request is running; its comment tells how it goes")
        places = {plan.project.place for plan in plans.live(tx, pull.key)}
        wanted = [Lock(pull.repository.key, place, pull.key, made.asked_by, now) for place in sorted(places)]
        if others := locks.take(tx, wanted):
            held = "; ".join(f"{lock.place} is locked by {lock.pull.rpartition('#')[2]}" for lock in others)
            raise Refused(held)
        runs.add(tx, made, rows, job.id)
        for row in rows:
            ledger.note(tx, now, made.asked_by, "apply begins", pull.key, project=row.project.name, plan=row.plan or "")


def _refuse(bot: Bot, job: Job, pull: Pull, why: str) -> None:
    """Tell who asked; of an apply by a merge, tell that it waits for `/apply`."""
    if job.args["why"] == "merge":
        answer(bot, job, pull, "landed_waiting", why=why, command="/apply")
        return
    react(bot, job, pull, "confused")
    answer(bot, job, pull, "refused", command="/apply", why=why)
