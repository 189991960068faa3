"""From rendered YAML to objects, or the author's mistake with file and line. Called with what a tool rendered.

Names are held to what is safe in a URL and in an inventory. Never asks a cluster: the caller says what has a namespace.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from bot.core.errors import Refused
from bot.kube.objects.kube_object import KubeObject, ObjectRef, object_of
from bot.kube.objects.merged_fields import merge_fields
from bot.kube.objects.repeated_names import keep_last_names
from bot.kube.objects.scopes import crd_scopes, group_of
from bot.kube.objects.yaml_reader import Json, YamlDocument, read_documents

MAX_OBJECTS = 10_000  # an inventory holds them and their uids
Namespaced = Callable[[str, str], bool | None]  # of an API version and a kind; None where nobody knows

_SOURCE = re.compile(r"^---[ \t]*\r?\n# Source: ([^\r\n]+)$", re.MULTILINE)
_API_VERSION = re.compile(r"(?:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_NAME = re.compile(r"(?!\.\.?$)[^/%\s\x00-\x1f\x7f]{1,253}")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CHART_DEFINITIONS = re.compile(r"[^/]+(/charts/[^/]+)*/crds/.+")  # the `crds/` of a chart or subchart
_MAX_WARNINGS = 20  # of one document


@dataclass(frozen=True, slots=True)
class _Located:
    """One object's body and where it begins."""

    body: dict[str, Json]
    where: str
    warnings: tuple[str, ...] = ()


def parse_objects(
    text: bytes | str, where: str, namespace: str, namespaced: Namespaced, *, takes_duplicates: bool = False
) -> tuple[KubeObject, ...]:
    """Parse every object of a rendered stream, in its order; lists are opened, empty documents passed over.

    `# Source: FILE` after a document's start, as Helm writes it, says where that and what follows comes from. An object
    without a namespace gets `namespace`; one of the cluster loses its own, as the API server would have it. The
    stream's own CustomResourceDefinitions are asked before `namespaced`; what neither knows is taken to have one.
    With `takes_duplicates`, of a key or a variable that is there twice the last counts, and the object says so.
    Raises Refused where the text is no YAML, something in it is no object, or an object is there twice. A hook is no
    part of what stays: it may bear the name of another or of an object.
    """
    sources = _SourceMap(text.decode(errors="replace") if isinstance(text, bytes) else text, where)
    duplicates: list[str] = []

    def take_duplicate(position: str, key: str) -> None:
        if len(duplicates) < _MAX_WARNINGS:
            duplicates.append(f"{position}: the key {_shorten(key)} is there twice: the last one counts")

    documents = read_documents(text, where, sources, take_duplicate if takes_duplicates else None)
    bodies = list(islice(_locate_bodies(documents, sources, duplicates), MAX_OBJECTS + 1))
    if len(bodies) > MAX_OBJECTS:
        raise Refused(f"{where}: renders to more than {MAX_OBJECTS:,} objects: make several projects of it")
    own_scopes = crd_scopes(located.body for located in bodies)

    def has_namespace(api_version: str, kind: str) -> bool:
        scope = own_scopes.get((group_of(api_version), kind))
        return (namespaced(api_version, kind) if scope is None else scope) is not False

    parsed = [_parse_object(located, namespace, has_namespace) for located in bodies]
    return _refuse_repetitions(map(keep_last_names, parsed) if takes_duplicates else parsed)


class _SourceMap:
    """Where a line of the stream came from."""

    def __init__(self, text: str, where: str) -> None:
        self._starts, self._sources = [1], [where]
        line, offset = 1, 0
        for match in _SOURCE.finditer(text):
            line += text.count("\n", offset, match.end())
            offset = match.end()
            self._starts.append(line + 1)
            self._sources.append(match[1].strip())

    def __call__(self, line: int) -> str:
        index = max(0, bisect_right(self._starts, line) - 1)
        return f"{self._sources[index]}:{line - self._starts[index] + 1}"


def _locate_bodies(documents: Iterable[YamlDocument], sources: _SourceMap, duplicates: list[str]) -> Iterator[_Located]:
    """Every body; the duplicates of a document, which are there once it is read, become warnings of its first."""
    for document in documents:
        warnings = tuple(duplicates)
        duplicates.clear()
        for located in _expand_lists(document, sources):
            yield replace(located, warnings=warnings)
            warnings = ()


def _expand_lists(document: YamlDocument, sources: _SourceMap) -> Iterator[_Located]:
    pending: list[tuple[Json, Mapping[str, str], int]] = [(document.value, {}, document.line)]
    while pending:
        value, inherited, outer_line = pending.pop()
        line = document.lines.get(id(value), outer_line)
        where = sources(line)
        if not isinstance(value, dict):
            raise Refused(f"{where}: is not an object but {_type_noun(value)}")
        body = {**inherited, **value}
        kind, items = body.get("kind"), body.get("items") or []
        if not (isinstance(kind, str) and kind.endswith("List") and "items" in body):
            yield _Located(body, where)
            continue
        if not isinstance(items, list):
            raise Refused(f"{where}: `items` of {kind} is not a list")
        defaults = {} if kind == "List" else {"apiVersion": str(body.get("apiVersion")), "kind": kind[: -len("List")]}
        pending.extend((item, defaults, line) for item in reversed(items))


def _parse_object(located: _Located, namespace: str, has_namespace: Callable[[str, str], bool]) -> KubeObject:
    body, where = located.body, located.where
    api_version = _required_text(body, "apiVersion", _API_VERSION, where)
    kind = _required_text(body, "kind", _KIND, where)
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        raise Refused(f"{where}: {kind} has no metadata")
    if not metadata.get("name") and metadata.get("generateName"):
        raise Refused(f"{where}: {kind} has generateName: it would be another object at each apply; give it a name")
    name = _required_text(metadata, "name", _NAME, where, kind)
    for table in ("labels", "annotations"):
        if not isinstance(metadata.get(table) or {}, dict):
            raise Refused(f"{where}: {kind} {name}: {table} is not a mapping")
    rest = {key: value for key, value in metadata.items() if key != "namespace"}
    if has_namespace(api_version, kind):
        absent = metadata.get("namespace") in (None, "")
        own = namespace if absent else _required_text(metadata, "namespace", _NAMESPACE, where, kind)
        rest = {**rest, "namespace": own}
    return object_of(merge_fields({**body, "metadata": rest}), where, located.warnings)


def _required_text(table: Mapping[str, Json], key: str, pattern: re.Pattern[str], where: str, kind: str = "") -> str:
    value, subject = table.get(key), f"{kind}: " if kind else ""
    if value is None or value == "":
        raise Refused(f"{where}: {subject}has no {key}")
    if not isinstance(value, str):
        raise Refused(f"{where}: {subject}{key} is not text but {_shorten(value)}: write it in quotes")
    if not pattern.fullmatch(value):
        raise Refused(f"{where}: {subject}{key} cannot be {_shorten(value)}")
    return value


def _refuse_repetitions(parsed: Iterable[KubeObject]) -> tuple[KubeObject, ...]:
    """All of them, but of definitions that several charts bring in their `crds/` the first, as Helm installs it."""
    kept: dict[tuple[ObjectRef, int], KubeObject] = {}
    for number, kube_object in enumerate(parsed, start=1):
        key = (kube_object.ref, number if kube_object.is_hook else 0)
        first = kept.get(key)
        if first is None:
            kept[key] = kube_object
        elif not all(_CHART_DEFINITIONS.fullmatch(place.where) for place in (first, kube_object)):
            raise Refused(f"{kube_object.where}: {kube_object.ref} is there twice, also at {first.where}")
        elif kube_object.body != first.body:
            warning = f"{kube_object.where} has another definition of the same name: Helm installs the first alone"
            kept[key] = replace(first, warnings=(*first.warnings, warning))
    return tuple(kept.values())


def _type_noun(value: Json) -> str:
    """What it is and not what it says, for that may be part of a Secret."""
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "a number or the like"


def _shorten(value: Json) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
