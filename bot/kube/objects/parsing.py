"""From rendered YAML to objects, or the author's mistake with file and line. Called with what a tool rendered.

Names are held to what is safe in a URL and in an inventory. Never asks a cluster: the caller says what has a namespace.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from bot.core.errors import Refused
from bot.kube.objects.documents import Document, Json, documents
from bot.kube.objects.model import Object, Ref, object_of
from bot.kube.objects.scopes import defined, group_of

MOST = 10_000  # an inventory holds them and their uids
Namespaced = Callable[[str, str], bool | None]

_SOURCE = re.compile(r"^---[ \t]*\r?\n# Source: ([^\r\n]+)$", re.MULTILINE)
_API_VERSION = re.compile(r"(?:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_NAME = re.compile(r"(?!\.\.?$)[^/%\s\x00-\x1f\x7f]{1,253}")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class _Found:
    """One object's body and where it begins."""

    body: dict[str, Json]
    where: str


def objects(text: bytes | str, where: str, namespace: str, namespaced: Namespaced) -> tuple[Object, ...]:
    """Every object of a rendered stream, in its order; lists are opened, empty documents passed over.

    `# Source: FILE` after a document's start, as Helm writes it, says where that and what follows comes from. An object
    without a namespace gets `namespace`; one of the cluster loses its own, as the API server would have it. The
    stream's own CustomResourceDefinitions are asked before `namespaced`; what neither knows is taken to have one.
    Raises Refused.
    """
    places = _Places(text.decode(errors="replace") if isinstance(text, bytes) else text, where)
    all_of_it = (one for document in documents(text, where, places) for one in _opened(document, places))
    found = list(islice(all_of_it, MOST + 1))
    if len(found) > MOST:
        raise Refused(f"{where}: renders to more than {MOST:,} objects: make several projects of it")
    own = defined(one.body for one in found)

    def scope(api_version: str, kind: str) -> bool:
        known = own.get((group_of(api_version), kind))
        known = namespaced(api_version, kind) if known is None else known
        return known is not False

    made = tuple(_placed(one, namespace, scope) for one in found)
    _once(made)
    return made


class _Places:
    """Where a line of the stream came from."""

    def __init__(self, text: str, where: str) -> None:
        self._starts, self._sources = [1], [where]
        line, at = 1, 0
        for match in _SOURCE.finditer(text):
            line += text.count("\n", at, match.end())
            at = match.end()
            self._starts.append(line + 1)
            self._sources.append(match[1].strip())

    def __call__(self, line: int) -> str:
        number = max(0, bisect_right(self._starts, line) - 1)
        return f"{self._sources[number]}:{line - self._starts[number] + 1}"


def _opened(document: Document, places: _Places) -> Iterator[_Found]:
    todo: list[tuple[Json, Mapping[str, str], int]] = [(document.value, {}, document.line)]
    while todo:
        value, inherited, outer = todo.pop()
        line = document.lines.get(id(value), outer)
        where = places(line)
        if not isinstance(value, dict):
            raise Refused(f"{where}: is not an object but {_sort(value)}")
        body = {**inherited, **value}
        kind, items = body.get("kind"), body.get("items") or []
        if not (isinstance(kind, str) and kind.endswith("List") and "items" in body):
            yield _Found(body, where)
            continue
        if not isinstance(items, list):
            raise Refused(f"{where}: `items` of {kind} is not a list")
        given = {} if kind == "List" else {"apiVersion": str(body.get("apiVersion")), "kind": kind[: -len("List")]}
        todo.extend((item, given, line) for item in reversed(items))


def _placed(found: _Found, namespace: str, scope: Callable[[str, str], bool]) -> Object:
    body, where = found.body, found.where
    api_version, kind = _word(body, "apiVersion", _API_VERSION, where), _word(body, "kind", _KIND, where)
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        raise Refused(f"{where}: {kind} has no metadata")
    if not metadata.get("name") and metadata.get("generateName"):
        raise Refused(f"{where}: {kind} has generateName: it would be another object at each apply; give it a name")
    name = _word(metadata, "name", _NAME, where, kind)
    for table in ("labels", "annotations"):
        if not isinstance(metadata.get(table) or {}, dict):
            raise Refused(f"{where}: {kind} {name}: {table} is not a mapping")
    rest = {key: value for key, value in metadata.items() if key != "namespace"}
    if scope(api_version, kind):
        absent = metadata.get("namespace") in (None, "")
        rest = {**rest, "namespace": namespace if absent else _word(metadata, "namespace", _NAMESPACE, where, kind)}
    return object_of({**body, "metadata": rest}, where)


def _word(table: Mapping[str, Json], key: str, pattern: re.Pattern[str], where: str, kind: str = "") -> str:
    value, of = table.get(key), f"{kind}: " if kind else ""
    if value is None or value == "":
        raise Refused(f"{where}: {of}has no {key}")
    if not isinstance(value, str):
        raise Refused(f"{where}: {of}{key} is not text but {_short(value)}: write it in quotes")
    if not pattern.fullmatch(value):
        raise Refused(f"{where}: {of}{key} cannot be {_short(value)}")
    return value


def _once(made: tuple[Object, ...]) -> None:
    seen: dict[Ref, str] = {}
    for one in made:
        if one.ref in seen:
            raise Refused(f"{one.where}: {one.ref} is there twice, also at {seen[one.ref]}")
        seen[one.ref] = one.where


def _sort(value: Json) -> str:
    """What it is and not what it says, for that may be part of a Secret."""
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "a number or the like"


def _short(value: Json) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
