"""Puts the manifests of a directory together, each file named before what it holds. Made by the package's `tool`."""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.objects.yaml_reader import LIMIT
from bot.kube.render.renderer import MB, Rehearsal, RenderRequest, refuse_escaping_links
from bot.tools.manifests import inputs

LONGEST_INT = 20  # characters of the longest whole number of 64 bits
DIRECTIVES = re.compile(r"\A(?:%.*\n)+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
INVALID_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Manifests:
    """A `Renderer` that runs nothing."""

    name = "manifests"
    takes_duplicates = draws = False

    def discover(self, tree: Tree) -> Sequence[str]:
        """None: nobody can tell a manifest from other YAML, so a repository lists them."""
        return ()

    def recognises(self, tree: Tree, directory: str) -> int:
        return 1 if any(inputs.select_manifests(tree.files.below(directory), directory, frozenset())) else 0

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, other_dirs)

    def version(self, environment: Mapping[str, str]) -> str:
        return self.name

    def command(self, request: RenderRequest) -> tuple[str, ...]:
        return (self.name, request.project_dir)

    def render(self, request: RenderRequest) -> bytes:
        refuse_escaping_links(request, request.directory)
        directory = request.directory.resolve().relative_to(request.root.resolve()).as_posix()
        documents, bytes_left = [], LIMIT
        for path in inputs.select_manifests(_files(request.root.resolve(), directory), directory, request.other_dirs):
            document = f"---\n# Source: {CONTROL.sub('?', path)}\n{_text(request.root, path)}\n".encode()
            bytes_left -= len(document)
            if bytes_left < 0:
                raise Refused(f"{request.project_dir}: renders to more than {LIMIT // MB} MB")
            documents.append(document)
        return b"".join(documents)

    def rehearse(self, request: RenderRequest) -> Rehearsal:
        return Rehearsal(self.render(request))


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
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: is not UTF-8 text") from error
    if path.endswith(".json"):
        return _json_as_yaml(text, path)
    return DIRECTIVES.sub(lambda lines: "\n" * lines[0].count("\n"), text)


def _json_as_yaml(text: str, path: str) -> str:
    """JSON as YAML reads it too: its escapes of two halves, and tabs, are not YAML's."""
    try:
        body = json.loads(
            text,
            object_pairs_hook=lambda pairs: _unique_keys(pairs, path),
            parse_int=lambda digits: _finite(digits, path),
            parse_float=lambda digits: _finite(digits, path),
            parse_constant=lambda word: _finite(word, path),
        )
        yaml_text = json.dumps(body, ensure_ascii=False)
        yaml_text.encode()
    except json.JSONDecodeError as error:
        raise Refused(f"{path}:{error.lineno}: invalid JSON: {error.msg}") from error
    except (UnicodeEncodeError, RecursionError) as error:
        raise Refused(f"{path}: is no JSON that an object can be made of") from error
    return INVALID_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", yaml_text)


def _finite(text: str, path: str) -> int | float:
    """A number as an API server has it: of 64 bits, or rounded to what such a float can hold."""
    number = float(text)
    if not math.isfinite(number):
        raise Refused(f"{path}: {text[:40]} is no number that a cluster can hold; if it is meant as text, quote it")
    return int(text) if text.lstrip("-").isdigit() and len(text) <= LONGEST_INT else number


def _unique_keys(pairs: list[tuple[str, object]], path: str) -> dict[str, object]:
    mapping: dict[str, object] = {}
    for name, value in pairs:
        if name in mapping:
            raise Refused(f"{path}: the key {name} is there twice")
        mapping[name] = value
    return mapping
