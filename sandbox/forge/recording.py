"""Writes down what was asked of the API and answered, a JSON object a line, when `--record` names a file.

The tests compare it with what GitHub publishes. Called by the app around each request; never changes an answer.
"""

import json
import threading
from pathlib import Path
from typing import Any

from flask import Request, Response


class Recording:
    """Appends to a file; without one it does nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._lock = file, threading.Lock()

    def write(self, asked: Request, answer: Response, fault: object) -> None:
        """What came of a fault is marked: it is no answer of the forge's."""
        if self._file is None:
            return
        exchange = {
            "method": asked.method,
            "path": str(asked.environ.get("REQUEST_URI", asked.path)).partition("?")[0],  # as it was sent
            "query": list(asked.args.items(multi=True)),
            "type": asked.mimetype,
            "body": _json(asked.get_data(as_text=True)),
            "agent": asked.headers.get("User-Agent", ""),
            "status": answer.status_code,
            "answer": _json(answer.get_data(as_text=True)),
            "fault": fault is not None,
        }
        with self._lock, self._file.open("a") as out:
            out.write(json.dumps(exchange) + "\n")


def _json(text: str) -> Any:
    """Text that is no JSON is kept as it is; no text is None."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
