"""The difference of two masked values as lines: markers first, then text in the look that Terraform's users know."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from bot.core.plan import Line
from bot.tools.terraform.masking import Hidden, Unknown

INDENT = "  "
FORCES = "  # forces replacement"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the object we are: how far in, by which path; `forces` are the paths that replace it."""

    indent: str
    path: tuple[str, ...]
    forces: frozenset[tuple[str, ...]]

    def at(self, step: str) -> "_Place":
        return _Place(self.indent, (*self.path, step), self.forces)

    def within(self) -> "_Place":
        return _Place(self.indent + INDENT, self.path, self.forces)

    @property
    def note(self) -> str:
        return FORCES if self.path in self.forces else ""


def lines(before: Any, after: Any, forces: frozenset[tuple[str, ...]] = frozenset()) -> tuple[Line, ...]:
    """Lines of what changes between two objects' attributes; what stays is counted. `forces`: paths that replace."""
    return tuple(_object(before or {}, after or {}, _Place(INDENT, (), forces)))


def dotted(path: list[Any]) -> str:
    """`a.b[0]` for a path of the plan's `replace_paths`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _object(before: Any, after: Any, here: _Place) -> Iterator[Line]:
    hidden = 0
    width = max((len(_key(key)) for key in {**before, **after}), default=0)
    for key in sorted({**before, **after}):
        old, new = before.get(key), after.get(key)
        if old is None and new is None:
            continue
        if _same(old, new):
            hidden += 1
            continue
        yield from _attribute(f"{_key(key):<{width}} = ", old, new, here.at(str(key)))
    yield from _left_out(hidden, "attribute", here)


def _list(before: list[Any], after: list[Any], here: _Place) -> Iterator[Line]:
    old, new = [_text(item) for item in before], [_text(item) for item in after]
    hidden = 0
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            hidden += b - a
            continue
        for i in range(max(b - a, d - c)):
            left = before[a + i] if a + i < b else None
            right = after[c + i] if c + i < d else None
            yield from _attribute("", left, right, here.at(str(c + i)), ",")
    yield from _left_out(hidden, "element", here)


def _left_out(count: int, what: str, here: _Place) -> Iterator[Line]:
    if count:
        yield Line(" ", f"{here.indent}# ({count} unchanged {what}{'' if count == 1 else 's'} hidden)")


def _attribute(name: str, old: Any, new: Any, here: _Place, end: str = "") -> Iterator[Line]:
    marker = "+" if old is None else "-" if new is None else "!"
    indent, note = here.indent, here.note
    old, new, wrap = _structured(old, new)
    if (old or new) and isinstance(old, dict | None) and isinstance(new, dict | None):
        yield Line(marker, f"{indent}{name}{wrap}{{{note}")
        yield from _object(old or {}, new or {}, here.within())
        yield Line(marker, f"{indent}}}{')' if wrap else ''}{end}")
    elif (old or new) and isinstance(old, list | None) and isinstance(new, list | None):
        yield Line(marker, f"{indent}{name}{wrap}[{note}")
        yield from _list(old or [], new or [], here.within())
        yield Line(marker, f"{indent}]{')' if wrap else ''}{end}")
    elif _long(old) or _long(new):
        yield Line(marker, f"{indent}{name}<<-EOT{note}")
        yield from _text_lines(_shown_text(old), _shown_text(new), indent + INDENT)
        yield Line(marker, f"{indent}EOT")
    elif old is None or new is None:
        yield Line(marker, f"{indent}{name}{_text(new if old is None else old)}{end}{note}")
    else:
        yield Line("!", f"{indent}{name}{_text(old)} -> {_text(new)}{end}{note}")


def _structured(old: Any, new: Any) -> tuple[Any, Any, str]:
    """Texts that hold JSON objects or lists on both sides are compared as such."""
    values = [value for value in (old, new) if value is not None]
    if not values or not all(isinstance(value, str) and value[:1] in ("{", "[") for value in values):
        return old, new, ""
    try:
        parsed = [json.loads(value) if value is not None else None for value in (old, new)]
    except ValueError:
        return old, new, ""
    kinds = {type(value) for value in parsed if value is not None}
    return (parsed[0], parsed[1], "jsonencode(") if len(kinds) == 1 else (old, new, "")


def _text_lines(old: str, new: str, indent: str) -> Iterator[Line]:
    left, right = old.splitlines(), new.splitlines()
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (Line(" ", indent + line) for line in left[a:b])
        else:
            yield from (Line("-", indent + line) for line in left[a:b])
            yield from (Line("+", indent + line) for line in right[c:d])


def _shown_text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else _text(value)


def _long(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value.strip("\n")


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and bool(old == new)


def _key(key: str) -> str:
    return key if key.replace("_", "a").replace("-", "a").isalnum() else json.dumps(key, ensure_ascii=False)


def _text(value: Any) -> str:
    if isinstance(value, Hidden | Unknown):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_text(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
