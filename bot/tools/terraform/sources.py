"""Where modules come from, as far as text alone tells: plain strings, brackets around them, locals of the directory.

OpenTofu, and Terraform from 1.15 on, take expressions there. Of one that is not understood its plain beginning is
known, so that whoever asks can count everything that it may mean.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from bot.tools.terraform import hcl, json_syntax

LOCAL = ("./", "../")
REFERENCE = re.compile(rb"local\.([\w-]+)")
INTERPOLATION = re.compile(r"([$%])\1\{|([$%])\{(~?)")
MOST_NESTED, LONGEST_REMEMBERED = 20, 16_384


class Source(NamedTuple):
    """The source of a module. `path` is all of it, or, where it is not `whole`, how it begins."""

    module: str
    path: str
    whole: bool = True

    @property
    def is_local(self) -> bool:
        """A directory of the repository."""
        return self.whole and self.path.startswith(LOCAL)

    @property
    def is_unclear(self) -> bool:
        """It may be a directory of the repository, and nobody can tell which."""
        return not self.whole and (self.path in ("", ".", "..") or self.path.startswith(LOCAL))


def module_sources(texts: Mapping[str, bytes]) -> list[Source]:
    """The sources of all modules that a directory's files call, given by path."""
    calls = [call for path, text in texts.items() for call in _calls(path, text)]
    if not calls:
        return []
    if all(hcl.string_literal(expression) is not None for _, expression in calls):
        return [Source(name, hcl.string_literal(expression) or "") for name, expression in calls]
    definitions = {name: text for path, content in texts.items() for name, text in _locals(path, content)}
    return [Source(name, *_evaluate(expression, definitions)) for name, expression in calls]


def tested_sources(text: bytes) -> Iterator[str]:
    """The modules that the runs of a test file call, relative to the module that is tested."""
    for run in hcl.blocks(text):
        for block in hcl.blocks(run.body) if run.keyword == b"run" else ():
            if block.keyword == b"module" and (source := hcl.attributes(block.body).get("source")):
                yield hcl.string_literal(source) or ""


def _calls(path: str, text: bytes) -> Sequence[tuple[str, bytes]]:
    """Names of modules with the expressions of their sources."""
    if path.endswith(".json"):
        return tuple(_json_calls(text))
    if b"module" not in text:
        return ()
    return _remembered_calls(text) if len(text) <= LONGEST_REMEMBERED else tuple(_hcl_calls(text))


@lru_cache(maxsize=4096)
def _remembered_calls(text: bytes) -> Sequence[tuple[str, bytes]]:
    """The same file is asked for by discovery and by inputs, in the base and in the merge result."""
    return tuple(_hcl_calls(text))


def _hcl_calls(text: bytes) -> Iterator[tuple[str, bytes]]:
    for block in hcl.blocks(text):
        if block.keyword == b"module" and (source := hcl.attributes(block.body).get("source")):
            yield block.header.removeprefix(b"module").strip().strip(b'"').decode(errors="replace"), source


def _json_calls(text: bytes) -> Iterator[tuple[str, bytes]]:
    """In JSON a string is a template: what HCL has between quotes."""
    for modules in json_syntax.children(json_syntax.parse_blocks(text), "module"):
        for name, call in json_syntax.pairs(modules):
            for source in json_syntax.children(call, "source"):
                yield name, _quote(source)


def _locals(path: str, text: bytes) -> Iterator[tuple[str, bytes]]:
    if not path.endswith(".json"):
        for block in hcl.blocks(text):
            if block.header == b"locals":
                yield from hcl.attributes(block.body).items()
        return
    for definitions in json_syntax.children(json_syntax.parse_blocks(text), "locals"):
        for name, value in json_syntax.pairs(definitions):
            yield name, _quote(value)


def _quote(value: Any) -> bytes:
    return json.dumps(value).encode() if isinstance(value, str) else b""


def _evaluate(expression: bytes, definitions: Mapping[str, bytes], depth: int = 0) -> tuple[str, bool]:
    """The text of an expression and whether that is all of it."""
    expression = expression.strip()
    if expression.startswith(b"(") and expression.endswith(b")"):
        return _evaluate(expression[1:-1], definitions, depth)
    if reference := REFERENCE.fullmatch(expression):
        name = reference[1].decode(errors="replace")
        known = name in definitions and depth < MOST_NESTED
        return _evaluate(definitions[name], definitions, depth + 1) if known else ("", False)
    if (literal := hcl.string_literal(expression)) is not None:
        return literal, True
    if hcl.is_string(expression):
        return _evaluate_template(expression[1:-1].decode(errors="surrogateescape"), definitions, depth)
    return "", False


def _evaluate_template(template: str, definitions: Mapping[str, bytes], depth: int) -> tuple[str, bool]:
    """Up to the first part that is not understood."""
    text, position = "", 0
    for match in INTERPOLATION.finditer(template):
        if match.start() < position or match[1]:
            continue
        text += hcl.decode(template[position : match.start()].encode(errors="surrogateescape"))
        end = template.find("}", match.end())
        if match[2] == "%" or end < 0:
            return text, False
        inner = template[match.end() : end].rstrip("~")
        part, whole = _evaluate(inner.encode(errors="surrogateescape"), definitions, depth + 1)
        text, position = text + part, end + 1
        if not whole or match[3]:
            return text, False
    return text + hcl.decode(template[position:].encode(errors="surrogateescape")), True
