"""Assemble from rows what a comment shows. Asks the forge only where the gate is to be shown."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.bot import Bot
from bot.core.gate_case import Demand
from bot.core.pull import Pull, PullState
from bot.core.run import Plan, PlanState, Run, RunKind, RunProject, State
from bot.core.view import ProjectView, RemovedProject, RunView
from bot.store import locks, plans, runs


def plan_view(bot: Bot, pull: Pull, run: Run, demands: Sequence[Demand]) -> RunView:
    """The plan comment's view of the pull's newest plan run."""
    with bot.store.read() as tx:
        rows = runs.projects(tx, run.id)
        notices = runs.notices(tx, run.id)
        plans_by_id = {row.plan: plans.get(tx, row.plan) for row in rows if row.plan}
        applications = {id: plans.application(tx, id) for id in plans_by_id if id}
        freeze = locks.get_freeze(tx)
    url = bot.link(pull.repository, run)
    listings = [row for row in rows if row.removed and not run.selection.destroy and row.state is State.DONE]
    if freeze:
        notices = (f"Applies are frozen by {freeze.by}: {freeze.reason}", *notices)
    return RunView(
        run=run,
        number=pull.number,
        base_branch=pull.base.name,
        merged=pull.state is PullState.MERGED,
        projects=tuple(
            _project_view(row, plans_by_id.get(row.plan or ""), applications.get(row.plan or ""), url)
            for row in rows
            if row not in listings
        ),
        demands=tuple(demands),
        next=_next_commands(run, rows, plans_by_id, demands),
        notices=notices,
        removed=tuple(_removed_project(row) for row in listings if row.output),
        url=url,
        limit=bot.host(pull.repository).comment_limit,
    )


def apply_view(bot: Bot, pull: Pull, run: Run) -> RunView:
    """An apply's own comment: its rows, and what became of merge and locks."""
    with bot.store.read() as tx:
        rows = runs.projects(tx, run.id)
        notices = runs.notices(tx, run.id)
        plans_by_id = {row.plan: plans.get(tx, row.plan) for row in rows if row.plan}
    url = bot.link(pull.repository, run)
    retryable = tuple(row for row in rows if row.state in (State.FAILED, State.UNKNOWN, State.REFUSED))
    return RunView(
        run=run,
        number=pull.number,
        base_branch=pull.base.name,
        projects=tuple(_project_view(row, plans_by_id.get(row.plan or ""), None, url) for row in rows),
        next=(("/plan", "plans again what did not end well"),) if run.state.ended and retryable else (),
        notices=notices,
        url=url,
        limit=bot.host(pull.repository).comment_limit,
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
        row.project.name, tuple(row.output.split("\n")), f"/plan --destroy -p {shlex.quote(row.project.name)}"
    )


def _next_commands(
    run: Run, rows: Sequence[RunProject], plans_by_id: dict[str, Plan | None], demands: Sequence[Demand]
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
        commands.append((f"/apply -p {shlex.quote(appliable[0].project.name)}", "applies one project"))
    if retryable or run.state is State.REFUSED or blocked:
        commands.append(("/plan", "plans again"))
    return tuple(commands)
