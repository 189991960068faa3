"""What happens, while it happens: the events of a project's log and of a run's rows. Reads rows and files only."""

from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Response, abort, request

from bot.core.run import RunProject
from bot.server.dependencies import Dependencies, dependencies
from bot.server.formatting import visible_lines
from bot.server.logs import requested_row
from bot.server.pages import progress
from bot.server.streams import ServerSentEvent
from bot.store import runs

MAX_CHUNK_BYTES = 256 * 1024
MAX_BACKLOG_BYTES = 1024 * 1024

live = Blueprint("live", __name__)


@live.get("/runs/<run>/log/events")
def log(run: str) -> Response:
    """Lines as they come, from the byte `from` on; `end` when the project has ended and all is told."""
    app, place = dependencies(), requested_row(run).project.place

    def poll(cursor: str) -> ServerSentEvent | None:
        with app.store.read() as tx:
            row = runs.project(tx, run, place)
        return _read_lines(app.log_path(run, place), int(cursor), row)

    return _stream_response(app, poll, _requested_cursor("0"))


@live.get("/runs/<run>/events")
def rows(run: str) -> Response:
    """That rows changed since they were `from`; `end` when the run has ended. The page itself says how they are."""
    app = dependencies()
    with app.store.read() as tx:
        runs.get(tx, run) or abort(404, "There is no such run.")

    def poll(cursor: str) -> ServerSentEvent | None:
        with app.store.read() as tx:
            run_row = runs.get(tx, run)
            count = str(progress(runs.projects(tx, run)))
        if run_row is None or run_row.state.ended:
            return ServerSentEvent("end", cursor, None, is_final=True)
        return ServerSentEvent("rows", count, None) if count != cursor else None

    return _stream_response(app, poll, _requested_cursor("0"))


def _read_lines(path: Path, cursor: int, row: RunProject | None) -> ServerSentEvent | None:
    """Whole lines after a byte; the rest of a line only when nothing follows. What is far behind is left out."""
    is_ended = row is None or row.state.ended
    size = path.stat().st_size if path.is_file() else 0
    if size <= cursor:
        return ServerSentEvent("end", str(cursor), None, is_final=True) if is_ended else None
    start = max(cursor, size - MAX_BACKLOG_BYTES)
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(MAX_CHUNK_BYTES)
    is_complete = is_ended and start + len(content) == size
    length = len(content) if is_complete else content.rfind(b"\n") + 1
    if length == 0 and len(content) < MAX_CHUNK_BYTES:
        return None
    text = content[:length] if length else content
    payload = {"text": visible_lines(text.decode(errors="replace")), "left_out": start - cursor}
    return ServerSentEvent("log", str(start + len(text)), payload)


def _requested_cursor(default: str) -> str:
    """Where the browser is: what it had last, or where its page ended."""
    cursor = request.headers.get("Last-Event-ID") or request.args.get("from", default)
    return cursor if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else default


def _stream_response(app: Dependencies, poll: Callable[[str], ServerSentEvent | None], start: str) -> Response:
    headers = {"X-Accel-Buffering": "no"}  # or nginx keeps it back
    return Response(app.streams.events(poll, start), mimetype="text/event-stream", headers=headers)
