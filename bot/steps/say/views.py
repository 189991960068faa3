"""Assemble from rows what a comment shows. Asks the forge only where the gate is to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from bot.bot import Bot
from bot.core.gate_case import Demand
from bot.core.lifecycle import LIVE_STATES, to_apply, to_approve_only
from bot.core.pull import Pull, PullState
from bot.core.run import Freeze, Plan, PlanState, Run, RunKind, RunProject, State
from bot.core.view import ProjectView, RemovedProject, RunView
from bot.core.vocabulary import NAMES, choose
from bot.store import locks, plans, runs

UNPLANNED = (State.FAILED, State.REFUSED, State.UNKNOWN)
END_MARK_LENGTH = 100
"""Characters at most of what stands below an apply's words for us alone."""


@dataclass(frozen=True, slots=True)
class RunRecords:
    """What a run's comment and statuses tell of, at one moment. `plans` by id are those of its rows and of the pull.

    `pull_plans` are ids: what the pull's newest plan run came to, and what is live besides. `applications` tell by
    whom and when a plan was applied; `unplanned` counts what the newest plan run has no plan of, though it should.
    """

    run: Run
    pull: Pull
    rows: tuple[RunProject, ...]
    notices: tuple[str, ...]
    plans: Mapping[str, Plan]
    pull_plans: tuple[str, ...]
    applications: Mapping[str, tuple[str, datetime]]
    last_apply: Run | None
    freeze: Freeze | None
    unplanned: int

    @property
    def unapplied(self) -> list[Plan]:
        """The pull's live plans that change something."""
        pull_plans = [self.plans[id] for id in self.pull_plans]
        return to_apply(plan for plan in pull_plans if plan.state in LIVE_STATES)

    @property
    def to_approve_only(self) -> list[Plan]:
        """The pull's live plans that change nothing now, and that change what later applies run."""
        pull_plans = [self.plans[id] for id in self.pull_plans]
        return to_approve_only(plan for plan in pull_plans if plan.state in LIVE_STATES)

    @property
    def shown_digests(self) -> dict[str, str]:
        """The plan digests that a reader of the comment sees, by place."""
        plan_ids = [row.plan for row in self.rows if row.plan and not self.lists(row)]
        row_plans = [self.plans[id] for id in plan_ids if id in self.plans]
        return {plan.project.place: plan.plan_digest for plan in row_plans}

    def lists(self, row: RunProject) -> bool:
        """The row only tells what the state of a project holds that the pull request removes."""
        return row.removed and not self.run.selection.destroy and row.state is State.DONE


def read_run(tx: sa.Connection, pull: Pull, run: Run) -> RunRecords:
    """All of it, as it is in this transaction."""
    rows, newest = runs.projects(tx, run.id), runs.latest(tx, pull.key, RunKind.PLAN)
    plan_rows = () if newest is None else rows if newest.id == run.id else runs.projects(tx, newest.id)
    live = plans.live(tx, pull.key)
    planned = dict.fromkeys(row.plan for row in plan_rows if row.plan)
    ids = dict.fromkeys([*(row.plan for row in rows if row.plan), *planned])
    stored = {plan.id: plan for plan in live} | {id: plan for id in ids if (plan := plans.get(tx, id))}
    return RunRecords(
        run=run,
        pull=pull,
        rows=rows,
        notices=runs.notices(tx, run.id),
        plans=stored,
        pull_plans=tuple(id for id in dict.fromkeys([*planned, *(plan.id for plan in live)]) if id in stored),
        applications={id: application for id in ids if (application := plans.application(tx, id))},
        last_apply=runs.latest(tx, pull.key, RunKind.APPLY),
        freeze=locks.get_freeze(tx),
        unplanned=_count_unplanned(newest, plan_rows),
    )


def _count_unplanned(run: Run | None, rows: Sequence[RunProject]) -> int:
    """A run that failed before it had any rows counts as one."""
    if run is None or not run.state.ended:
        return 0
    return sum(row.state in UNPLANNED for row in rows) or int(not rows and run.state in UNPLANNED)


def plan_view(bot: Bot, records: RunRecords, demands: Sequence[Demand]) -> RunView:
    """The plan comment's view of the pull's newest plan run."""
    run, pull, rows, notices, freeze = records.run, records.pull, records.rows, records.notices, records.freeze
    url = bot.link(pull.repository, run)
    listings = [row for row in rows if records.lists(row)]
    if freeze:
        notices = (f"Applies are frozen by {freeze.by}: {freeze.reason}", *notices)
    return RunView(
        run=run,
        number=pull.number,
        base_branch=pull.base.name,
        merged=pull.state is PullState.MERGED,
        projects=tuple(
            _project_view(row, records.plans.get(row.plan or ""), records.applications.get(row.plan or ""), url)
            for row in rows
            if row not in listings
        ),
        demands=tuple(demands),
        next=_next_commands(run, rows, records.plans, demands),
        notices=notices,
        removed=tuple(_removed_project(row) for row in listings if row.output),
        url=url,
        limit=bot.host(pull.repository).comment_limit,
    )


def apply_view(bot: Bot, records: RunRecords) -> RunView:
    """An apply's own comment: its rows, and what became of merge and locks."""
    run, pull, rows = records.run, records.pull, records.rows
    url = bot.link(pull.repository, run)
    retryable = tuple(row for row in rows if row.state in (State.FAILED, State.UNKNOWN, State.REFUSED))
    return RunView(
        run=run,
        number=pull.number,
        base_branch=pull.base.name,
        projects=tuple(_project_view(row, records.plans.get(row.plan or ""), None, url) for row in rows),
        next=(("/plan", "plans again what did not end well"),) if run.state.ended and retryable else (),
        notices=records.notices,
        url=url,
        limit=bot.host(pull.repository).comment_limit - END_MARK_LENGTH,
    )


def _project_view(
    row: RunProject, plan: Plan | None, application: tuple[str, datetime] | None, url: str | None
) -> ProjectView:
    view = ProjectView(row, url=url)
    if plan is None:
        return view
    if plan.state is PlanState.GONE and not application:
        return replace(view, content=plan.content, stale_because="it was dropped; `/plan` makes a new one")
    stale = plan.stale_because if plan.state is PlanState.STALE else ""
    view = replace(view, content=plan.content, valid_until=plan.expires_at, stale_because=stale)
    if application:
        by, at = application
        view = replace(view, applied_by=by, applied_at=at)
    return view


def _removed_project(row: RunProject) -> RemovedProject:
    return RemovedProject(
        row.project.name, tuple(row.output.split("\n")), f"/plan --destroy {choose(NAMES, row.project.name)}"
    )


def _next_commands(
    run: Run, rows: Sequence[RunProject], plans_by_id: Mapping[str, Plan], demands: Sequence[Demand]
) -> tuple[tuple[str, str], ...]:
    """The exact commands that make sense now."""
    if not run.state.ended or run.kind is not RunKind.PLAN:
        return ()
    appliable = [
        row
        for row in rows
        if (plan := plans_by_id.get(row.plan or "")) and plan.state is PlanState.CURRENT and not row.counts.empty
    ]
    retryable = [row for row in rows if row.state in (State.FAILED, State.REFUSED, State.UNKNOWN)]
    commands: list[tuple[str, str]] = []
    blocked = any(not demand.met for demand in demands)
    if appliable:
        effect = "applies all of it" if len(appliable) > 1 else "applies it"
        commands.append(("/apply", f"{effect}, once nothing blocks it" if blocked else effect))
    if len(appliable) > 1:
        commands.append((f"/apply {choose(NAMES, appliable[0].project.name)}", "applies one project"))
    if retryable or run.state is State.REFUSED or blocked:
        commands.append(("/plan", "plans again"))
    return tuple(commands)
