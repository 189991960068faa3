"""Strict YAML: a text becomes plain values, and every key's line is remembered. Called by `config.repository`.

Builds no objects, follows no tags, and refuses what only looks harmless: keys written twice, aliases that grow.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

MOST_BYTES = 1024 * 1024
MOST_VALUES = 100_000
DEEPEST = 20

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,8})")
_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})
_SCALAR_KINDS = frozenset({"str", "int", "float", "bool", "timestamp"})


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong at a path, and what helps. `line` counts from one."""

    line: int
    path: Path
    text: str


@dataclass(slots=True)
class Document:
    """A text's value: mappings, lists, texts, whole numbers and booleans only. `lines` knows where each path began."""

    value: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the path, or of the nearest thing around it."""
        return next((self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), 1)


def read(content: bytes) -> Document:
    """Read one YAML document. What is wrong is in its diagnostics; where it cannot be read at all its value is None."""
    document = Document()
    try:
        root = _root(content)
    except _InvalidYaml as error:
        document.diagnostics.append(Diagnostic(error.line, (), str(error)))
        return document
    if root is not None:
        document.value = _value(document, root, ())
    return document


class _InvalidYaml(Exception):
    def __init__(self, text: str, line: int = 1) -> None:
        super().__init__(text)
        self.line = line


def _root(content: bytes) -> yaml.Node | None:
    if len(content) > MOST_BYTES:
        raise _InvalidYaml(f"the file is larger than {MOST_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _InvalidYaml("the file is not UTF-8 text", content.count(b"\n", 0, error.start) + 1) from error
    try:
        _measure_depth(text)
        root = yaml.CSafeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _InvalidYaml(f"this is no YAML: {error.problem or error.context}", line) from error
    except yaml.YAMLError as error:
        raise _InvalidYaml("the file holds characters that YAML does not allow") from error
    if root is not None:
        _measure(root, {})
    return root


def _measure_depth(text: str) -> None:
    """Count levels as they come, before anything that recurses sees the text."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _InvalidYaml(f"this is nested deeper than {DEEPEST} levels")


def _measure(node: yaml.Node, measures: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """How many values the node stands for once its aliases are followed, and how deep they go."""
    if id(node) in measures:
        measure = measures[id(node)]
        if measure is None:
            raise _InvalidYaml("an alias contains itself", node.start_mark.line + 1)
        return measure
    measures[id(node)] = None
    child_measures = [_measure(child, measures) for child in _children(node)]
    size = 1 + sum(size for size, _ in child_measures)
    depth = 1 + max((depth for _, depth in child_measures), default=0)
    if size > MOST_VALUES:
        raise _InvalidYaml(
            f"with its aliases followed this is more than {MOST_VALUES} values", node.start_mark.line + 1
        )
    if depth > DEEPEST + 1:
        raise _InvalidYaml(
            f"with its aliases followed this is nested deeper than {DEEPEST} levels", node.start_mark.line + 1
        )
    measures[id(node)] = size, depth
    return size, depth


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _value(document: Document, node: yaml.Node, path: Path) -> object:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return _mapping(document, node, path)
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return [_value(document, child, (*path, number)) for number, child in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(document, node, path)
    document.diagnostics.append(Diagnostic(node.start_mark.line + 1, path, "tags (`!…`) are not supported"))
    return None


def _mapping(document: Document, node: yaml.MappingNode, path: Path) -> Mapping[str, object]:
    values: dict[str, object] = {}
    first_lines: dict[str, int] = {}
    merge_nodes: list[yaml.Node] = []
    for key, child in node.value:
        name, line = key.value, key.start_mark.line + 1
        if not isinstance(name, str):
            document.diagnostics.append(Diagnostic(line, path, "a key must be a word"))
        elif key.tag == f"{_TAG}merge":
            merge_nodes.append(child)
        elif name in values:
            text = f"is written twice (first on line {first_lines[name]})"
            document.diagnostics.append(Diagnostic(line, (*path, name), text))
        else:
            first_lines[name] = line
            document.lines.setdefault((*path, name), line)
            values[name] = _value(document, child, (*path, name))
    for merge_node in merge_nodes:
        for mapping in _merge_mappings(document, merge_node, path):
            values = {**mapping, **values}
    return values


def _merge_mappings(document: Document, node: yaml.Node, path: Path) -> list[Mapping[str, object]]:
    """What `<<` brings in; the first mapping that has a key wins."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    mapping_nodes = [candidate for candidate in nodes if isinstance(candidate, yaml.MappingNode)]
    if len(mapping_nodes) < len(nodes):
        document.diagnostics.append(Diagnostic(node.start_mark.line + 1, path, "`<<` takes a mapping or several"))
    return [_mapping(document, mapping_node, path) for mapping_node in mapping_nodes]


def _scalar(document: Document, node: yaml.ScalarNode, path: Path) -> object:
    """Only what is meant beyond doubt becomes a number or a boolean: `012` and `1.10` stay the texts they are."""
    text, kind = str(node.value), node.tag.removeprefix(_TAG)
    if kind == "null":
        text = "has no value: give it one or take the key out"
        document.diagnostics.append(Diagnostic(document.line(path), path, text))
        return None
    if kind not in _SCALAR_KINDS:
        document.diagnostics.append(Diagnostic(node.start_mark.line + 1, path, "tags (`!…`) are not supported"))
        return None
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "bool" and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    return text
