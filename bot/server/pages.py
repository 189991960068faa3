"""The pages: runs, one run, locks and freezes. Read-only views of rows; the guard in `signin` has let the reader in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bot.core.pull import Pull, Repository
from bot.core.run import Run, RunKind, RunProject, State
from bot.core.view import ProjectView
from bot.server import questions
from bot.server.doors import doors
from bot.server.graph import graph
from bot.server.questions import Filter, Sum
from bot.server.tree import Room
from bot.store import gates, history, plans, pulls, runs
from bot.store import locks as claims

REFRESH_SECONDS = 5
UNFOLDED = 5
MOST_SHOWN = 500
LATELY = timedelta(hours=24)
LAST_PAGE = 1_000_000

pages = Blueprint("pages", __name__)
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the list, with its pull request if we know it."""

    run: Run
    pull: Pull | None
    sum: Sum


@pages.get("/")
def first() -> Response:
    return redirect(url_for("pages.every_run"))


@pages.get("/runs")
def every_run() -> str:
    page = page_asked_for()
    with doors().store.read() as tx:
        keys = _labels(pulls.repositories(tx))
        found, more = questions.listed(tx, _filter(keys), page)
        sums = questions.sums(tx, (run.id for run in found))
        lines = [RunLine(run, pulls.get(tx, run.pull), sums.get(run.id, Sum())) for run in found]
        states = history.run_states(tx, datetime.now(UTC), LATELY)
        held, freeze = claims.listed(tx), claims.frozen(tx)
    asked = {name: value for name, value in request.args.items() if value and name != "page"}
    if label := {key: label for label, key in keys.items()}.get(asked.get("repository", "")):
        asked["repository"] = label
    return render_template(
        "runs.html",
        title="Runs",
        lines=lines,
        repositories=tuple(keys),
        kinds=tuple(RunKind),
        states=tuple(State),
        asked=asked,
        page=page,
        more=more,
        of=states,
        held=held,
        freeze=freeze,
    )


@pages.get("/runs/<run>")
def run(run: str) -> str:
    with doors().store.read() as tx:
        found = runs.get(tx, run) or abort(404, "There is no such run.")
        rows = runs.projects(tx, run)
        projects = [_view(tx, row) for row in rows]
        pull = pulls.get(tx, found.pull)
        notices, freeze, gate = runs.notices(tx, run), claims.frozen(tx), gates.told(tx, run)
    return render_template(
        "run.html",
        title=f"{found.kind.capitalize()} {found.id}",
        run=found,
        pull=pull,
        projects=projects,
        notices=notices,
        freeze=freeze,
        gate=gate,
        graph=graph(rows),
        unfolded=len(projects) <= UNFOLDED,
        refresh=refresh(found.state),
        so_far=so_far(rows),
        room=Room(None if request.args.get("all") else MOST_SHOWN),
    )


@pages.get("/locks")
def locks() -> str:
    with doors().store.read() as tx:
        held, slots, freeze = claims.listed(tx), claims.slots(tx), claims.frozen(tx)
        stops = history.freezes(tx)
        known = {lock.pull: pulls.get(tx, lock.pull) for lock in held}
        names = {each.key: each.name for each in pulls.repositories(tx)}
    return render_template(
        "locks.html",
        title="Locks and freezes",
        held=held,
        slots=slots,
        stop=freeze,
        stops=stops,
        pulls=known,
        names=names,
    )


def so_far(rows: Sequence[RunProject]) -> int:
    """How far a run has come: a number that grows with each row that begins or ends."""
    return sum(row.state is not State.QUEUED and 1 + row.state.ended for row in rows)


def refresh(state: State) -> int | None:
    """In how many seconds to load the page again: never once all has ended, or when the reader wants it still."""
    return None if state.ended or "still" in request.args else REFRESH_SECONDS


def carried() -> Mapping[str, str]:
    """What makes this request's link open, to be put on links within the same run. Nothing for who sees all."""
    if g.all:
        return {}
    return {name: request.args[name] for name in ("expires", "signature") if name in request.args}


def _view(tx: sa.Connection, row: RunProject) -> ProjectView:
    log = f"{url_for('logs.page', run=row.run)}?{urlencode({'place': row.project.place, **carried()})}"
    has_log = row.state is State.RUNNING or doors().logs(row.run, row.project.place).is_file()
    plan = plans.get(tx, row.plan) if row.plan else None
    if plan is None:
        return ProjectView(row, url=log if has_log else None)
    by, at = plans.application(tx, plan.id) or ("", None)
    return ProjectView(
        row,
        content=plan.content,
        url=log if has_log else None,
        valid_until=plan.expires_at,
        stale_because=plan.stale_because,
        applied_by=by,
        applied_at=at,
    )


def _labels(repositories: Sequence[Repository]) -> dict[str, str]:
    """Keys by what people call them: the name, and with it the key where two forges have the name."""
    count = Counter(each.name for each in repositories)
    return {each.name if count[each.name] == 1 else f"{each.name} ({each.key})": each.key for each in repositories}


def _filter(keys: Mapping[str, str]) -> Filter:
    """From the query. A repository is asked for by its label or key; one that nobody knows has no runs."""
    name = request.args.get("repository")
    return Filter(
        repository=keys.get(name, name) if name else None,
        number=_number(request.args.get("pull")),
        kind=_word(RunKind, request.args.get("kind")),
        state=_word(State, request.args.get("state")),
    )


def _number(text: str | None) -> int | None:
    digits = (text or "").strip().lstrip("#")
    if digits and not (digits.isascii() and digits.isdigit()):
        abort(400, "A pull request is asked for by its number.")
    return int(digits[:18]) if digits else None


def _word(words: type[Word], text: str | None) -> Word | None:
    if not text:
        return None
    if text not in list(words):
        abort(400, f"There is no {words.__name__.lower()} of that name; there are {', '.join(words)}.")
    return words(text)


def page_asked_for() -> int:
    """Which page of a long list the query names, counted from 1."""
    return min(max(1, request.args.get("page", 1, int)), LAST_PAGE)
