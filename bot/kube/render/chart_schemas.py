"""What a chart's values.schema.json names outside of itself: Helm would read it, or fetch it, and quote it.

Called by the Helm tool, and run by itself in front of the Helm that kustomize runs, so it needs nothing but the
standard library. Looks into vendored archives too; what cannot be read is refused like what should not be.
"""

import gzip
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA, CHART, ARCHIVE = "values.schema.json", "Chart.yaml", ".tgz"
REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
DIALECTS = ("http://json-schema.org/", "https://json-schema.org/")
MOST_BYTES = 100 * 1024 * 1024
DEEPEST = 10


class _Left:
    """How many bytes may still be unpacked, of all archives together."""

    def __init__(self) -> None:
        self.bytes = MOST_BYTES


def outside(chart: Path) -> str | None:
    """The first reference that leaves its schema, as a sentence; None where there is none."""
    return next(_of_folder(chart), None)


def _of_folder(chart: Path) -> Iterator[str]:
    seen, left = set[str](), _Left()
    for folder, folders, files in os.walk(chart, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        here = os.path.relpath(folder, chart)
        for name in files:
            path, shown = Path(folder, name), os.path.normpath(f"{here}/{name}")
            if name == SCHEMA and CHART in files:
                yield from _of_schema(path.read_bytes(), shown)
            elif name.endswith(ARCHIVE):
                yield from _of_archive(path.read_bytes(), shown, 0, left)


def _of_archive(content: bytes, where: str, depth: int, left: _Left) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"{where}: holds archives without end"
        return
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            plain = packed.read(left.bytes + 1)
        left.bytes -= len(plain)
        if left.bytes < 0:
            left.bytes = 0
            yield f"{where}: is too large"
            return
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            for member in archive:
                yield from _of_member(archive, member, (where, depth), left)
    except (OSError, EOFError, tarfile.TarError, ValueError) as why:
        yield f"{where}: cannot be read: {why}"


def _of_member(archive: tarfile.TarFile, member: tarfile.TarInfo, place: tuple[str, int], left: _Left) -> Iterator[str]:
    where, depth = place
    name = member.name.replace("\\", "/")
    schema, inner = name.rpartition("/")[2] == SCHEMA, name.endswith(ARCHIVE)
    if not (schema or inner) or (file := archive.extractfile(member)) is None:
        return
    content, shown = file.read(), f"{where}/{name}"
    yield from _of_schema(content, shown) if schema else _of_archive(content, shown, depth + 1, left)


def _of_schema(content: bytes, where: str) -> Iterator[str]:
    try:
        schema = json.loads(content.decode())
    except (ValueError, RecursionError):
        yield f"{where}: is no JSON"
        return
    for key, value in _named(schema):
        if key == "$schema" and not value.startswith(DIALECTS):
            yield f"{where}: {key} names `{value}`, which is no JSON schema that Helm has"
        elif key in REFERENCES and not value.startswith("#"):
            yield f"{where}: {key} names `{value}`, which is not in it: put that into the schema"


def _named(schema: Any) -> Iterator[tuple[str, str]]:
    todo = [schema]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            yield from ((key, one) for key, one in value.items() if isinstance(one, str))
        if isinstance(value, dict | list):
            todo.extend(value.values() if isinstance(value, dict) else value)


def main(chart: Path) -> int:
    """1 and the sentence where there is one."""
    if found := outside(chart):
        sys.stderr.write(f"{found}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
