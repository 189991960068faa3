"""What Terraform prints, read: its JSON stream, its diagnostics, and why a command failed."""

import json
import re
from collections.abc import Callable, Iterator

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Notice, Severity
from bot.process import Completed
from bot.tools.terraform.json_fields import Node
from bot.tools.terraform.masking import Secrets

LAST_LINES, FIRST_LINES = 60, 12
LONGEST_LINE = 2000
LOCK = re.compile(r"^\s*(Who|Created|Operation):\s*(.+)$", re.MULTILINE)
ERROR = re.compile(r"^Error: (.+)(?:\n(?:(?: .*)?\n)*? +on (.+?) line (\d+))?", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def command_error(
    command: str, completed: Completed, hide: Callable[[str], str], failure: type[ToolFailed] = ToolFailed
) -> Refused | ToolFailed:
    """What failed, in the tool's first words, as a `failure`; a state lock of another is named."""
    errors = list(notices(completed.stdout, "error", frozenset())) or []
    text = hide(COLOUR.sub("", render_stream(completed.stdout) + completed.stderr))
    detail = "\n".join(error.detail for error in errors) or text
    if "Error acquiring the state lock" in text:
        lock = dict(LOCK.findall(detail))
        if "Who" in lock:  # else there is no lock of another: ours could not be made
            return Refused(
                f"the state is locked by {lock['Who']} since {lock.get('Created', 'an unknown time')}"
                f" ({lock.get('Operation', 'unknown operation')})"
            )
    if completed.exit is not None and completed.exit < 0:
        reason = f"{command} was killed by signal {-completed.exit}; was there too little memory?"
        return failure(reason, last_lines(text))
    first = errors[0] if errors else first_error(text)
    if first is None or not first.summary:
        return failure(f"{command} failed with status {completed.exit}", last_lines(text))
    return failure(hide(first.summary), last_lines(text), hide(first.where))


def last_lines(text: str) -> str:
    """The last lines, and how an error began that is longer than they are. Some programs know no line breaks."""
    lines = [line[-LONGEST_LINE:] for line in text.rstrip().splitlines()]
    first = next((number for number, line in enumerate(lines) if line.startswith("Error: ")), len(lines))
    if first >= len(lines) - LAST_LINES:
        return "\n".join(lines[-LAST_LINES:])
    return "\n".join([*lines[first : first + FIRST_LINES], "…", *lines[FIRST_LINES + 1 - LAST_LINES :]])


def notices(stream: str, severity: str, secrets: frozenset[str]) -> Iterator[Notice]:
    """Diagnostics of that severity in the JSON stream."""
    hide = Secrets(secrets).hide
    for message in _messages(stream):
        diagnostic = child(message, "diagnostic")
        if diagnostic.get("severity") != severity:
            continue
        source_range = child(diagnostic, "range")
        where = f"{source_range.get('filename')}:{child(source_range, 'start').get('line')}" if source_range else ""
        detail = hide(str(diagnostic.get("detail", "")))
        yield Notice(Severity(severity), hide(str(diagnostic.get("summary", ""))), detail, where)


def is_only_diagnostics(stream: str) -> bool:
    """The command said nothing but diagnostics: it failed before it did anything."""
    return all(message.get("type") in ("version", "log", "diagnostic") for message in _messages(stream))


def change_summary(stream: str) -> str:
    """How the tool itself sums up what it did; empty where it does not."""
    summaries = [message_text(message) for message in _messages(stream) if message.get("type") == "change_summary"]
    return summaries[-1] if summaries else ""


def render_stream(stream: str, accept: Callable[[Node], bool] = lambda message: True) -> str:
    """The stream as people read it, of its messages those that `accept` takes; what is no JSON stays as it is."""
    lines: list[str] = []
    for line in stream.rstrip("\n").split("\n"):
        message = parse_message(line)
        if message is None:
            lines.append(line)
        elif accept(message):
            lines += _message_lines(message)
    return "".join(f"{line}\n" for line in lines).lstrip("\n")


def message_text(message: Node) -> str:
    """The sentence that a message of the stream carries."""
    return str(message.get("@message", "")).strip("\n")


def child(parent: Node, key: str) -> Node:
    """An object in the message, or an empty one."""
    node = parent.get(key)
    return node if isinstance(node, dict) else {}


def parse_message(line: str) -> Node | None:
    """A line that begins like JSON: its object, empty where it is none that can be read. None for other lines."""
    if not line.startswith("{"):
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _messages(stream: str) -> Iterator[Node]:
    for line in stream.split("\n"):
        if message := parse_message(line):
            yield message


def _message_lines(message: Node) -> Iterator[str]:
    """A diagnostic as the tool writes it for people, without the excerpt of the file; outputs with their values."""
    if text := message_text(message):
        yield text
    diagnostic, source_range = child(message, "diagnostic"), child(child(message, "diagnostic"), "range")
    if address := diagnostic.get("address"):
        yield f"  with {address},"
    if source_range:
        yield f"  on {source_range.get('filename')} line {child(source_range, 'start').get('line')}:"
    if detail := str(diagnostic.get("detail", "")):
        yield f"\n{detail}\n"
    for name, output in sorted(child(message, "outputs").items()):
        if isinstance(output, dict) and "value" in output and not output.get("sensitive"):
            yield f"  {name} = {json.dumps(output['value'], ensure_ascii=False)}"


def first_error(text: str) -> Notice | None:
    """The first error's words as people see them, and where it is, as far as that is told."""
    match = ERROR.search(text)
    if not match:
        return None
    return Notice(Severity.ERROR, match[1].strip(), where=f"{match[2]}:{match[3]}" if match[2] else "")


def error_sentence(error: Notice) -> str:
    """Its words, and where it is."""
    return f"{error.summary} ({error.where})" if error.where else error.summary
