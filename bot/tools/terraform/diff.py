"""The difference of two masked values as lines: markers first, then text in the look that Terraform's users know."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.plan import Line
from bot.tools.terraform.masking import Hidden, Unknown
from bot.tools.terraform.texts import LONG, clipped, excerpts, opcodes, text_lines

INDENT = "  "
FORCES = "  # forces replacement"
WIDEST = 40
LONGEST_KEY = 500
# JSON within a text is opened no deeper.
DEEPEST = 24

Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the object we are: how far in, by which path; `forces` are the paths that replace it.

    `hide` keeps secrets out of texts of which only a part is shown: half a secret would not be found any more.
    """

    indent: str
    path: tuple[str, ...]
    forces: frozenset[tuple[str, ...]]
    hide: Hide

    def at(self, step: str) -> "_Place":
        return replace(self, path=(*self.path, step))

    def within(self) -> "_Place":
        return replace(self, indent=self.indent + INDENT)

    @property
    def note(self) -> str:
        return FORCES if self.path in self.forces else ""


def lines(
    before: Any, after: Any, forces: frozenset[tuple[str, ...]] = frozenset(), hide: Hide = str
) -> tuple[Line, ...]:
    """Lines of what changes between two objects' attributes; what stays is counted. `forces`: paths that replace."""
    return tuple(_object(before or {}, after or {}, _Place(INDENT, (), forces, hide)))


def dotted(path: list[Any]) -> str:
    """`a.b[0]` for a path of the plan's `replace_paths`; a key that is no name stands in brackets."""
    text = ""
    for step in path:
        name = isinstance(step, str) and _key(step) == step
        text += (f".{step}" if text else step) if name else f"[{_text(step)}]"
    return text


def _object(before: Mapping[str, Any], after: Mapping[str, Any], here: _Place) -> Iterator[Line]:
    keys = [key for key in sorted({**before, **after}) if before.get(key) is not None or after.get(key) is not None]
    changed = [key for key in keys if not _same(before.get(key), after.get(key))]
    width = max((len(_key(key)) for key in changed if len(_key(key)) <= WIDEST), default=0)
    for key in changed:
        yield from _attribute(f"{_key(key):<{width}} = ", before.get(key), after.get(key), here.at(str(key)))
    yield from _left_out(len(keys) - len(changed), "attribute", here)


def _list(before: list[Any], after: list[Any], here: _Place) -> Iterator[Line]:
    hidden = 0
    for kind, a, b, c, d in opcodes([_told(item) for item in before], [_told(item) for item in after]):
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
        yield Line(" ", f"{here.indent}# ({_some(count, f'unchanged {what}')} hidden)")


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


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
    elif (_of_lines(old) or _of_lines(new)) and not isinstance(new, Unknown) and not _parts(old, new):
        yield Line(marker, f"{indent}{name}<<-EOT{note}")
        yield from text_lines(_whole(old, here), _whole(new, here), indent + INDENT)
        yield Line(marker, f"{indent}EOT")
    elif old is not None and not isinstance(new, Unknown | None) and _parts(old, new):
        yield from _attribute(name, old, None, here, end)
        yield from _attribute(name, None, new, here, end)
    else:
        yield from _plain(Line(marker, f"{indent}{name}"), old, new, here, end)


def _parts(old: Any, new: Any) -> bool:
    return isinstance(old, dict | list) or isinstance(new, dict | list)


def _plain(start: Line, old: Any, new: Any, here: _Place, end: str) -> Iterator[Line]:
    """A value on one line; what is long and changes on a line of its own each, around the difference."""
    if old is None or new is None:
        only = new if old is None else old
        shown = clipped(here.hide(only)) if isinstance(only, str) else only
        yield Line(start.marker, f"{start.text}{_text(shown)}{end}{here.note}")
        return
    left, right = (_brief(old) if isinstance(new, Unknown) else _text(old)), _text(new)
    if len(left) + len(right) <= LONG:
        yield Line("!", f"{start.text}{left} -> {right}{end}{here.note}")
        return
    if isinstance(old, str) and isinstance(new, str) and (cleaned := here.hide(old)) != here.hide(new):
        left, right = excerpts(cleaned, here.hide(new))
    yield Line("!", f"{start.text.rstrip()}{here.note}")
    yield Line("-", f"{here.indent}{INDENT}{clipped(here.hide(left))}{end}")
    yield Line("+", f"{here.indent}{INDENT}{clipped(here.hide(right))}{end}")


def _brief(value: Any) -> str:
    """What goes, where nobody knows yet what comes: all of it would say little."""
    text = _text(value)
    if len(text) <= LONG // 2:
        return text
    if isinstance(value, dict | list):
        return f"({_some(len(value), 'attribute' if isinstance(value, dict) else 'element')})"
    return f"({len(text):,} characters)"


def _structured(old: Any, new: Any) -> tuple[Any, Any, str]:
    """Texts that hold JSON objects or lists on both sides are compared as such."""
    values = [value for value in (old, new) if value is not None]
    if not values or not all(isinstance(value, str) and value[:1] in ("{", "[") for value in values):
        return old, new, ""
    try:
        parsed = [json.loads(value) if value is not None else None for value in (old, new)]
    except (ValueError, RecursionError):
        return old, new, ""
    kinds = {type(value) for value in parsed if value is not None}
    if len(kinds) != 1 or _deeper(parsed, DEEPEST) or _same(*parsed):
        return old, new, ""
    return parsed[0], parsed[1], "jsonencode("


def _deeper(value: Any, than: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return than < 0 or any(_deeper(one, than - 1) for one in inner)


def _of_lines(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value.strip("\n")


def _whole(value: Any, here: _Place) -> str:
    return here.hide(value) if isinstance(value, str) else "" if value is None else _text(value)


def _same(old: Any, new: Any) -> bool:
    """Also of their kinds, however deep: `1` is not `true`."""
    return bool(old == new) and _text(old) == _text(new)


def _key(key: str) -> str:
    plain = key.replace("_", "a").replace("-", "a").isalnum()
    shown = key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}… ({len(key) - LONGEST_KEY:,} more characters)"
    return shown if plain and shown == key else json.dumps(shown, ensure_ascii=False)


def _told(value: Any) -> str:
    """What tells one element of a list from another: what a mask hides may differ where it looks the same."""
    if isinstance(value, Hidden):
        return f"\0{hash(value)}"
    if isinstance(value, Unknown):
        return f"\0{id(value)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_told(one)}" for key, one in sorted(value.items())) + "}"
    return f"[{', '.join(map(_told, value))}]" if isinstance(value, list) else json.dumps(value)


def _text(value: Any) -> str:
    if isinstance(value, Hidden | Unknown):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_text(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
