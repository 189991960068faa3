"""How pages put rows into words and signs: moments, reasons, counts, risk. Pure; the templates call it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from bot.core.plan import Action, Change, Counts
from bot.core.run import Selection, State
from bot.templates.words import plural

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
WHYS = {
    "opened": "the pull request was opened",
    "pushed": "a push",
    "reopened": "it was reopened",
    "ready": "it became ready for review",
    "retargeted": "its base branch changed",
    "merge": "it was merged",
    "moved": "its base branch moved",
    "approval": "an approval",
    "sweep": "the sweep, which found it",
    "shell": "a request by hand",
    "apply": "an apply",
}
CHUNK = 200
TERMINAL_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)


@dataclass(frozen=True, slots=True)
class Chip:
    """One count, to be shown small: `kind` is an action's word, for its colour."""

    kind: str
    text: str


def chips(counts: Counts) -> tuple[Chip, ...]:
    """What is not zero, by risk."""
    shown = (
        ("destroy", counts.destroy, f"−{counts.destroy} destroy"),
        ("replace", counts.replace, f"±{counts.replace} replace"),
        ("unknown", counts.unknown, f"?{counts.unknown} unknown"),
        ("forget", counts.forget, f"×{counts.forget} forget"),
        ("change", counts.change, f"~{counts.change} change"),
        ("create", counts.create, f"+{counts.create} create"),
        ("import", counts.imports, f"↓{counts.imports} import"),
        ("move", counts.moves, f"→{counts.moves} move"),
        ("invoke", counts.invoke, f"▸{counts.invoke} {plural('action', counts.invoke)}"),
        ("defer", counts.deferred, f"…{counts.deferred} put off"),
        ("rendered", counts.rendered, f"{counts.rendered} rendered"),
        ("output", counts.outputs, f"{counts.outputs} {plural('output', counts.outputs)}"),
        ("unknown", counts.checks, f"{counts.checks} failed {plural('check', counts.checks)}"),
    )
    return tuple(Chip(kind, text) for kind, count, text in shown if count)


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


def marked(marker: str) -> str:
    """The word for a diff line's colour; empty for context."""
    return MARKERS.get(marker, "")


def why(text: str) -> str:
    return "a comment" if text.startswith("comment:") else WHYS.get(text, text)


def selected(selection: Selection) -> str:
    parts = (("-p", selection.names), ("-d", selection.dirs), ("-w", selection.workspaces))
    return " ".join(f"{flag} {word}" for flag, words in parts for word in words)


def utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(moment: datetime, now: datetime) -> str:
    """In one unit: `3 min ago`. Also of what is to come: `in 2 days`."""
    passed = now - moment
    length = " ".join(span(abs(passed)).split()[:2])
    if abs(passed) < timedelta(seconds=5):
        return "just now"
    return f"{length} ago" if passed > timedelta(0) else f"in {length}"


def lasted(start: datetime, end: datetime) -> str:
    return span(max(end - start, timedelta(0)))


def span(length: timedelta) -> str:
    """In the one or two units that matter: `48 s`, `3 min 5 s`, `2 h 10 min`, `4 days`."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min" + (f" {seconds % 60} s" if seconds < 600 and seconds % 60 else "")
    if seconds < 86400:
        return f"{seconds // 3600} h" + (f" {seconds % 3600 // 60} min" if seconds % 3600 // 60 else "")
    return f"{seconds // 86400} {plural('day', seconds // 86400)}"


def web(url: str | None) -> str | None:
    """The address if a browser may be sent there: a link from outside could be a script."""
    return url if url and urlsplit(url).scheme in ("https", "http") else None


def seen(value: object) -> object:
    """Text with what could hide or turn other text made visible: control characters and directions of writing."""
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def without_colours(text: str) -> str:
    """A terminal's output as plain text."""
    return TERMINAL_CODES.sub("", text).replace("\r\n", "\n")


def chunks(text: str) -> tuple[str, ...]:
    """Whole lines, some hundred together: a browser lays out only those that it shows."""
    lines = text.splitlines(keepends=True)
    return tuple("".join(lines[at : at + CHUNK]) for at in range(0, len(lines), CHUNK))


def seen_lines(text: str) -> str:
    """Lines of a log, for a script that shows them as text."""
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", without_colours(text))
