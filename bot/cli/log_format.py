"""How the server's log reads: lines for people, or an object of JSON a line for whoever collects them."""

import json
import logging
from datetime import UTC, datetime

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """`time` (UTC, ISO 8601), `level`, `logger`, `message`, what the line is about, and `error` with a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as JSON in one line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: field for name, field in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def formatter(name: str) -> logging.Formatter:
    """The formatter of that setting, `text` or `json`."""
    return JsonFormatter() if name == "json" else logging.Formatter(TEXT)
