"""A log that grows with whole lines while a program runs, and never beyond its limit. Written by `process` and jobs."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOG_LIMIT = 64 * 1024 * 1024
MAX_LINE_BYTES = 1024 * 1024
CUT_NOTE = b"\n[cut: the output is longer than is kept]\n"
LONG_LINE_NOTE = "[a line is left out here: it is too long]\n"


@dataclass(frozen=True, slots=True)
class Log:
    """A file that grows with whole lines as a program says them: with as much of them as `line_filter` gives back."""

    path: Path
    line_filter: Callable[[str], str]


class LineWriter:
    """Whole lines on their way from a stream to a log. One that is too long is left out, never told in pieces."""

    def __init__(self, log: Log) -> None:
        self._log, self._partial_line, self._is_too_long = log, b"", False

    def add(self, chunk: bytes) -> None:
        """Take what the stream says next; lines that are whole now go on to the log."""
        full_lines, newline, rest = chunk.rpartition(b"\n")
        if newline:
            self._write(self._partial_line + full_lines + newline)
            self._partial_line, self._is_too_long = b"", False
        self._partial_line = b"" if self._is_too_long else self._partial_line + rest
        if len(self._partial_line) > MAX_LINE_BYTES:
            self._partial_line, self._is_too_long = b"", True

    def close(self) -> None:
        """Write the last line, though it does not end."""
        self._write(self._partial_line)

    def _write(self, lines: bytes) -> None:
        if self._is_too_long:
            lines = LONG_LINE_NOTE.encode() + lines.partition(b"\n")[2]
        if filtered := self._log.line_filter(lines.decode(errors="replace")):
            append_log(self._log.path, filtered)


def append_log(log: Path, text: str) -> None:
    """Add to the log while it is small and the disk takes it; what does not fit is lost, with a note."""
    chunk = text.encode(errors="replace")
    with suppress(OSError), log.open("ab", buffering=0) as file:
        size = file.tell()
        if size + len(chunk) <= LOG_LIMIT:
            file.write(chunk)
        elif size <= LOG_LIMIT:
            file.write(chunk[: LOG_LIMIT - size] + CUT_NOTE)
