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
from bot.kube.objects import yaml_scalars

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"

LIMIT = 50 * 1024 * 1024
NODE_WEIGHT = 24  # what a value weighs beside its text: two million of them cost some 300 MB and ten seconds
TOO_MANY_VALUES = "holds more values than can be planned at once: make several projects of it"
MAX_DEPTH = 150
LINE_DEPTH = 5
MERGE_KEY = "\0<<"


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document. `line` counts from 1; `lines` has those of its outer mappings, by their `id()`."""

    line: int
    value: Json
    lines: dict[int, int]


def read_documents(
    text: bytes | str,
    where: str,
    locate: Callable[[int], str] | None = None,
    on_duplicate: Callable[[str, str], object] | None = None,
) -> Iterator[YamlDocument]:
    """Yield every document that is not empty.

    Raises Refused for what Kubernetes would not read, with where it is: `locate(line)`, or `where` and the line. A key
    that is there twice is refused too, unless `on_duplicate(where, key)` is told of it: then the last stays.
    """
    if len(text) > LIMIT:
        raise Refused(f"{where}: more than {LIMIT // 1024 // 1024} MB of YAML")
    position_of = locate or (lambda line: f"{where}:{line}")
    builder = _DocumentBuilder(position_of, 0, on_duplicate)
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        for event in yaml.parse(decoded, Loader=yaml.CSafeLoader):
            if isinstance(event, DocumentStartEvent):
                builder = _DocumentBuilder(position_of, builder.weight, on_duplicate)
            elif isinstance(event, DocumentEndEvent):
                if builder.root is not None:
                    yield YamlDocument(builder.line, builder.root, builder.lines)
            else:
                builder.feed(event)
    except UnicodeError as error:
        raise Refused(f"{where}: is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise Refused(f"{position_of(line)}: invalid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise Refused(f"{where}: invalid YAML: {str(error).splitlines()[0]}") from error


def casefold_keys(value: Json) -> Json:
    """Copy the value with every key in small letters, for programs that do not tell them apart.

    Where two keys become one, lists are put together, and of other values the last one stays.
    """
    if isinstance(value, list):
        return [casefold_keys(element) for element in value]
    if not isinstance(value, dict):
        return value
    folded: dict[str, Json] = {}
    for key, child in value.items():
        new, old = casefold_keys(child), folded.get(key.casefold())
        folded[key.casefold()] = [*old, *new] if isinstance(old, list) and isinstance(new, list) else new
    return folded


@dataclass(slots=True)
class _OpenNode:
    """A mapping or list whose end has not come."""

    value: "dict[str, Json] | list[Json]"
    line: int
    anchor: str | None
    weight: int = NODE_WEIGHT
    key: str | None = None
    merges: "list[Json]" = field(default_factory=list)


class _DocumentBuilder:
    """One document's data, event by event. `weight` is that of all documents so far."""

    def __init__(
        self, locate: Callable[[int], str], weight: int, on_duplicate: Callable[[str, str], object] | None
    ) -> None:
        self.root: Json = None
        self.line = 1
        self.lines: dict[int, int] = {}
        self.weight = weight
        self._locate, self._line, self._on_duplicate = locate, 1, on_duplicate
        self._stack: list[_OpenNode] = []
        self._anchors: dict[str, tuple[Json, int]] = {}

    def feed(self, event: Event) -> None:
        """Take the next event of the document. Raises Refused for what Kubernetes would not read."""
        mark = event.start_mark
        self._line = mark.line + 1 if mark else self._line
        if isinstance(event, ScalarEvent):
            self._add_scalar(event)
        elif isinstance(event, MappingStartEvent):
            self._begin_collection({}, event.anchor)
        elif isinstance(event, SequenceStartEvent):
            self._begin_collection([], event.anchor)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._end_collection()
        elif isinstance(event, AliasEvent) and event.anchor:
            self._add_alias(event.anchor)

    def _refusal(self, reason: str) -> Refused:
        return Refused(f"{self._locate(self._line)}: {reason}")

    def _add_scalar(self, event: ScalarEvent) -> None:
        try:
            value = self._resolve_scalar(event)
            parent = self._stack[-1] if self._stack else None
            if parent and isinstance(parent.value, dict) and parent.key is None:
                is_merge = value == "<<" and event.implicit[0]
                self._set_key(parent, MERGE_KEY if is_merge else yaml_scalars.key_text(value))
                return
        except ValueError as error:
            raise self._refusal(str(error)) from error
        self._attach(value, len(event.value) + NODE_WEIGHT, event.anchor)

    def _resolve_scalar(self, event: ScalarEvent) -> yaml_scalars.Scalar:
        if event.implicit[0]:
            return yaml_scalars.resolve_plain(event.value)
        return yaml_scalars.resolve_tagged(event.tag, event.value) if event.tag else str(event.value)

    def _set_key(self, parent: _OpenNode, key: str) -> None:
        if isinstance(parent.value, dict) and key in parent.value:
            if self._on_duplicate is None:
                raise self._refusal(f"the key {key} is there twice")
            self._on_duplicate(self._locate(self._line), key)
        parent.key = key
        parent.weight += len(key) + NODE_WEIGHT
        self._add_weight(len(key) + NODE_WEIGHT)

    def _begin_collection(self, value: "dict[str, Json] | list[Json]", anchor: str | None) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise self._refusal(f"nested more than {MAX_DEPTH} deep")
        parent = self._stack[-1] if self._stack else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            raise self._refusal("a key must be text")
        self._add_weight(NODE_WEIGHT)
        self._stack.append(_OpenNode(value, self._line, anchor))

    def _end_collection(self) -> None:
        node = self._stack.pop()
        if isinstance(node.value, dict):
            for merged in node.merges:
                self._merge(node.value, merged)
            if len(self._stack) < LINE_DEPTH:
                self.lines[id(node.value)] = node.line
        if not self._stack:
            self.line = node.line
        self._attach(node.value, node.weight, node.anchor)

    def _merge(self, mapping: "dict[str, Json]", merged: Json) -> None:
        for source in merged if isinstance(merged, list) else [merged]:
            if not isinstance(source, dict):
                raise self._refusal("`<<` must name a mapping")
            for key, value in source.items():
                mapping.setdefault(key, value)

    def _add_alias(self, name: str) -> None:
        if name not in self._anchors:
            raise self._refusal("an alias names nothing that is complete: what begins with * must be in quotes")
        value, weight = self._anchors[name]
        parent = self._stack[-1] if self._stack else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            if isinstance(value, (dict, list)):
                raise self._refusal("a key must be text")
            self._set_key(parent, yaml_scalars.key_text(value))
            return
        self._add_weight(weight, "aliases make more than can be planned of it")
        self._attach(value, weight, None)

    def _add_weight(self, weight: int, reason: str = TOO_MANY_VALUES) -> None:
        self.weight += weight
        if self.weight > LIMIT:
            raise self._refusal(reason)

    def _attach(self, value: Json, weight: int, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = (value, weight)
        if not isinstance(value, (dict, list)):
            self._add_weight(weight)
        if not self._stack:
            self.root = value
            return
        parent = self._stack[-1]
        parent.weight += weight
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key == MERGE_KEY:
            parent.merges.append(value)
            parent.key = None
        elif parent.key is not None:
            parent.value[parent.key] = value
            parent.key = None
