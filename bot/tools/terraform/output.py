"""What Terraform prints, read: its JSON stream, its diagnostics, and why a command failed."""

import json
import re
from collections.abc import Callable, Iterator

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Notice, Severity
from bot.process import Completed
from bot.tools.terraform.json_fields import Row
from bot.tools.terraform.masking import Secrets

LAST_LINES, FIRST_LINES = 60, 12
LONGEST_LINE = 2000
LOCK = re.compile(r"^\s*(Who|Created|Operation):\s*(.+)$", re.MULTILINE)
ERROR = re.compile(r"^Error: (.+)(?:\n(?:(?: .*)?\n)*? +on (.+?) line (\d+))?", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def failure(command: str, done: Completed, hide: Callable[[str], str]) -> Refused | ToolFailed:
    """What failed, in the tool's first words; a state lock of another is named."""
    errors = list(notices(done.out, "error", frozenset())) or []
    text = hide(COLOUR.sub("", readable(done.out) + done.err))
    detail = "\n".join(error.detail for error in errors) or text
    if "Error acquiring the state lock" in text:
        lock = dict(LOCK.findall(detail))
        if "Who" in lock:  # else there is no lock of another: ours could not be made
            return Refused(
                f"the state is locked by {lock['Who']} since {lock.get('Created', 'an unknown time')}"
                f" ({lock.get('Operation', 'unknown operation')})"
            )
    if done.exit is not None and done.exit < 0:
        why = f"{command} was killed by signal {-done.exit}; was there too little memory?"
        return ToolFailed(why, last_words(text))
    first = errors[0] if errors else None
    words = (
        f"{first.summary} ({first.where})" if first and first.where else first.summary if first else first_error(text)
    )
    return ToolFailed(hide(words or f"{command} failed with status {done.exit}"), last_words(text))


def last_words(text: str) -> str:
    """The last lines, and how an error began that is longer than they are. Some programs know no line breaks."""
    lines = [line[-LONGEST_LINE:] for line in text.rstrip().splitlines()]
    first = next((number for number, line in enumerate(lines) if line.startswith("Error: ")), len(lines))
    if first >= len(lines) - LAST_LINES:
        return "\n".join(lines[-LAST_LINES:])
    return "\n".join([*lines[first : first + FIRST_LINES], "…", *lines[FIRST_LINES + 1 - LAST_LINES :]])


def notices(stream: str, severity: str, hidden: frozenset[str]) -> Iterator[Notice]:
    """Diagnostics of the JSON stream."""
    hide = Secrets(hidden).hide
    for row in _rows(stream):
        diagnostic = part(row, "diagnostic")
        if diagnostic.get("severity") != severity:
            continue
        place = part(diagnostic, "range")
        where = f"{place.get('filename')}:{part(place, 'start').get('line')}" if place else ""
        detail = hide(str(diagnostic.get("detail", "")))
        yield Notice(Severity(severity), hide(str(diagnostic.get("summary", ""))), detail, where)


def only_errors(stream: str) -> bool:
    """The command said nothing but diagnostics: it failed before it did anything."""
    return all(row.get("type") in ("version", "log", "diagnostic") for row in _rows(stream))


def summary(stream: str) -> str:
    """How the tool itself sums up what it did; empty where it does not."""
    told = [message(row) for row in _rows(stream) if row.get("type") == "change_summary"]
    return told[-1] if told else ""


def readable(stream: str, wanted: Callable[[Row], bool] = lambda row: True) -> str:
    """The stream as people read it, as far as it is wanted; what is no JSON stays as it is."""
    lines: list[str] = []
    for line in stream.rstrip("\n").split("\n"):
        row = row_of(line)
        if row is None:
            lines.append(line)
        elif wanted(row):
            lines += _words(row)
    return "".join(f"{line}\n" for line in lines).lstrip("\n")


def message(row: Row) -> str:
    return str(row.get("@message", "")).strip("\n")


def part(row: Row, key: str) -> Row:
    """An object in the row, or an empty one."""
    found = row.get(key)
    return found if isinstance(found, dict) else {}


def row_of(line: str) -> Row | None:
    """A line that begins like JSON: its object, empty where it is none that can be read. None for other lines."""
    if not line.startswith("{"):
        return None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}


def _rows(stream: str) -> Iterator[Row]:
    for line in stream.split("\n"):
        if row := row_of(line):
            yield row


def _words(row: Row) -> Iterator[str]:
    """A diagnostic as the tool writes it for people, without the excerpt of the file; outputs with their values."""
    if said := message(row):
        yield said
    diagnostic, place = part(row, "diagnostic"), part(part(row, "diagnostic"), "range")
    if address := diagnostic.get("address"):
        yield f"  with {address},"
    if place:
        yield f"  on {place.get('filename')} line {part(place, 'start').get('line')}:"
    if detail := str(diagnostic.get("detail", "")):
        yield f"\n{detail}\n"
    for name, output in sorted(part(row, "outputs").items()):
        if isinstance(output, dict) and "value" in output and not output.get("sensitive"):
            yield f"  {name} = {json.dumps(output['value'], ensure_ascii=False)}"


def first_error(text: str) -> str:
    """The first error's words as people see them, and where it is, as far as that is told."""
    match = ERROR.search(text)
    if not match:
        return ""
    return f"{match[1].strip()} ({match[2]}:{match[3]})" if match[2] else match[1].strip()
