"""Puts the manifests of a directory together, each file named before what it holds. Made by the package's `tool`."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.objects.documents import LIMIT
from bot.kube.render.rendering import MB, Request, contained
from bot.tools.manifests import inputs

DIRECTIVES = re.compile(r"\A(?:%.*\n)+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
NOT_YAMLS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Manifests:
    """A `Renderer` that runs nothing."""

    name = "manifests"

    def finds(self, tree: Tree) -> Sequence[str]:
        """None: nobody can tell a manifest from other YAML, so a repository lists them."""
        return ()

    def recognises(self, tree: Tree, directory: str) -> int:
        return 1 if any(inputs.chosen(tree.files.below(directory), directory, frozenset())) else 0

    def inputs(self, tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, others)

    def version(self, environment: Mapping[str, str]) -> str:
        return self.name

    def command(self, request: Request) -> tuple[str, ...]:
        return (self.name, request.project_dir)

    def render(self, request: Request) -> bytes:
        contained(request, request.directory)
        directory = request.directory.resolve().relative_to(request.root.resolve()).as_posix()
        parts, room = [], LIMIT
        for path in inputs.chosen(_files(request.root.resolve(), directory), directory, request.others):
            part = f"---\n# Source: {CONTROL.sub('?', path)}\n{_text(request.root, path)}\n".encode()
            room -= len(part)
            if room < 0:
                raise Refused(f"{request.project_dir}: renders to more than {LIMIT // MB} MB")
            parts.append(part)
        return b"".join(parts)


def _files(root: Path, directory: str) -> Iterator[str]:
    for folder, _, names in os.walk(root / directory):
        yield from (Path(folder, name).relative_to(root).as_posix() for name in names)


def _text(root: Path, path: str) -> str:
    file = root / path
    if file.is_symlink() and not file.is_file():
        raise Refused(f"symbolic link {path} leads nowhere")
    if file.stat().st_size > LIMIT:
        raise Refused(f"{path}: has more than {LIMIT // MB} MB")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as why:
        raise Refused(f"{path}: is not UTF-8 text") from why
    if path.endswith(".json"):
        return _json(text, path)
    return DIRECTIVES.sub(lambda lines: "\n" * lines[0].count("\n"), text)


def _json(text: str, path: str) -> str:
    """JSON as YAML reads it too: its escapes of two halves, and tabs, are not YAML's."""
    try:
        written = json.dumps(json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, path)), ensure_ascii=False)
        written.encode()
    except json.JSONDecodeError as why:
        raise Refused(f"{path}:{why.lineno}: invalid JSON: {why.msg}") from why
    except (UnicodeEncodeError, RecursionError) as why:
        raise Refused(f"{path}: is no JSON that an object can be made of") from why
    return NOT_YAMLS.sub(lambda one: f"\\u{ord(one[0]):04x}", written)


def _once(pairs: list[tuple[str, object]], path: str) -> dict[str, object]:
    made: dict[str, object] = {}
    for name, value in pairs:
        if name in made:
            raise Refused(f"{path}: the key {name} is there twice")
        made[name] = value
    return made
