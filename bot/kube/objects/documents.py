"""YAML as Kubernetes reads it: documents as JSON data, with lines. Called by `parsing` and by the tools' inputs.

Built from parse events, so that nesting, aliases that multiply, and duplicate keys are refused before they cost memory.
Never builds Python objects, never touches files.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bot.core.errors import Refused
from bot.kube.objects import scalars

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"

LIMIT = 50 * 1024 * 1024
VALUE = 24  # what a value weighs beside its text: two million of them cost some 300 MB and ten seconds
TOO_MUCH = "holds more values than can be planned at once: make several projects of it"
DEEPEST = 150
OUTER = 5
MERGE = "\0<<"


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `line` counts from 1; `lines` has those of its outer mappings, by their `id()`."""

    line: int
    value: Json
    lines: dict[int, int]


def documents(text: bytes | str, where: str, place: Callable[[int], str] | None = None) -> Iterator[Document]:
    """Every document that is not empty. Raises Refused with where it is: `place(line)`, or `where` and the line."""
    if len(text) > LIMIT:
        raise Refused(f"{where}: more than {LIMIT // 1024 // 1024} MB of YAML")
    at = place or (lambda line: f"{where}:{line}")
    builder = _Builder(at, 0)
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        for event in yaml.parse(decoded, Loader=yaml.CSafeLoader):
            if isinstance(event, DocumentStartEvent):
                builder = _Builder(at, builder.weight)
            elif isinstance(event, DocumentEndEvent):
                if builder.root is not None:
                    yield Document(builder.line, builder.root, builder.lines)
            else:
                builder.take(event)
    except UnicodeError as why:
        raise Refused(f"{where}: is not UTF-8 text") from why
    except yaml.MarkedYAMLError as why:
        mark = why.problem_mark
        line = mark.line + 1 if mark else 1
        raise Refused(f"{at(line)}: invalid YAML: {why.problem}") from why
    except yaml.YAMLError as why:
        raise Refused(f"{where}: invalid YAML: {str(why).splitlines()[0]}") from why


def folded(value: Json) -> Json:
    """The same with every key in small letters, for programs that do not tell them apart.

    Where two keys become one, lists are put together, and of other values the last one stays.
    """
    if isinstance(value, list):
        return [folded(one) for one in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Json] = {}
    for key, one in value.items():
        new, old = folded(one), made.get(key.casefold())
        made[key.casefold()] = [*old, *new] if isinstance(old, list) and isinstance(new, list) else new
    return made


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come."""

    value: "dict[str, Json] | list[Json]"
    line: int
    anchor: str | None
    weight: int = VALUE
    key: str | None = None
    merges: "list[Json]" = field(default_factory=list)


class _Builder:
    """One document's data, event by event. `weight` is that of all documents so far."""

    def __init__(self, place: Callable[[int], str], weight: int) -> None:
        self.root: Json = None
        self.line = 1
        self.lines: dict[int, int] = {}
        self.weight = weight
        self._place, self._at = place, 1
        self._open: list[_Open] = []
        self._named: dict[str, tuple[Json, int]] = {}

    def take(self, event: Event) -> None:
        mark = event.start_mark
        self._at = mark.line + 1 if mark else self._at
        if isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, MappingStartEvent):
            self._begin({}, event.anchor)
        elif isinstance(event, SequenceStartEvent):
            self._begin([], event.anchor)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._end()
        elif isinstance(event, AliasEvent) and event.anchor:
            self._alias(event.anchor)

    def _refuse(self, what: str) -> Refused:
        return Refused(f"{self._place(self._at)}: {what}")

    def _scalar(self, event: ScalarEvent) -> None:
        try:
            value = self._meaning(event)
            parent = self._open[-1] if self._open else None
            if parent and isinstance(parent.value, dict) and parent.key is None:
                self._key(parent, MERGE if value == "<<" and event.implicit[0] else scalars.key(value))
                return
        except ValueError as why:
            raise self._refuse(str(why)) from why
        self._put(value, len(event.value) + VALUE, event.anchor)

    def _meaning(self, event: ScalarEvent) -> scalars.Scalar:
        if event.implicit[0]:
            return scalars.plain(event.value)
        return scalars.tagged(event.tag, event.value) if event.tag else str(event.value)

    def _key(self, parent: _Open, key: str) -> None:
        if isinstance(parent.value, dict) and key in parent.value:
            raise self._refuse(f"the key {key} is there twice")
        parent.key = key
        parent.weight += len(key) + VALUE
        self._weigh(len(key) + VALUE)

    def _begin(self, value: "dict[str, Json] | list[Json]", anchor: str | None) -> None:
        if len(self._open) >= DEEPEST:
            raise self._refuse(f"nested more than {DEEPEST} deep")
        parent = self._open[-1] if self._open else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            raise self._refuse("a key must be text")
        self._weigh(VALUE)
        self._open.append(_Open(value, self._at, anchor))

    def _end(self) -> None:
        ended = self._open.pop()
        if isinstance(ended.value, dict):
            for merged in ended.merges:
                self._merge(ended.value, merged)
            if len(self._open) < OUTER:
                self.lines[id(ended.value)] = ended.line
        if not self._open:
            self.line = ended.line
        self._put(ended.value, ended.weight, ended.anchor)

    def _merge(self, into: "dict[str, Json]", merged: Json) -> None:
        for source in merged if isinstance(merged, list) else [merged]:
            if not isinstance(source, dict):
                raise self._refuse("`<<` must name a mapping")
            for key, value in source.items():
                into.setdefault(key, value)

    def _alias(self, name: str) -> None:
        if name not in self._named:
            raise self._refuse("an alias names nothing that is complete: what begins with * must be in quotes")
        value, weight = self._named[name]
        parent = self._open[-1] if self._open else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            if isinstance(value, (dict, list)):
                raise self._refuse("a key must be text")
            self._key(parent, scalars.key(value))
            return
        self._weigh(weight, "aliases make more than can be planned of it")
        self._put(value, weight, None)

    def _weigh(self, weight: int, what: str = TOO_MUCH) -> None:
        self.weight += weight
        if self.weight > LIMIT:
            raise self._refuse(what)

    def _put(self, value: Json, weight: int, anchor: str | None) -> None:
        if anchor:
            self._named[anchor] = (value, weight)
        if not isinstance(value, (dict, list)):
            self._weigh(weight)
        if not self._open:
            self.root = value
            return
        parent = self._open[-1]
        parent.weight += weight
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key == MERGE:
            parent.merges.append(value)
            parent.key = None
        elif parent.key is not None:
            parent.value[parent.key] = value
            parent.key = None
