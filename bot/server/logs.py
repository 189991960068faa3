"""A project's log as a page (the last piece, following while it runs) and as plain text (the whole). Reads files only.

A log's path is made from rows of the store, never from words of the request.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, abort, render_template, request, send_file
from werkzeug.wrappers import Response

from bot.core.run import RunProject
from bot.server.doors import doors
from bot.server.pages import refresh
from bot.server.words import without_colours
from bot.store import runs

PIECE = 512 * 1024

logs = Blueprint("logs", __name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a log: the bytes from `start` to `end` of `size`."""

    text: str
    start: int
    end: int
    size: int


@logs.get("/runs/<run>/log")
def page(run: str) -> str:
    row = row_asked_for(run)
    end = request.args.get("end", None, int)
    piece = read(doors().logs(run, row.project.place), end)
    follows = None if end else refresh(row.state)
    return render_template(
        "log.html", title=f"Log of {row.project.name}", row=row, piece=piece, step=PIECE, refresh=follows
    )


@logs.get("/runs/<run>/log.txt")
def text(run: str) -> Response:
    path = doors().logs(run, row_asked_for(run).project.place)
    if not path.is_file():
        abort(404, "There is no log yet.")
    return send_file(path, mimetype="text/plain", conditional=True)


def read(path: Path, end: int | None = None) -> Piece:
    """The piece that ends there, or at the end of the file; it begins with a whole line. Nothing where no file is."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            end = min(max(0, end), size) if end is not None else size
            start = file.seek(max(0, end - PIECE))
            content = file.read(end - start)
    except FileNotFoundError:
        return Piece("", 0, 0, 0)
    cut = content.find(b"\n") + 1 if start else 0
    shown = content[cut:].decode("utf-8", errors="replace")
    return Piece(without_colours(shown), start + cut, end, size)


def row_asked_for(run: str) -> RunProject:
    """The project of the run that the query names by its place; 404 by itself where there is none."""
    with doors().store.read() as tx:
        return runs.project(tx, run, request.args.get("place", "")) or abort(404, "The run has no such project.")
