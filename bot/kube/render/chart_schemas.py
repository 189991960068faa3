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
REFERENCE_KEYS = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
DIALECTS = ("http://json-schema.org/", "https://json-schema.org/")
MAX_UNPACKED_BYTES = 100 * 1024 * 1024
MAX_ARCHIVE_DEPTH = 10


class _UnpackBudget:
    """How many bytes may still be unpacked, of all archives together."""

    def __init__(self) -> None:
        self.bytes = MAX_UNPACKED_BYTES


def external_reference(chart: Path) -> str | None:
    """Describe the first reference that leaves its schema, in a sentence; None where there is none."""
    return next(_scan_folder(chart), None)


def _scan_folder(chart: Path) -> Iterator[str]:
    visited, budget = set[str](), _UnpackBudget()
    for folder, folders, files in os.walk(chart, followlinks=True):
        real_path = os.path.realpath(folder)
        if real_path in visited:
            folders.clear()
            continue
        visited.add(real_path)
        relative = os.path.relpath(folder, chart)
        for name in files:
            path, source = Path(folder, name), os.path.normpath(f"{relative}/{name}")
            if name == SCHEMA and CHART in files:
                yield from _scan_schema(path.read_bytes(), source)
            elif name.endswith(ARCHIVE):
                yield from _scan_archive(path.read_bytes(), source, 0, budget)


def _scan_archive(content: bytes, source: str, depth: int, budget: _UnpackBudget) -> Iterator[str]:
    if depth > MAX_ARCHIVE_DEPTH:
        yield f"{source}: holds archives without end"
        return
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            unpacked = packed.read(budget.bytes + 1)
        budget.bytes -= len(unpacked)
        if budget.bytes < 0:
            budget.bytes = 0
            yield f"{source}: is too large"
            return
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for member in archive:
                yield from _scan_member(archive, member, (source, depth), budget)
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        yield f"{source}: cannot be read: {error}"


def _scan_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, location: tuple[str, int], budget: _UnpackBudget
) -> Iterator[str]:
    source, depth = location
    name = member.name.replace("\\", "/")
    is_schema, is_archive = name.rpartition("/")[2] == SCHEMA, name.endswith(ARCHIVE)
    if not (is_schema or is_archive) or (file := archive.extractfile(member)) is None:
        return
    content, member_source = file.read(), f"{source}/{name}"
    yield from (
        _scan_schema(content, member_source) if is_schema else _scan_archive(content, member_source, depth + 1, budget)
    )


def _scan_schema(content: bytes, source: str) -> Iterator[str]:
    try:
        schema = json.loads(content.decode())
    except (ValueError, RecursionError):
        yield f"{source}: is no JSON"
        return
    for key, target in _string_values(schema):
        if key == "$schema" and not target.startswith(DIALECTS):
            yield f"{source}: {key} names `{target}`, which is no JSON schema that Helm has"
        elif key in REFERENCE_KEYS and not target.startswith("#"):
            yield f"{source}: {key} names `{target}`, which is not in it: put that into the schema"


def _string_values(schema: Any) -> Iterator[tuple[str, str]]:
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield from ((key, text) for key, text in node.items() if isinstance(text, str))
        if isinstance(node, dict | list):
            pending.extend(node.values() if isinstance(node, dict) else node)


def main(chart: Path) -> int:
    """Print the sentence and return 1 where there is one."""
    if problem := external_reference(chart):
        sys.stderr.write(f"{problem}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
