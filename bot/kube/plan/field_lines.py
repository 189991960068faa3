"""One object's field changes as lines of a plan, by cause. Called by `show`. Pure.

A line never holds a line break, nor any character that is not seen: that one is written as in Python (`\\x1b`).
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bot.core.plan import Line
from bot.kube.objects.outcomes import Cause, FieldChange, Outcome

AROUND = 3  # lines shown around a change of a text of many lines
MOST_NAMED = 8  # fields of the cluster's that are named
LONGEST = 120  # of an old and a new value that share a line
MOST_COMPARED = 1_000_000  # pairs of lines; beyond, all old ones are shown and then all new ones

_SECTIONS = (Cause.YOURS, Cause.DRIFT, Cause.OTHERS)
_MARKERS = {(True, False): "+", (False, True): "-", (False, False): "!"}


def lines_of(outcome: Outcome) -> Iterator[Line]:
    """A new object in full; else a section for each cause, and one line for all that is the cluster's."""
    for cause in _SECTIONS:
        fields = [one for one in outcome.fields if one.cause is cause and one.path]
        if fields:
            yield Line(" ", f"{cause.value}:")
        for one in fields:
            yield from _field(one, outcome)
    for whole in (one for one in outcome.fields if not one.path and one.new is not None):
        yield from plain(whole.new or "", "+")
    yield from _folded([one for one in outcome.fields if one.cause is Cause.CLUSTER])


def plain(text: str, marker: str = " ", indent: str = "") -> Iterator[Line]:
    """Each line of a text."""
    for line in text.removesuffix("\n").split("\n"):
        yield Line(marker, visible(indent + line))


def visible(text: str) -> str:
    """The text with nothing unseen in it but spaces and tabs."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\t" else one.encode("unicode_escape").decode() for one in text)


def one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def difference(old: str, new: str, indent: str = "") -> Iterator[Line]:
    """What changes between two texts, with some lines around; it is said where only one ends with a line break."""
    was, now = _split(old, new), _split(new, old)
    codes = list(_opcodes(was, now))
    for tag, start, end, other, till in codes:
        if tag != "equal":
            yield from (Line("-", visible(indent + line)) for line in was[start:end])
            yield from (Line("+", visible(indent + line)) for line in now[other:till])
            continue
        head = start if codes[0][2] == end else min(end, start + AROUND)
        tail = end if codes[-1][1] == start else max(head, end - AROUND)
        yield from (Line(" ", visible(indent + line)) for line in was[start:head])
        if tail > head:
            yield Line(" ", f"{indent}… {some(tail - head, 'line')} more")
        yield from (Line(" ", visible(indent + line)) for line in was[tail:end])


def _field(one: FieldChange, outcome: Outcome) -> Iterator[Line]:
    path, said = visible(one.path), _remark(one, outcome)
    if one.old == one.new:
        yield Line(" ", f"  {path}: {_short(one.new)}{said}")
        return
    marker = _MARKERS[one.old is None, one.new is None]
    values = [value for value in (one.old, one.new) if value is not None]
    if any("\n" in value for value in values):
        yield Line(marker, f"  {path}:{said}")
        yield from _texts(one)
    elif len(values) == 2 and sum(map(len, values)) > LONGEST:
        yield Line(marker, f"  {path}:{said}")
        yield Line("-", f"    {_short(one.old)}")
        yield Line("+", f"    {_short(one.new)}")
    else:
        yield Line(marker, f"  {path}: {' → '.join(map(_short, values))}{said}")


def _texts(one: FieldChange) -> Iterator[Line]:
    if one.old is None or one.new is None:
        yield from plain(one.old or one.new or "", "+" if one.old is None else "-", "    ")
    else:
        yield from difference(one.old, one.new, "    ")


def _remark(one: FieldChange, outcome: Outcome) -> str:
    """What stands behind a field: who wrote it, and what becomes of that."""
    words = [_of_secret(one)] if outcome.ref.kind == "Secret" and one.path.startswith("data") else []
    by = one_line(one.by)
    if one.cause is Cause.OTHERS:
        if one.old == one.new:
            words.append(f"stays, owned by {by}")
        else:
            words.append(f"taken over from {by}" if outcome.force else f"conflict: owned by {by}")
    elif by:
        words.append(f"written by {by}")
    return f"  # {'; '.join(words)}" if words else ""


def _of_secret(one: FieldChange) -> str:
    if one.old == one.new:
        return "same"
    return "added" if one.old is None else "removed" if one.new is None else "changed"


def _folded(fields: Sequence[FieldChange]) -> Iterator[Line]:
    """What the cluster sets, in one line; first where it makes another thing of a value."""
    if fields:
        ordered = sorted(fields, key=lambda one: one.old is None)
        names = [_named(one) for one in ordered[:MOST_NAMED]]
        more = [f"and {len(fields) - MOST_NAMED:,} more"] if len(fields) > MOST_NAMED else []
        yield Line(" ", f"… {some(len(fields), 'field')} set by the cluster: {', '.join([*names, *more])}")


def _named(one: FieldChange) -> str:
    values = [value for value in (one.old, one.new) if value is not None]
    if one.old is None or sum(map(len, values)) > LONGEST or any("\n" in value for value in values):
        return visible(one.path)
    return f"{visible(one.path)} ({' → '.join([_short(one.old), _short(one.new) if one.new is not None else 'gone'])})"


def _short(text: str | None) -> str:
    """A value in a line: quoted where its ends would not be seen."""
    shown = visible((text or "").replace("\n", "\\n"))
    return f'"{shown}"' if shown != shown.strip() or not shown else shown


def _split(text: str, other: str) -> list[str]:
    lines = text.removesuffix("\n").split("\n") if text else []
    if lines and not text.endswith("\n") and other.endswith("\n"):
        lines[-1] += "  # no line break at the end"
    return lines


def _opcodes(was: Sequence[str], now: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """difflib's, of what is not the same at both ends."""
    same = 0
    while same < min(len(was), len(now)) and was[same] == now[same]:
        same += 1
    tail = 0
    while tail < min(len(was), len(now)) - same and was[-1 - tail] == now[-1 - tail]:
        tail += 1
    old, new = was[same : len(was) - tail], now[same : len(now) - tail]
    if same:
        yield "equal", 0, same, 0, same
    if len(old) * len(new) > MOST_COMPARED:
        yield "replace", same, same + len(old), same, same + len(new)
    elif old or new:
        for tag, start, end, other, till in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield tag, start + same, end + same, other + same, till + same
    if tail:
        yield "equal", len(was) - tail, len(was), len(now) - tail, len(now)


def some(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
