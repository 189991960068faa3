"""A JSON object that may be larger than memory should be: what is in it is read piece by piece. Used for plans, states.

Where the pieces lie is found by brackets and quotes alone; each piece is parsed by itself, when it is asked for.
"""

import mmap
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.core import exact_json
from bot.core.errors import Refused, ToolFailed
from bot.tools.terraform.json_fields import Node, require_kind

MB = 1 << 20
LARGEST_PIECE = 64 * MB
RELEASED = 16 * MB  # so much of a file is kept in memory at most
STRING = rb'"(?:[^"\\]++|\\.)*+"'
BLANKS = re.compile(rb"[ \t\r\n]*+")
KEY = re.compile(rb"[ \t\r\n]*+(" + STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+", re.DOTALL)
SCALAR = re.compile(STRING + rb'|[^][{}",: \t\r\n]++', re.DOTALL)
STRUCTURE = re.compile(rb'(?:[^][{}"]++|' + STRING + rb")*+[][{}]", re.DOTALL)
OPEN, NULL = b"{[", b"null"


class Document:
    """A JSON object in a file, or in bytes; `label` names it in messages, which never quote it."""

    def __init__(self, source: Path | bytes, label: str) -> None:
        """Raises ToolFailed where it is no JSON object."""
        self.label, self._released = label, 0
        self._buffer = _map(source) if isinstance(source, Path) else source
        start = self._match(BLANKS, 0).end()
        if self._buffer[start : start + 1] != b"{":
            raise self._unreadable()
        self._start = start

    def piece(self, *path: str) -> Any:
        """What stands at a path of keys, or None. Raises ToolFailed, Refused where it is larger than LARGEST_PIECE."""
        span = self._find(path)
        return None if span is None else self._parse(*span)

    def head(self, *keys: str) -> Node:
        """Some of its members. Raises as `piece` does."""
        return {key: self.piece(key) for key in keys if key in self._members}

    def nodes(self, *path: str) -> Iterator[Node]:
        """The objects of a list at a path of keys, one by one; none where there is no list."""
        span = self._find(path)
        if span is None or self._buffer[span[0] : span[0] + len(NULL)] == NULL:
            return
        if self._buffer[span[0] : span[0] + 1] != b"[":
            raise ToolFailed(f"{self.label} cannot be read: {path[-1][:80]} is no list")
        for _, start, end in self._children(span[0]):
            yield require_kind(self._parse(start, end), dict, path[-1])
            self._release(end)

    def inner(self, *path: str) -> "Iterator[Document]":
        """The objects of a list at a path of keys, none of them read yet."""
        span = self._find(path)
        if span is not None and self._buffer[span[0] : span[0] + 1] == b"[":
            for _, start, _ in self._children(span[0]):
                yield self._at(start)

    def at(self, *path: str) -> "Document | None":
        """The object at a path of keys, not read yet."""
        span = self._find(path)
        return self._at(span[0]) if span is not None and self._buffer[span[0] : span[0] + 1] == b"{" else None

    @cached_property
    def _members(self) -> dict[str, tuple[int, int]]:
        return {key: (start, end) for key, start, end in self._children(self._start)}

    def _at(self, start: int) -> "Document":
        inner = object.__new__(Document)
        inner.label, inner._buffer, inner._released, inner._start = self.label, self._buffer, start, start
        return inner

    def _find(self, path: tuple[str, ...]) -> tuple[int, int] | None:
        first, *rest = path
        span = self._members.get(first)
        if not rest or span is None:
            return span
        inner = self.at(first)
        return inner._find(tuple(rest)) if inner else None

    def _parse(self, start: int, end: int) -> Any:
        if end - start > LARGEST_PIECE:
            raise Refused(
                f"{self.label}: one object in it takes {(end - start) / MB:,.0f} MB, and {LARGEST_PIECE // MB} MB are "
                "read at most: keep large files out of attributes"
            )
        try:
            return exact_json.loads(self._buffer[start:end].decode())
        except (ValueError, RecursionError) as error:
            raise self._unreadable() from error

    def _children(self, start: int) -> Iterator[tuple[str, int, int]]:
        """Yield key (empty in a list), start and end of what is in the object or the list that begins at `start`."""
        is_object = self._buffer[start : start + 1] == b"{"
        position = self._match(BLANKS, start + 1).end()
        if self._buffer[position : position + 1] in (b"}", b"]"):
            return
        while True:
            key = self._match(KEY, position) if is_object else self._match(BLANKS, position)
            end = self._end(key.end())
            yield exact_json.loads(key[1].decode()) if is_object else "", key.end(), end
            position = self._match(BLANKS, end).end() + 1
            separator = self._buffer[position - 1 : position]
            if separator != b",":
                break
        if separator != (b"}" if is_object else b"]"):
            raise self._unreadable()

    def _end(self, start: int) -> int:
        """Where the JSON text ends that begins there."""
        if self._buffer[start : start + 1] not in (b"{", b"["):
            return self._match(SCALAR, start).end()
        depth = 0
        for token in STRUCTURE.finditer(self._buffer, start):
            depth += 1 if self._buffer[token.end() - 1] in OPEN else -1
            if not depth:
                return token.end()
            self._release(token.start())
        raise self._unreadable()

    def _match(self, pattern: re.Pattern[bytes], position: int) -> re.Match[bytes]:
        if match := pattern.match(self._buffer, position):
            return match
        raise self._unreadable()

    def _release(self, position: int) -> None:
        """Give back the memory of what was read: the file has it still."""
        if abs(position - self._released) > RELEASED and isinstance(self._buffer, mmap.mmap):
            self._buffer.madvise(mmap.MADV_DONTNEED)
            self._released = position

    def _unreadable(self) -> ToolFailed:
        return ToolFailed(f"{self.label} is no JSON that can be read")


def _map(path: Path) -> bytes | mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
