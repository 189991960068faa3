"""Long texts and long lists: what differs in them, and as much around it as tells where. Called by `diff`.

Pure. Nothing is shortened without the number of what is left out, and the cost stays near the length of what is read.
"""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from os.path import commonprefix

from bot.core.plan import Line

# Shorter ones are shown whole, on one line, as the tool does.
LONG = 120
LONGEST = 10_000
AROUND = 40
CONTEXT = 3
MOST_LINES = 1_000
# Beyond so many comparisons what stays in the middle is not looked for.
MOST_COMPARED = 4_000_000

Opcode = tuple[str, int, int, int, int]


def opcodes(left: Sequence[str], right: Sequence[str]) -> Iterator[Opcode]:
    """As difflib's, at a cost that is bounded: the same ends are set aside before the rest is compared."""
    head = _same_start(left, right)
    tail = _same_start(left[head:][::-1], right[head:][::-1])
    a, b = len(left) - tail, len(right) - tail
    if head:
        yield "equal", 0, head, 0, head
    if (a - head) * (b - head) > MOST_COMPARED:
        yield "replace", head, a, head, b
    elif a > head or b > head:
        found = SequenceMatcher(None, left[head:a], right[head:b], autojunk=False).get_opcodes()
        yield from ((kind, i + head, j + head, k + head, m + head) for kind, i, j, k, m in found)
    if tail:
        yield "equal", a, len(left), b, len(right)


def text_lines(old: str, new: str, indent: str) -> Iterator[Line]:
    """Texts of many lines, by line; what stays is shown near a change only."""
    left, right = _split(old, new)
    shown = 0
    for kind, a, b, c, d in opcodes(left, right):
        if kind == "equal":
            yield from _unchanged(left[a:b], indent, first=a == 0, last=b == len(left))
            continue
        lines = [*(Line("-", one) for one in left[a:b]), *(Line("+", one) for one in right[c:d])]
        room = max(0, MOST_LINES - shown)
        yield from (Line(one.marker, indent + clipped(one.text)) for one in lines[:room])
        if len(lines) > room:
            yield Line("!", f"{indent}# ({len(lines) - room:,} more changed lines not shown)")
        shown += min(room, len(lines))


def _split(old: str, new: str) -> tuple[list[str], list[str]]:
    """By line feeds alone, lest another kind of break in their place be overlooked; a last one in both is no line."""
    left, right = (text.split("\n") if text else [] for text in (old, new))
    if all(lines[-1] == "" for lines in (left, right) if lines):
        return left[:-1], right[:-1]
    return left, right


def clipped(text: str) -> str:
    """The start of what is too long, and how much more there is."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"


def excerpts(old: str, new: str) -> tuple[str, str]:
    """Both texts, quoted, from shortly before their first difference to shortly after their last."""
    head = len(commonprefix([old, new]))
    tail = len(commonprefix([old[head:][::-1], new[head:][::-1]]))
    return _excerpt(old, head, tail), _excerpt(new, head, tail)


def _excerpt(text: str, head: int, tail: int) -> str:
    before, after = max(0, head - AROUND), max(0, tail - AROUND)
    shown = clipped(text[before : len(text) - after])
    return f"{_counted(before)}{json.dumps(shown, ensure_ascii=False)}{_counted(after)}"


def _counted(characters: int) -> str:
    return f"…({characters:,} characters)…" if characters else ""


def _unchanged(lines: Sequence[str], indent: str, *, first: bool, last: bool) -> Iterator[Line]:
    before, after = 0 if first else CONTEXT, 0 if last else CONTEXT
    hidden = len(lines) - before - after
    if hidden < 2:
        yield from (Line(" ", indent + clipped(line)) for line in lines)
        return
    yield from (Line(" ", indent + clipped(line)) for line in lines[:before])
    yield Line(" ", f"{indent}# ({hidden:,} unchanged lines hidden)")
    yield from (Line(" ", indent + clipped(line)) for line in lines[len(lines) - after :])


def _same_start(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
