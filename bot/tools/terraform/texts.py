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


def opcodes(old: Sequence[str], new: Sequence[str]) -> Iterator[Opcode]:
    """As difflib's, at a cost that is bounded: the same ends are set aside before the rest is compared."""
    head = _common_prefix_length(old, new)
    tail = _common_prefix_length(old[head:][::-1], new[head:][::-1])
    a, b = len(old) - tail, len(new) - tail
    if head:
        yield "equal", 0, head, 0, head
    if (a - head) * (b - head) > MOST_COMPARED:
        yield "replace", head, a, head, b
    elif a > head or b > head:
        codes = SequenceMatcher(None, old[head:a], new[head:b], autojunk=False).get_opcodes()
        yield from ((kind, i + head, j + head, k + head, m + head) for kind, i, j, k, m in codes)
    if tail:
        yield "equal", a, len(old), b, len(new)


def multiline_diff(old: str, new: str, indent: str) -> Iterator[Line]:
    """Texts of many lines, by line; what stays is shown near a change only."""
    old_lines, new_lines = _split(old, new)
    shown_count = 0
    for kind, a, b, c, d in opcodes(old_lines, new_lines):
        if kind == "equal":
            yield from _unchanged_lines(old_lines[a:b], indent, first=a == 0, last=b == len(old_lines))
            continue
        lines = [*(Line("-", line) for line in old_lines[a:b]), *(Line("+", line) for line in new_lines[c:d])]
        room = max(0, MOST_LINES - shown_count)
        yield from (Line(line.marker, indent + clip(line.text)) for line in lines[:room])
        if len(lines) > room:
            yield Line("!", f"{indent}# ({len(lines) - room:,} more changed lines not shown)")
        shown_count += min(room, len(lines))


def _split(old: str, new: str) -> tuple[list[str], list[str]]:
    """By line feeds alone, lest another kind of break in their place be overlooked; a last one in both is no line."""
    old_lines, new_lines = (text.split("\n") if text else [] for text in (old, new))
    if all(lines[-1] == "" for lines in (old_lines, new_lines) if lines):
        return old_lines[:-1], new_lines[:-1]
    return old_lines, new_lines


def clip(text: str) -> str:
    """The start of what is too long, and how much more there is."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"


def excerpts(old: str, new: str) -> tuple[str, str]:
    """Both texts, quoted, from shortly before their first difference to shortly after their last."""
    head = len(commonprefix([old, new]))
    tail = len(commonprefix([old[head:][::-1], new[head:][::-1]]))
    return _excerpt(old, head, tail), _excerpt(new, head, tail)


def _excerpt(text: str, head: int, tail: int) -> str:
    before, after = max(0, head - AROUND), max(0, tail - AROUND)
    excerpt = clip(text[before : len(text) - after])
    return f"{_omission(before)}{json.dumps(excerpt, ensure_ascii=False)}{_omission(after)}"


def _omission(characters: int) -> str:
    return f"…({characters:,} characters)…" if characters else ""


def _unchanged_lines(lines: Sequence[str], indent: str, *, first: bool, last: bool) -> Iterator[Line]:
    before, after = 0 if first else CONTEXT, 0 if last else CONTEXT
    hidden_count = len(lines) - before - after
    if hidden_count < 2:
        yield from (Line(" ", indent + clip(line)) for line in lines)
        return
    yield from (Line(" ", indent + clip(line)) for line in lines[:before])
    yield Line(" ", f"{indent}# ({hidden_count:,} unchanged lines hidden)")
    yield from (Line(" ", indent + clip(line)) for line in lines[len(lines) - after :])


def _common_prefix_length(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    for a, b in zip(old, new, strict=False):
        if a != b:
            break
        count += 1
    return count
