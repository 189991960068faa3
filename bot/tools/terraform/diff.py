"""The difference of two masked values as lines: markers first, then text in the look that Terraform's users know."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.exact_json import Number, load_literally
from bot.core.plan import Line
from bot.tools.terraform.masking import MaskedValue, UnknownValue
from bot.tools.terraform.texts import LONG, clip, excerpts, multiline_diff, opcodes

INDENT = "  "
FORCES = "  # forces replacement"
WIDEST = 40
LONGEST_KEY = 500
# JSON within a text is opened no deeper.
DEEPEST = 24

Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Position:
    """Where in the object we are: how far in, by which path; `forces` are the paths that replace it.

    `hide` keeps secrets out of texts of which only a part is shown: half a secret would not be found any more.
    """

    indent: str
    path: tuple[str, ...]
    forces: frozenset[tuple[str, ...]]
    hide: Hide

    def at(self, step: str) -> "_Position":
        """Step to a key or an index, on the same indent."""
        return replace(self, path=(*self.path, step))

    def within(self) -> "_Position":
        """Indent further, on the same path."""
        return replace(self, indent=self.indent + INDENT)

    @property
    def note(self) -> str:
        return FORCES if self.path in self.forces else ""


def diff_lines(
    before: Any, after: Any, forces: frozenset[tuple[str, ...]] = frozenset(), hide: Hide = str
) -> tuple[Line, ...]:
    """Lines of what changes between two objects' attributes; what stays is counted. `forces`: paths that replace."""
    return tuple(_object(before or {}, after or {}, _Position(INDENT, (), forces, hide)))


def dotted_path(path: list[Any]) -> str:
    """`a.b[0]` for a path of the plan's `replace_paths`; a key that is no name stands in brackets."""
    text = ""
    for step in path:
        name = isinstance(step, str) and _key(step) == step
        text += (f".{step}" if text else step) if name else f"[{_text(step)}]"
    return text


def _object(before: Mapping[str, Any], after: Mapping[str, Any], position: _Position) -> Iterator[Line]:
    keys = [key for key in sorted({**before, **after}) if before.get(key) is not None or after.get(key) is not None]
    changed = [key for key in keys if not _equal(before.get(key), after.get(key))]
    width = max((len(_key(key)) for key in changed if len(_key(key)) <= WIDEST), default=0)
    for key in changed:
        yield from _attribute(f"{_key(key):<{width}} = ", before.get(key), after.get(key), position.at(str(key)))
    yield from _unchanged_note(len(keys) - len(changed), "attribute", position)


def _list(before: list[Any], after: list[Any], position: _Position) -> Iterator[Line]:
    hidden_count = 0
    for kind, a, b, c, d in opcodes(
        [_identity(element) for element in before], [_identity(element) for element in after]
    ):
        if kind == "equal":
            hidden_count += b - a
            continue
        for i in range(max(b - a, d - c)):
            old = before[a + i] if a + i < b else None
            new = after[c + i] if c + i < d else None
            yield from _attribute("", old, new, position.at(str(c + i)), ",")
    yield from _unchanged_note(hidden_count, "element", position)


def _unchanged_note(count: int, noun: str, position: _Position) -> Iterator[Line]:
    if count:
        yield Line(" ", f"{position.indent}# ({_plural(count, f'unchanged {noun}')} hidden)")


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _attribute(name: str, old: Any, new: Any, position: _Position, end: str = "") -> Iterator[Line]:
    marker = "+" if old is None else "-" if new is None else "!"
    indent, note = position.indent, position.note
    old, new, wrap = _decode_json(old, new)
    if (old or new) and isinstance(old, dict | None) and isinstance(new, dict | None):
        yield Line(marker, f"{indent}{name}{wrap}{{{note}")
        yield from _object(old or {}, new or {}, position.within())
        yield Line(marker, f"{indent}}}{')' if wrap else ''}{end}")
    elif (old or new) and isinstance(old, list | None) and isinstance(new, list | None):
        yield Line(marker, f"{indent}{name}{wrap}[{note}")
        yield from _list(old or [], new or [], position.within())
        yield Line(marker, f"{indent}]{')' if wrap else ''}{end}")
    elif (
        (_is_multiline(old) or _is_multiline(new)) and not isinstance(new, UnknownValue) and not _has_children(old, new)
    ):
        yield Line(marker, f"{indent}{name}<<-EOT{note}")
        yield from multiline_diff(_full_text(old, position), _full_text(new, position), indent + INDENT)
        yield Line(marker, f"{indent}EOT")
    elif old is not None and not isinstance(new, UnknownValue | None) and _has_children(old, new):
        yield from _attribute(name, old, None, position, end)
        yield from _attribute(name, None, new, position, end)
    else:
        yield from _scalar(Line(marker, f"{indent}{name}"), old, new, position, end)


def _has_children(old: Any, new: Any) -> bool:
    return isinstance(old, dict | list) or isinstance(new, dict | list)


def _scalar(prefix: Line, old: Any, new: Any, position: _Position, end: str) -> Iterator[Line]:
    """A value on one line; what is long and changes on a line of its own each, around the difference."""
    if old is None or new is None:
        present = new if old is None else old
        display = clip(position.hide(present)) if isinstance(present, str) else present
        yield Line(prefix.marker, f"{prefix.text}{_text(display)}{end}{position.note}")
        return
    old_text, new_text = (_abbreviated(old) if isinstance(new, UnknownValue) else _text(old)), _text(new)
    if len(old_text) + len(new_text) <= LONG:
        yield Line("!", f"{prefix.text}{old_text} -> {new_text}{end}{position.note}")
        return
    if isinstance(old, str) and isinstance(new, str) and (masked_old := position.hide(old)) != position.hide(new):
        old_text, new_text = excerpts(masked_old, position.hide(new))
    yield Line("!", f"{prefix.text.rstrip()}{position.note}")
    yield Line("-", f"{position.indent}{INDENT}{clip(position.hide(old_text))}{end}")
    yield Line("+", f"{position.indent}{INDENT}{clip(position.hide(new_text))}{end}")


def _abbreviated(value: Any) -> str:
    """What goes, where nobody knows yet what comes: all of it would say little."""
    text = _text(value)
    if len(text) <= LONG // 2:
        return text
    if isinstance(value, dict | list):
        return f"({_plural(len(value), 'attribute' if isinstance(value, dict) else 'element')})"
    return f"({len(text):,} characters)"


def _decode_json(old: Any, new: Any) -> tuple[Any, Any, str]:
    """Texts that hold JSON objects or lists on both sides are compared as such, unless that would hide something."""
    values = [value for value in (old, new) if value is not None]
    if not values or not all(isinstance(value, str) and value[:1] in ("{", "[") for value in values):
        return old, new, ""
    try:
        parsed = [load_literally(value) if value is not None else None for value in (old, new)]
    except (ValueError, RecursionError):
        return old, new, ""
    kinds = {type(value) for value in parsed if value is not None}
    if len(kinds) != 1 or _exceeds_depth(parsed, DEEPEST) or _equal(*parsed):
        return old, new, ""
    return parsed[0], parsed[1], "jsonencode("


def _exceeds_depth(value: Any, depth: int) -> bool:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth < 0 or any(_exceeds_depth(child, depth - 1) for child in children)


def _is_multiline(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value.strip("\n")


def _full_text(value: Any, position: _Position) -> str:
    return position.hide(value) if isinstance(value, str) else "" if value is None else _text(value)


def _equal(old: Any, new: Any) -> bool:
    """Also of their kinds, however deep: `1` is not `true`."""
    return bool(old == new) and _text(old) == _text(new)


def _key(key: str) -> str:
    plain = key.replace("_", "a").replace("-", "a").isalnum()
    label = key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}… ({len(key) - LONGEST_KEY:,} more characters)"
    return label if plain and label == key else json.dumps(label, ensure_ascii=False)


def _identity(value: Any) -> str:
    """What tells one element of a list from another: what a mask hides may differ where it looks the same."""
    if isinstance(value, MaskedValue):
        return f"\0{hash(value)}"
    if isinstance(value, UnknownValue):
        return f"\0{id(value)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_identity(child)}" for key, child in sorted(value.items())) + "}"
    return f"[{', '.join(map(_identity, value))}]" if isinstance(value, list) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, MaskedValue | UnknownValue | Number):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_text(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
