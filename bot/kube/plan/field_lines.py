"""One object's field changes as lines of a plan, by cause. Called by `plan_content`. Pure.

A line never holds a line break, nor any character that is not seen: that one is written as in Python (`\\x1b`).
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bot.core.plan import Line
from bot.kube.objects.object_changes import ChangeCause, FieldChange, ObjectChange, Verb

CONTEXT_LINES = 3  # lines shown around a change of a text of many lines
MAX_NAMED_FIELDS = 8  # fields of the cluster's that are named
MAX_INLINE_LENGTH = 120  # of an old and a new value that share a line
MAX_LINE_PAIRS = 1_000_000  # pairs of lines; beyond, all old ones are shown and then all new ones

_SECTION_CAUSES = (ChangeCause.YOURS, ChangeCause.DRIFT, ChangeCause.OTHERS)
_MARKERS = {(True, False): "+", (False, True): "-", (False, False): "!"}


def change_lines(change: ObjectChange) -> Iterator[Line]:
    """Show a new object in full; else a section for each cause, and one line for all that is the cluster's."""
    for cause in _SECTION_CAUSES:
        fields = [field for field in change.fields if field.cause is cause and field.path]
        if fields:
            yield Line(" ", f"{cause.value}:")
        for field in fields:
            yield from _field_lines(field, change)
    for object_field in (field for field in change.fields if not field.path and field.new is not None):
        yield from text_lines(object_field.new or "", "+")
    yield from _cluster_summary([field for field in change.fields if field.cause is ChangeCause.CLUSTER])


def drift_lines(change: ObjectChange) -> Iterator[Line]:
    """Show what others did to an object."""
    for field in change.drift:
        yield from _field_lines(field, change)


def text_lines(text: str, marker: str = " ", indent: str = "") -> Iterator[Line]:
    """Make a plan's line of each line of a text."""
    for line in text.removesuffix("\n").split("\n"):
        yield Line(marker, escape_invisible(indent + line))


def escape_invisible(text: str) -> str:
    """Return the text with nothing unseen in it but spaces and tabs."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == "\t" else character.encode("unicode_escape").decode()
        for character in text
    )


def collapse_lines(text: str) -> str:
    """Put a text into one line, with nothing unseen in it."""
    return escape_invisible(" ".join(text.split()))


def diff_lines(old: str, new: str, indent: str = "") -> Iterator[Line]:
    """Show what changes between two texts, with lines around it, and where only one ends with a line break."""
    old_lines, new_lines = _split_lines(old, new), _split_lines(new, old)
    codes = list(_opcodes(old_lines, new_lines))
    for tag, start, end, new_start, new_end in codes:
        if tag != "equal":
            yield from (Line("-", escape_invisible(indent + line)) for line in old_lines[start:end])
            yield from (Line("+", escape_invisible(indent + line)) for line in new_lines[new_start:new_end])
            continue
        head = start if codes[0][2] == end else min(end, start + CONTEXT_LINES)
        tail = end if codes[-1][1] == start else max(head, end - CONTEXT_LINES)
        yield from (Line(" ", escape_invisible(indent + line)) for line in old_lines[start:head])
        if tail > head:
            yield Line(" ", f"{indent}… {pluralize(tail - head, 'line')} more")
        yield from (Line(" ", escape_invisible(indent + line)) for line in old_lines[tail:end])


def _field_lines(field: FieldChange, change: ObjectChange) -> Iterator[Line]:
    path, remark = escape_invisible(field.path), _remark(field, change)
    if field.old == field.new:
        yield Line(" ", f"  {path}: {_inline_value(field.new)}{remark}")
        return
    marker = _MARKERS[field.old is None, field.new is None]
    values = [value for value in (field.old, field.new) if value is not None]
    if any("\n" in value for value in values):
        yield Line(marker, f"  {path}:{remark}")
        yield from _multiline_field(field)
    elif len(values) == 2 and sum(map(len, values)) > MAX_INLINE_LENGTH:
        yield Line(marker, f"  {path}:{remark}")
        yield Line("-", f"    {_inline_value(field.old)}")
        yield Line("+", f"    {_inline_value(field.new)}")
    else:
        yield Line(marker, f"  {path}: {' → '.join(map(_inline_value, values))}{remark}")


def _multiline_field(field: FieldChange) -> Iterator[Line]:
    if field.old is None or field.new is None:
        yield from text_lines(field.old or field.new or "", "+" if field.old is None else "-", "    ")
    else:
        yield from diff_lines(field.old, field.new, "    ")


def _remark(field: FieldChange, change: ObjectChange) -> str:
    """What stands behind a field: who wrote it, and what becomes of that."""
    remarks = [_secret_remark(field)] if change.ref.kind == "Secret" and field.path.startswith("data") else []
    owner = collapse_lines(field.by)
    if field.cause is ChangeCause.OTHERS:
        if field.old == field.new:
            remarks.append(f"stays, owned by {owner}")
        else:
            is_taken = change.force and change.verb is not Verb.CONFLICT
            remarks.append(f"taken over from {owner}" if is_taken else f"conflict: owned by {owner}")
    elif owner:
        remarks.append(f"written by {owner}")
    return f"  # {'; '.join(remarks)}" if remarks else ""


def _secret_remark(field: FieldChange) -> str:
    if field.old == field.new:
        return "same"
    return "added" if field.old is None else "removed" if field.new is None else "changed"


def _cluster_summary(fields: Sequence[FieldChange]) -> Iterator[Line]:
    """What the cluster sets, in one line; first where it makes another thing of a value."""
    if fields:
        ordered = sorted(fields, key=lambda field: field.old is None)
        names = [_field_label(field) for field in ordered[:MAX_NAMED_FIELDS]]
        remainder = [f"and {len(fields) - MAX_NAMED_FIELDS:,} more"] if len(fields) > MAX_NAMED_FIELDS else []
        yield Line(" ", f"… {pluralize(len(fields), 'field')} set by the cluster: {', '.join([*names, *remainder])}")


def _field_label(field: FieldChange) -> str:
    values = [value for value in (field.old, field.new) if value is not None]
    if field.old is None or sum(map(len, values)) > MAX_INLINE_LENGTH or any("\n" in value for value in values):
        return escape_invisible(field.path)
    new = _inline_value(field.new) if field.new is not None else "gone"
    return f"{escape_invisible(field.path)} ({_inline_value(field.old)} → {new})"


def _inline_value(value: str | None) -> str:
    """A value in a line: quoted where its ends would not be seen."""
    visible_text = escape_invisible((value or "").replace("\n", "\\n"))
    return f'"{visible_text}"' if visible_text != visible_text.strip() or not visible_text else visible_text


def _split_lines(text: str, counterpart: str) -> list[str]:
    lines = text.removesuffix("\n").split("\n") if text else []
    if lines and not text.endswith("\n") and counterpart.endswith("\n"):
        lines[-1] += "  # no line break at the end"
    return lines


def _opcodes(old_lines: Sequence[str], new_lines: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """difflib's, of what is not the same at both ends."""
    head = 0
    while head < min(len(old_lines), len(new_lines)) and old_lines[head] == new_lines[head]:
        head += 1
    tail = 0
    while tail < min(len(old_lines), len(new_lines)) - head and old_lines[-1 - tail] == new_lines[-1 - tail]:
        tail += 1
    old_middle, new_middle = old_lines[head : len(old_lines) - tail], new_lines[head : len(new_lines) - tail]
    if head:
        yield "equal", 0, head, 0, head
    if len(old_middle) * len(new_middle) > MAX_LINE_PAIRS:
        yield "replace", head, head + len(old_middle), head, head + len(new_middle)
    elif old_middle or new_middle:
        for tag, start, end, new_start, new_end in SequenceMatcher(
            None, old_middle, new_middle, autojunk=False
        ).get_opcodes():
            yield tag, start + head, end + head, new_start + head, new_end + head
    if tail:
        yield "equal", len(old_lines) - tail, len(old_lines), len(new_lines) - tail, len(new_lines)


def pluralize(count: int, word: str) -> str:
    """Count in words: `1 line`, `2,000 lines`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
