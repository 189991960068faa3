"""The little that we must know of a configuration's text: comments apart, and the blocks that say where state is.

Texts are taken apart as HCL's own scanner does it (hclsyntax/scan_tokens.rl), with templates in templates: what looks
like a comment to us alone would hide from us what follows it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

APART = rb'"|<<-?([A-Za-z_\x80-\xff][\w\x80-\xff-]*)\r?\n|/\*.*?(?:\*/|\Z)|#[^\n]*|//[^\n]*'
TOP, CODE = re.compile(APART, re.DOTALL), re.compile(APART + rb"|[{}]", re.DOTALL)
QUOTED = re.compile(rb'\\.|\$\$\{|%%\{|[$%]\{|"', re.DOTALL)
SPACE = rb"(?:[ \t\r\f\v]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)*"
ESCAPES, OPENS = (b"\\", b"$$", b"%%"), (b"${", b"%{")
PASSED_OVER = re.compile(rb"^[ \t]*(?:resource|data|ephemeral|output|check|moved|removed)\b[^=\n{]*\{", re.MULTILINE)
STRING = re.compile(rb'"(?:\\.|[^"\\])*"', re.DOTALL)
BRACE = re.compile(rb"[{}]")
PROVIDER = re.compile(rb"\bprovider\s*=\s*[^\n]*")
BACKEND = re.compile(rb'\b(?:backend\s*("(?:\\.|[^"\\])*"|[\w-]+)|cloud)\s*\{')


def without_comments(text: bytes) -> bytes:
    """The text with comments and heredocs gone; strings, which may hold what looks like one, stay."""
    return _bare(text)[0]


def backends(path: str, text: bytes) -> list[str]:
    """Every `backend` and `cloud` block of a file, without comments and spaces."""
    if path.endswith(".json"):
        return _in_json(text)
    bare, shape = _bare(text)
    return [
        _squeezed(match[1], bare[match.end() : _end(shape, match.end() - 1)])
        for match in BACKEND.finditer(bare)
        if shape[match.start()] == bare[match.start()]
    ]


def without_bodies(path: str, text: bytes) -> bytes:
    """What init reads of a file: of resources and their like only which types and providers there are."""
    if path.endswith(".json"):
        return text
    bare, shape = _bare(text)
    kept, position = bytearray(), 0
    named: set[bytes] = set()
    while match := PASSED_OVER.search(shape, position):
        end = _end(shape, match.end() - 1)
        label = STRING.search(bare, match.start(), match.end())
        named |= {label[0] if label else b"", *PROVIDER.findall(bare, match.end(), end)}
        kept += bare[position : match.start()]
        position = end
    return re.sub(rb"\s+", b" ", bytes(kept + bare[position:]) + b" ".join(sorted(named)))


def is_ours(block: str) -> bool:
    """A local backend at a relative path would go with the checkout, so we keep its state."""
    return block.startswith(('backend"local"', '{"local"')) and 'path="/' not in block and '"path":"/' not in block


def _in_json(text: bytes) -> list[str]:
    """Keys may stand there twice, and lists of objects for an object. Of what cannot be read, everything counts."""
    try:
        read = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return [text.decode(errors="replace")]
    settings = list(_named("terraform", read))
    blocks = [block for key in ("backend", "cloud") for its in settings for block in _named(key, its)]
    return [json.dumps(_plain(block), sort_keys=True, separators=(",", ":")) for block in blocks]


def _named(name: str, value: Any) -> Iterator[Any]:
    """What stands under the name, in an object or in a list of them."""
    for one in value if isinstance(value, list) else (value,):
        yield from (inner for key, inner in one if key == name) if isinstance(one, tuple) else ()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return {key: _plain(inner) for key, inner in value}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _squeezed(label: bytes | None, body: bytes) -> str:
    begins = b"cloud{" if label is None else b'backend"' + label.strip(b'"') + b'"{'
    return (begins + re.sub(rb"\s+", b"", body)).decode(errors="replace")


def _end(text: bytes, start: int) -> int:
    """Where the first block from `start` on ends."""
    depth = 0
    for match in BRACE.finditer(text, start):
        depth += 1 if match[0] == b"{" else -1
        if depth == 0:
            return match.end()
    return len(text)


def _bare(text: bytes) -> tuple[bytes, bytes]:
    """The text without comments and heredocs; and the same with its strings blank."""
    bare, shape, position = bytearray(), bytearray(), 0
    while match := TOP.search(text, position):
        before, marks = text[position : match.start()], _template(match)
        position = _after(text, match.end(), marks) if marks else match.end()
        string = text[match.start() : position] if marks is QUOTED else b" "
        bare += before + string
        shape += before + b" " * len(string)
    return bytes(bare + text[position:]), bytes(shape + text[position:])


def _template(begins: re.Match[bytes]) -> re.Pattern[bytes] | None:
    """What counts in the string or heredoc that begins here, if one does."""
    if begins[0] == b'"':
        return QUOTED
    if begins[1] is None:
        return None
    return re.compile(rb"\$\$\{|%%\{|[$%]\{|^" + SPACE + re.escape(begins[1]) + SPACE + rb"$", re.MULTILINE)


def _after(text: bytes, position: int, marks: re.Pattern[bytes]) -> int:
    """Where a template ends, with all that is in it."""
    within = [marks]
    while within:
        match = within[-1].search(text, position)
        if match is None:
            return len(text)
        token, position = match[0], match.end()
        if within[-1] is not CODE and token.startswith(ESCAPES):
            continue
        if token in OPENS or token == b"{":
            within.append(CODE)
        elif within[-1] is not CODE or token == b"}":
            within.pop()
        elif inner := _template(match):
            within.append(inner)
    return position
