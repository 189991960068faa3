"""The little that we must know of a configuration's text: comments apart, and the blocks that say where state is.

Texts are taken apart as HCL's own scanner does it (hclsyntax/scan_tokens.rl), with templates in templates: what looks
like a comment to us alone would hide from us what follows it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

LEXEMES = rb'"|<<-?([A-Za-z_\x80-\xff][\w\x80-\xff-]*)\r?\n|/\*.*?(?:\*/|\Z)|#[^\n]*|//[^\n]*'
TOP, CODE = re.compile(LEXEMES, re.DOTALL), re.compile(LEXEMES + rb"|[{}]", re.DOTALL)
QUOTED = re.compile(rb'\\.|\$\$\{|%%\{|[$%]\{|"', re.DOTALL)
SPACE = rb"(?:[ \t\r\f\v]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)*"
ESCAPES, OPENS = (b"\\", b"$$", b"%%"), (b"${", b"%{")
SKIPPED_BLOCK = re.compile(rb"^[ \t]*(?:resource|data|ephemeral|output|check|moved|removed)\b[^=\n{]*\{", re.MULTILINE)
STRING = re.compile(rb'"(?:\\.|[^"\\])*"', re.DOTALL)
BRACE = re.compile(rb"[{}]")
PROVIDER = re.compile(rb"\bprovider\s*=\s*[^\n]*")
BACKEND = re.compile(rb'\b(?:backend\s*("(?:\\.|[^"\\])*"|[\w-]+)|cloud)\s*\{')


def strip_comments(text: bytes) -> bytes:
    """The text with comments and heredocs gone; strings, which may hold what looks like one, stay."""
    return _scan(text)[0]


def backends(path: str, text: bytes) -> list[str]:
    """Every `backend` and `cloud` block of a file, without comments and spaces."""
    if path.endswith(".json"):
        return _json_backends(text)
    bare, blanked = _scan(text)
    return [
        _normalize(match[1], bare[match.end() : _block_end(blanked, match.end() - 1)])
        for match in BACKEND.finditer(bare)
        if blanked[match.start()] == bare[match.start()]
    ]


def strip_bodies(path: str, text: bytes) -> bytes:
    """What init reads of a file: of resources and their like only which types and providers there are."""
    if path.endswith(".json"):
        return text
    bare, blanked = _scan(text)
    retained, position = bytearray(), 0
    identifiers: set[bytes] = set()
    while match := SKIPPED_BLOCK.search(blanked, position):
        end = _block_end(blanked, match.end() - 1)
        label = STRING.search(bare, match.start(), match.end())
        identifiers |= {label[0] if label else b"", *PROVIDER.findall(bare, match.end(), end)}
        retained += bare[position : match.start()]
        position = end
    return re.sub(rb"\s+", b" ", bytes(retained + bare[position:]) + b" ".join(sorted(identifiers)))


def is_relative_local(block: str) -> bool:
    """A local backend at a relative path would go with the checkout, so we keep its state."""
    return block.startswith(('backend"local"', '{"local"')) and 'path="/' not in block and '"path":"/' not in block


def _json_backends(text: bytes) -> list[str]:
    """Keys may stand there twice, and lists of objects for an object. Of what cannot be read, everything counts."""
    try:
        document = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return [text.decode(errors="replace")]
    settings = list(_children("terraform", document))
    blocks = [block for key in ("backend", "cloud") for setting in settings for block in _children(key, setting)]
    return [json.dumps(_to_builtin(block), sort_keys=True, separators=(",", ":")) for block in blocks]


def _children(name: str, value: Any) -> Iterator[Any]:
    """What stands under the name, in an object or in a list of them."""
    for node in value if isinstance(value, list) else (value,):
        yield from (child for key, child in node if key == name) if isinstance(node, tuple) else ()


def _to_builtin(value: Any) -> Any:
    if isinstance(value, tuple):
        return {key: _to_builtin(child) for key, child in value}
    return [_to_builtin(element) for element in value] if isinstance(value, list) else value


def _normalize(label: bytes | None, body: bytes) -> str:
    start = b"cloud{" if label is None else b'backend"' + label.strip(b'"') + b'"{'
    return (start + re.sub(rb"\s+", b"", body)).decode(errors="replace")


def _block_end(text: bytes, start: int) -> int:
    """Where the first block from `start` on ends."""
    depth = 0
    for match in BRACE.finditer(text, start):
        depth += 1 if match[0] == b"{" else -1
        if depth == 0:
            return match.end()
    return len(text)


def _scan(text: bytes) -> tuple[bytes, bytes]:
    """The text without comments and heredocs; and the same with its strings blank."""
    bare, blanked, position = bytearray(), bytearray(), 0
    while match := TOP.search(text, position):
        before, marks = text[position : match.start()], _template_marks(match)
        position = _template_end(text, match.end(), marks) if marks else match.end()
        string = text[match.start() : position] if marks is QUOTED else b" "
        bare += before + string
        blanked += before + b" " * len(string)
    return bytes(bare + text[position:]), bytes(blanked + text[position:])


def _template_marks(start: re.Match[bytes]) -> re.Pattern[bytes] | None:
    """What counts in the string or heredoc that begins here, if one does."""
    if start[0] == b'"':
        return QUOTED
    if start[1] is None:
        return None
    return re.compile(rb"\$\$\{|%%\{|[$%]\{|^" + SPACE + re.escape(start[1]) + SPACE + rb"$", re.MULTILINE)


def _template_end(text: bytes, position: int, marks: re.Pattern[bytes]) -> int:
    """Where a template ends, with all that is in it."""
    stack = [marks]
    while stack:
        match = stack[-1].search(text, position)
        if match is None:
            return len(text)
        token, position = match[0], match.end()
        if stack[-1] is not CODE and token.startswith(ESCAPES):
            continue
        if token in OPENS or token == b"{":
            stack.append(CODE)
        elif stack[-1] is not CODE or token == b"}":
            stack.pop()
        elif inner := _template_marks(match):
            stack.append(inner)
    return position
