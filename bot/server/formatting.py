"""How pages put rows into words and signs: moments, reasons, counts, risk. Pure; the templates call it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from bot.core.plan import Action, Change, Counts
from bot.core.run import RunProject, Selection, State, WaitReason
from bot.core.trigger import Trigger, TriggerKind
from bot.templates.escape import TERMINAL_CODES
from bot.templates.wording import WAIT_PHRASES, pluralize

SIGNS = {
    Action.DELETE: "−",
    Action.REPLACE: "±",
    Action.UNKNOWN: "?",
    Action.FORGET: "×",
    Action.UPDATE: "~",
    Action.CREATE: "+",
    Action.IMPORT: "↓",
    Action.MOVE: "→",
    Action.INVOKE: "▸",
    Action.DEFER: "…",
    Action.AWAIT: "◌",
    Action.CONFLICT: "≠",
    Action.READ: "<",
    Action.NONE: " ",
}
GLYPHS = {
    State.QUEUED: "○",
    State.RUNNING: "◐",
    State.DONE: "✓",
    State.FAILED: "✗",
    State.REFUSED: "!",
    State.SKIPPED: "–",
    State.UNKNOWN: "?",
}
MARKERS = {"+": "create", "-": "destroy", "!": "change"}
TRIGGER_LABELS = {
    TriggerKind.OPENED: "the pull request was opened",
    TriggerKind.PUSHED: "a push",
    TriggerKind.REOPENED: "it was reopened",
    TriggerKind.READY: "it became ready for review",
    TriggerKind.RETARGETED: "its base branch changed",
    TriggerKind.COMMENT: "a comment",
    TriggerKind.MERGE: "it was merged",
    TriggerKind.BASE_MOVED: "its base branch moved",
    TriggerKind.APPROVAL: "an approval",
    TriggerKind.SWEEP: "the sweep, which found it",
    TriggerKind.SHELL: "a request by hand",
    TriggerKind.APPLY: "an apply",
}
LINES_PER_CHUNK = 200
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)


NO_CAGE = "none"
_GOVERNORS = "as `CAGE__NETWORK`, `CAGE__HOSTS` and `CAGE__PROJECTS` say"
NETWORK_PHRASES = {
    "internet": f"public addresses and listed hosts can be reached by its proxy, and nothing else, {_GOVERNORS}",
    "listed": f"listed hosts can be reached, and nothing else, {_GOVERNORS}",
    "open": "all that the bot's machine reaches, as `CAGE__NETWORK` and `CAGE__PROJECTS` say",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One count, to be shown small: `kind` is an action's word, for its colour."""

    kind: str
    text: str


def chips(counts: Counts) -> tuple[Chip, ...]:
    """What is not zero, by risk."""
    counted = (
        ("destroy", counts.destroy, f"−{counts.destroy} destroy"),
        ("replace", counts.replace, f"±{counts.replace} replace"),
        ("unknown", counts.unknown, f"?{counts.unknown} unknown"),
        ("conflict", counts.conflicts, f"≠{counts.conflicts} in conflict"),
        ("forget", counts.forget, f"×{counts.forget} forget"),
        ("change", counts.change, f"~{counts.change} change"),
        ("await", counts.awaits, f"◌{counts.awaits} to become healthy"),
        ("create", counts.create, f"+{counts.create} create"),
        ("import", counts.imports, f"↓{counts.imports} import"),
        ("move", counts.moves, f"→{counts.moves} move"),
        ("invoke", counts.invoke, f"▸{counts.invoke} {pluralize('action', counts.invoke)}"),
        ("defer", counts.deferred, f"…{counts.deferred} put off"),
        ("rendered", counts.rendered, f"{counts.rendered} rendered"),
        ("output", counts.outputs, f"{counts.outputs} {pluralize('output', counts.outputs)}"),
        ("unknown", counts.checks, f"{counts.checks} failed {pluralize('check', counts.checks)}"),
    )
    return tuple(Chip(kind, text) for kind, count, text in counted if count)


def sign(change: Change) -> str:
    """One character for what happens; an import or a move that changes nothing else has its own."""
    if change.action is Action.NONE and change.import_id:
        return SIGNS[Action.IMPORT]
    if change.action is Action.NONE and change.moved_from:
        return SIGNS[Action.MOVE]
    return SIGNS[change.action]


def glyph(state: State) -> str:
    """A shape for a state, beside its word."""
    return GLYPHS[state]


def brief(counts: Counts) -> str:
    """The counts where there is little room, by risk: `−1 ±2 +3`."""
    return " ".join(chip.text.split(" ")[0] for chip in chips(counts) if not chip.text[0].isdigit())


def marker_class(marker: str) -> str:
    """The word for a diff line's colour; empty for context."""
    return MARKERS.get(marker, "")


def trigger_label(trigger: Trigger) -> str:
    """What a run began with, in words."""
    return TRIGGER_LABELS[trigger.kind]


def wait_phrase(reason: WaitReason) -> str:
    """What a row waits for, in words."""
    return WAIT_PHRASES[reason]


def confinement(row: RunProject) -> str:
    """What a row's tool runs in, and which of the operator's settings say what it reaches."""
    if row.cage == NO_CAGE:
        return f"Without a cage, as the bot's user (`CAGE__KIND={NO_CAGE}`)"
    return f"In the cage `{row.cage}`, with the network `{row.network}`: {NETWORK_PHRASES[row.network]}"


def selection_flags(selection: Selection) -> str:
    """The selection as a command's options: `-p NAME -w WORKSPACE`."""
    parts = (("-p", selection.names), ("-d", selection.dirs), ("-w", selection.workspaces))
    return " ".join(f"{flag} {word}" for flag, choices in parts for word in choices)


def utc(moment: datetime) -> str:
    """A moment, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(moment: datetime, now: datetime) -> str:
    """In one unit: `3 min ago`. Also of what is to come: `in 2 days`."""
    elapsed = now - moment
    length = " ".join(format_span(abs(elapsed)).split()[:2])
    if abs(elapsed) < timedelta(seconds=5):
        return "just now"
    return f"{length} ago" if elapsed > timedelta(0) else f"in {length}"


def duration(start: datetime, end: datetime) -> str:
    """How long it was from start to end."""
    return format_span(max(end - start, timedelta(0)))


def format_span(length: timedelta) -> str:
    """In the one or two units that matter: `48 s`, `3 min 5 s`, `2 h 10 min`, `4 days`."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min" + (f" {seconds % 60} s" if seconds < 600 and seconds % 60 else "")
    if seconds < 86400:
        return f"{seconds // 3600} h" + (f" {seconds % 3600 // 60} min" if seconds % 3600 // 60 else "")
    return f"{seconds // 86400} {pluralize('day', seconds // 86400)}"


def web_url(url: str | None) -> str | None:
    """The address if a browser may be sent there: a link from outside could be a script."""
    return url if url and urlsplit(url).scheme in ("https", "http") else None


def make_visible(text: object) -> object:
    """Text with what could hide or turn other text made visible: control characters and directions of writing."""
    return INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text) if type(text) is str else text


def with_code(text: str) -> Markup:
    """A sentence of ours: what stands between backticks is a command or a name, and is shown as code."""
    spans = str(make_visible(text)).split("`")
    if len(spans) % 2 == 0:
        spans[-2:] = ["`".join(spans[-2:])]
    tagged = (
        Markup("<code>{}</code>").format(span) if number % 2 else escape(span) for number, span in enumerate(spans)
    )
    return Markup("").join(tagged)


def strip_terminal_codes(text: str) -> str:
    """A terminal's output as plain text."""
    return TERMINAL_CODES.sub("", text).replace("\r\n", "\n")


def chunks(text: str) -> tuple[str, ...]:
    """Whole lines, some hundred together: a browser lays out only those that it shows."""
    lines = text.splitlines(keepends=True)
    return tuple("".join(lines[at : at + LINES_PER_CHUNK]) for at in range(0, len(lines), LINES_PER_CHUNK))


def visible_lines(text: str) -> str:
    """Lines of a log, for a script that shows them as text."""
    return INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", strip_terminal_codes(text))
