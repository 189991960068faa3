"""What happens, while it happens: the events of a project's log and of a run's rows. Reads rows and files only."""

from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Response, abort, request

from bot.core.run import RunProject
from bot.server.doors import Doors, doors
from bot.server.logs import row_asked_for
from bot.server.pages import so_far
from bot.server.streams import Told
from bot.server.words import seen_lines
from bot.store import runs

MOST_AT_ONCE = 256 * 1024
MOST_BEHIND = 1024 * 1024

live = Blueprint("live", __name__)


@live.get("/runs/<run>/log/events")
def log(run: str) -> Response:
    """Lines as they come, from the byte `from` on; `end` when the project has ended and all is told."""
    opened, place = doors(), row_asked_for(run).project.place

    def look(at: str) -> Told | None:
        with opened.store.read() as tx:
            row = runs.project(tx, run, place)
        return _lines(opened.logs(run, place), int(at), row)

    return _streamed(opened, look, _where("0"))


@live.get("/runs/<run>/events")
def rows(run: str) -> Response:
    """That rows changed since they were `from`; `end` when the run has ended. The page itself says how they are."""
    opened = doors()
    with opened.store.read() as tx:
        runs.get(tx, run) or abort(404, "There is no such run.")

    def look(at: str) -> Told | None:
        with opened.store.read() as tx:
            found = runs.get(tx, run)
            count = str(so_far(runs.projects(tx, run)))
        if found is None or found.state.ended:
            return Told("end", at, None, last=True)
        return Told("rows", count, None) if count != at else None

    return _streamed(opened, look, _where("0"))


def _lines(path: Path, at: int, row: RunProject | None) -> Told | None:
    """Whole lines after a byte; the rest of a line only when nothing follows. What is far behind is left out."""
    ended = row is None or row.state.ended
    size = path.stat().st_size if path.is_file() else 0
    if size <= at:
        return Told("end", str(at), None, last=True) if ended else None
    start = max(at, size - MOST_BEHIND)
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(MOST_AT_ONCE)
    nothing_follows = ended and start + len(content) == size
    whole = len(content) if nothing_follows else content.rfind(b"\n") + 1
    if whole == 0 and len(content) < MOST_AT_ONCE:
        return None
    text = content[:whole] if whole else content
    told = {"text": seen_lines(text.decode(errors="replace")), "left_out": start - at}
    return Told("log", str(start + len(text)), told)


def _where(first: str) -> str:
    """Where the browser is: what it had last, or where its page ended."""
    at = request.headers.get("Last-Event-ID") or request.args.get("from", first)
    return at if at.isascii() and at.isdigit() and len(at) < 19 else first


def _streamed(opened: Doors, look: Callable[[str], Told | None], start: str) -> Response:
    headers = {"X-Accel-Buffering": "no"}  # or nginx keeps it back
    return Response(opened.streams.of(look, start), mimetype="text/event-stream", headers=headers)
