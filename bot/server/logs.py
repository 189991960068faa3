"""A project's log as a page (the last piece, following while it runs) and as plain text (the whole). Reads files only.

A log's path is made from rows of the store, never from words of the request.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, abort, render_template, request, send_file
from werkzeug.wrappers import Response

from bot.core.run import RunProject
from bot.server.dependencies import dependencies
from bot.server.formatting import strip_terminal_codes
from bot.server.pages import refresh
from bot.store import runs

CHUNK_BYTES = 512 * 1024
TAIL_BYTES = 16 * 1024

logs = Blueprint("logs", __name__)


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Some lines of a log: the bytes from `start` to `end` of `size`."""

    text: str
    start: int
    end: int
    size: int


@logs.get("/runs/<run>/log")
def page(run: str) -> str:
    """A chunk of the log: the last, or the one that ends at `end`."""
    row = requested_row(run)
    end = request.args.get("end", None, int)
    chunk = read_chunk(dependencies().log_path(run, row.project.place), end)
    refresh_seconds = None if end else refresh(row.state)
    return render_template(
        "log.html",
        title=f"Log of {row.project.name}",
        row=row,
        log_chunk=chunk,
        step=CHUNK_BYTES,
        refresh=refresh_seconds,
    )


@logs.get("/runs/<run>/log.txt")
def text(run: str) -> Response:
    """The whole log as plain text; 404 where there is none."""
    path = dependencies().log_path(run, requested_row(run).project.place)
    if not path.is_file():
        abort(404, "There is no log yet.")
    return send_file(path, mimetype="text/plain", conditional=True)


def read_chunk(path: Path, end: int | None = None, most: int = CHUNK_BYTES) -> LogChunk:
    """The piece that ends there, or at the end of the file; it begins with a whole line. Nothing where no file is."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            end = min(max(0, end), size) if end is not None else size
            start = file.seek(max(0, end - most))
            content = file.read(end - start)
    except FileNotFoundError:
        return LogChunk("", 0, 0, 0)
    cut = content.find(b"\n") + 1 if start else 0
    decoded = content[cut:].decode("utf-8", errors="replace")
    return LogChunk(strip_terminal_codes(decoded), start + cut, end, size)


def read_tail(row: RunProject) -> LogChunk:
    """The last lines of what a row's tool says, for the run's own page."""
    return read_chunk(dependencies().log_path(row.run, row.project.place), most=TAIL_BYTES)


def requested_row(run: str) -> RunProject:
    """The project of the run that the query names by its place; 404 by itself where there is none."""
    with dependencies().store.read() as tx:
        return runs.project(tx, run, request.args.get("place", "")) or abort(404, "The run has no such project.")
