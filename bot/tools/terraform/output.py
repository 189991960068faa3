"""What Terraform prints, read: its JSON stream, its diagnostics, and why a command failed."""

import os
import pwd
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from bot.core import exact_json
from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Notice, Severity
from bot.process import Completed
from bot.tools.terraform.json_fields import Node
from bot.tools.terraform.masking import Secrets

LAST_LINES, FIRST_LINES = 60, 12
LONGEST_LINE = 2000
# What the tool says before it tells the errors in a configuration.
PREAMBLE = re.compile(r"\w+ encountered problems during initiali[sz]ation")
HOLDER_ID = re.compile(r"already locked: ID=([\w.:-]{1,100})")
LOCK = re.compile(r"^\s*(ID|Who|Created|Operation):[ \t]*(\S.*)$", re.MULTILINE)
ERROR = re.compile(r"^Error: (.+)(?:\n(?:(?: .*)?\n)*? +on (.+?) line (\d+))?", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def command_error(
    command: str, completed: Completed, hide: Callable[[str], str], failure: type[ToolFailed] = ToolFailed
) -> Refused | ToolFailed:
    """What failed, in the tool's first words, as a `failure`; a state lock of another is named."""
    errors = list(notices(completed.words, "error", frozenset())) or []
    text = hide(COLOUR.sub("", render_stream(completed.words) + completed.stderr))
    detail = "\n".join(error.detail for error in errors) or text
    if "Error acquiring the state lock" in text and (holder := _lock_holder(detail, completed.began_at)):
        return Refused(f"the state is locked {holder}")
    if completed.exit is not None and completed.exit < 0:
        reason = f"{command} was killed by signal {-completed.exit}; was there too little memory?"
        return failure(reason, last_lines(text))
    first = next((error for error in errors if not PREAMBLE.match(error.summary)), None) or first_error(text)
    if first is None or not first.summary:
        return failure(f"{command} failed with status {completed.exit}", last_lines(text))
    return failure(hide(first.summary), last_lines(text), hide(first.where))


def _lock_holder(detail: str, began_at: float) -> str:
    """Who holds the state's lock; empty where nobody does: ours could not be made.

    Some backends (http, pg) give our own attempt for it, and the holder's id at most.
    Source: hashicorp/terraform, internal/backend/remote-state/http/client.go and pg/client.go.
    """
    lock = dict(LOCK.findall(detail))
    if "Who" not in lock:
        return ""
    holder_id = HOLDER_ID.search(detail)
    if (holder_id and holder_id[1] != lock.get("ID")) or _is_own_attempt(lock, began_at):
        return f"by another{f' (lock {holder_id[1]})' if holder_id else ''}: its backend does not tell by whom"
    since, operation = lock.get("Created", "an unknown time"), lock.get("Operation", "unknown operation")
    return f"by {lock['Who']} since {since} ({operation})"


def _is_own_attempt(lock: Mapping[str, str], began_at: float) -> bool:
    """Whether it is by this user on this machine, from after the command began."""
    user = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
    try:
        created_at = datetime.fromisoformat(lock["Created"][:19]).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return False
    return lock["Who"] == user and created_at.timestamp() >= int(began_at)


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
        message = exact_json.loads(line)
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
            yield f"  {name} = {exact_json.dumps(output['value'], readable=True)}"


def first_error(text: str) -> Notice | None:
    """The first error's words as people see them, and where it is, as far as that is told."""
    matches = list(ERROR.finditer(text))
    match = next((match for match in matches if not PREAMBLE.match(match[1])), matches[0] if matches else None)
    if not match:
        return None
    return Notice(Severity.ERROR, match[1].strip(), where=f"{match[2]}:{match[3]}" if match[2] else "")


def error_sentence(error: Notice) -> str:
    """Its words, and where it is."""
    return f"{error.summary} ({error.where})" if error.where else error.summary
