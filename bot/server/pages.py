"""The pages: runs, one run, locks and freezes. Read-only views of rows; the guard in `signin` has let the reader in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bot.core.pull import Pull, Repository
from bot.core.run import Plan, PlanState, Run, RunKind, RunProject, State
from bot.core.view import ProjectView
from bot.server.change_tree import ChangeBudget
from bot.server.dependencies import dependencies
from bot.server.graph import graph
from bot.store import gates, history, plans, pulls, run_list, runs
from bot.store import locks as lock_store
from bot.store.run_list import RunFilter, RunTotals

REFRESH_SECONDS = 5
MAX_UNFOLDED = 5
MAX_CHANGES = 500
MAX_FOLLOWED = 2
"""Logs that a run's page shows as they grow: each takes one of the few streams. Others are a link away."""
RECENT = timedelta(hours=24)
LAST_PAGE = 1_000_000

pages = Blueprint("pages", __name__)
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the list, with its pull request if we know it."""

    run: Run
    pull: Pull | None
    totals: RunTotals


@pages.get("/")
def first() -> Response:
    """The list of runs is the first page."""
    return redirect(url_for("pages.every_run"))


@pages.get("/runs")
def every_run() -> str:
    """The runs that the query filters, a page of them."""
    page = requested_page()
    with dependencies().store.read() as tx:
        keys_by_label = _repository_labels(pulls.repositories(tx))
        listed, has_more = run_list.list_page(tx, _run_filter(keys_by_label), page)
        totals = run_list.totals(tx, (run.id for run in listed))
        lines = [RunLine(run, pulls.get(tx, run.pull), totals.get(run.id, RunTotals())) for run in listed]
        state_counts = history.run_states(tx, datetime.now(UTC), RECENT)
        all_locks, freeze = lock_store.list_locks(tx), lock_store.get_freeze(tx)
    filters = {name: value for name, value in request.args.items() if value and name != "page"}
    if label := {key: label for label, key in keys_by_label.items()}.get(filters.get("repository", "")):
        filters["repository"] = label
    return render_template(
        "runs.html",
        title="Runs",
        lines=lines,
        repositories=tuple(keys_by_label),
        kinds=tuple(RunKind),
        states=tuple(State),
        filters=filters,
        page=page,
        has_more=has_more,
        state_counts=state_counts,
        locks=all_locks,
        freeze=freeze,
    )


@pages.get("/runs/<run>")
def run(run: str) -> str:
    """One run with all that came of it; 404 where there is none."""
    with dependencies().store.read() as tx:
        run_row = runs.get(tx, run) or abort(404, "There is no such run.")
        rows = runs.projects(tx, run)
        ids = {row.plan for row in rows if row.plan}
        plans_by_id = {id: (plans.get(tx, id), plans.application(tx, id)) for id in ids}
        pull = pulls.get(tx, run_row.pull)
        notices, freeze, gate = runs.notices(tx, run), lock_store.get_freeze(tx), gates.get(tx, run)
    projects = [_project_view(row, *plans_by_id.get(row.plan or "", (None, None))) for row in rows]
    return render_template(
        "run.html",
        title=f"{run_row.kind.capitalize()} {run_row.id}",
        run=run_row,
        pull=pull,
        projects=projects,
        notices=notices,
        freeze=freeze,
        gate=gate,
        graph=graph(rows),
        unfolded=len(projects) <= MAX_UNFOLDED,
        refresh=refresh(run_row.state),
        progress=progress(rows),
        followed=[row.project.place for row in rows if row.state is State.RUNNING][:MAX_FOLLOWED],
        change_budget=ChangeBudget(None if request.args.get("all") else MAX_CHANGES),
    )


@pages.get("/locks")
def locks() -> str:
    """Who holds which place, what runs now, and the freezes."""
    with dependencies().store.read() as tx:
        all_locks, slots, freeze = lock_store.list_locks(tx), lock_store.slots(tx), lock_store.get_freeze(tx)
        past_freezes = history.freezes(tx)
        pulls_by_key = {lock.pull: pulls.get(tx, lock.pull) for lock in all_locks}
        names = {repository.key: repository.name for repository in pulls.repositories(tx)}
    return render_template(
        "locks.html",
        title="Locks and freezes",
        locks=all_locks,
        slots=slots,
        active_freeze=freeze,
        past_freezes=past_freezes,
        pulls=pulls_by_key,
        names=names,
    )


def progress(rows: Sequence[RunProject]) -> int:
    """How far a run has come: a number that grows with each row that begins or ends."""
    return sum(row.state is not State.QUEUED and 1 + row.state.ended for row in rows)


def refresh(state: State) -> int | None:
    """In how many seconds to load the page again: never once all has ended, or when the reader wants it still."""
    return None if state.ended or "still" in request.args else REFRESH_SECONDS


def link_parameters() -> Mapping[str, str]:
    """What makes this request's link open, to be put on links within the same run. Nothing for who sees all."""
    if g.sees_all:
        return {}
    return {name: request.args[name] for name in ("expires", "signature") if name in request.args}


def _project_view(row: RunProject, plan: Plan | None, application: tuple[str, datetime] | None) -> ProjectView:
    """`application`: who applied the plan, and when."""
    log = f"{url_for('logs.page', run=row.run)}?{urlencode({'place': row.project.place, **link_parameters()})}"
    has_log = row.state is State.RUNNING or dependencies().log_path(row.run, row.project.place).is_file()
    if plan is None:
        return ProjectView(row, url=log if has_log else None)
    by, at = application or ("", None)
    return ProjectView(
        row,
        content=plan.content,
        url=log if has_log else None,
        valid_until=plan.expires_at if plan.state is PlanState.CURRENT else None,
        stale_because=plan.stale_because,
        applied_by=by,
        applied_at=at,
    )


def _repository_labels(repositories: Sequence[Repository]) -> dict[str, str]:
    """Keys by what people call them: the name, and with it the key where two forges have the name."""
    count = Counter(repository.name for repository in repositories)
    return {
        repository.name if count[repository.name] == 1 else f"{repository.name} ({repository.key})": repository.key
        for repository in repositories
    }


def _run_filter(keys_by_label: Mapping[str, str]) -> RunFilter:
    """From the query. A repository is asked for by its label or key; one that nobody knows has no runs."""
    name = request.args.get("repository")
    return RunFilter(
        repository=keys_by_label.get(name, name) if name else None,
        number=_number(request.args.get("pull")),
        kind=_enum_member("kind", RunKind),
        state=_enum_member("state", State),
    )


def _number(text: str | None) -> int | None:
    digits = (text or "").strip().lstrip("#")
    if digits and not (digits.isascii() and digits.isdigit()):
        abort(400, "A pull request is asked for by its number.")
    return int(digits[:18]) if digits else None


def _enum_member(parameter: str, choices: type[Choice]) -> Choice | None:
    text = request.args.get(parameter)
    if not text:
        return None
    if text not in list(choices):
        abort(400, f"There is no {parameter} of that name; there are {', '.join(choices)}.")
    return choices(text)


def requested_page() -> int:
    """Which page of a long list the query names, counted from 1."""
    return min(max(1, request.args.get("page", 1, int)), LAST_PAGE)
