"""The little that we must know of a configuration's text: comments apart, its blocks, their attributes, plain strings.

Texts are taken apart as HCL's own scanner does it (hclsyntax/scan_tokens.rl), with templates in templates: what looks
like a comment to us alone would hide from us what follows it.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

LEXEMES = rb'"|<<-?([A-Za-z_\x80-\xff][\w\x80-\xff-]*)\r?\n|/\*.*?(?:\*/|\Z)|#[^\n]*|//[^\n]*'
TOP, CODE = re.compile(LEXEMES, re.DOTALL), re.compile(LEXEMES + rb"|[{}]", re.DOTALL)
QUOTED = re.compile(rb'\\.|\$\$\{|%%\{|[$%]\{|"', re.DOTALL)
SPACE = rb"(?:[ \t\r\f\v]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)*"
ESCAPES, OPENS = (b"\\", b"$$", b"%%"), (b"${", b"%{")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SKIPPED_BLOCK = re.compile(rb"^[ \t]*(?:resource|data|ephemeral|output|check|moved|removed)\b[^=\n{]*\{", re.MULTILINE)
STRING = re.compile(rb'"(?:\\.|[^"\\])*"', re.DOTALL)
BRACE, BRACKET = re.compile(rb"[{}]"), re.compile(rb"[][{}()]")
PROVIDER = re.compile(rb"\bprovider\s*=\s*[^\n]*")
PUNCTUATION, LINES, BLANKS = (
    re.compile(rb"\s*([][={}(),:?])\s*"),
    re.compile(rb"\s*\n\s*"),
    re.compile(rb"[ \t\r\f\v]+"),
)
ATTRIBUTE = re.compile(rb"(?:\A|\n)[ \t\r]*([A-Za-z_][\w-]*)[ \t]*=(?![=>])")
TEXT_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))|(\$\$|%%)(?=\{)", re.DOTALL)
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class Kind(Enum):
    """What a piece of text is."""

    CODE = auto()
    STRING = auto()
    HEREDOC = auto()
    COMMENT = auto()


class Block(NamedTuple):
    """A block without comments: what stands before its brace (`module "m"`), and what stands between its braces."""

    header: bytes
    body: bytes

    @property
    def keyword(self) -> bytes:
        """The first word."""
        return self.header.split(b" ", 1)[0].split(b'"', 1)[0]


def scan(text: bytes) -> tuple[bytes, bytes]:
    """The text without comments; and the same with its strings and heredocs blank, so that code alone is left."""
    bare, blanked = bytearray(), bytearray()
    for kind, piece in _pieces(text):
        bare += b" " if kind is Kind.COMMENT else piece
        blanked += piece if kind is Kind.CODE else b" " * (1 if kind is Kind.COMMENT else len(piece))
    return bytes(bare), bytes(blanked)


def blocks(text: bytes) -> Iterator[Block]:
    """The outermost blocks of a file, or of a block's body; objects among them, whose header ends in `=`."""
    bare, blanked = scan(text)
    position = 0
    while (start := blanked.find(b"{", position)) >= 0:
        end = block_end(blanked, start)
        line = max(blanked.rfind(b"\n", position, start) + 1, position)
        yield Block(bare[line:start].strip(), bare[start + 1 : end])
        position = end + 1


def attributes(body: bytes) -> dict[str, bytes]:
    """The attributes of a body, not of blocks in it: their names and expressions, as written."""
    bare, blanked = scan(body)
    flat = _flatten(blanked)
    matches = list(ATTRIBUTE.finditer(flat))
    ends = (flat.find(b"\n", match.end()) for match in matches)
    return {
        match[1].decode(): bare[match.end() : end if end >= 0 else len(bare)].strip()
        for match, end in zip(matches, ends, strict=True)
    }


def squeeze(text: bytes) -> bytes:
    """The text without comments and without blanks that mean nothing; those of strings mean something."""
    squeezed, code = bytearray(), bytearray()
    for kind, piece in _pieces(text):
        if kind in (Kind.CODE, Kind.COMMENT):
            code += piece if kind is Kind.CODE else b" "
        else:
            squeezed += _squeeze_code(bytes(code)) + piece
            code.clear()
    return bytes(squeezed + _squeeze_code(bytes(code))).strip()


def is_string(expression: bytes) -> bool:
    """The expression is one quoted string, with templates in it or without."""
    return [kind for kind, piece in _pieces(expression) if piece] == [Kind.STRING]


def string_literal(expression: bytes) -> str | None:
    """What a quoted string says; None where the expression is something else, or a template."""
    match = STRING.fullmatch(expression)
    inner = expression[1:-1]
    if not match or re.search(rb"(?<![$%])(?:\$\$|%%)*[$%]\{", inner):
        return None
    return decode(inner)


def decode(inner: bytes) -> str:
    """The text between quotes with its escapes undone."""
    return TEXT_ESCAPE.sub(_unescape, inner.decode(errors="surrogateescape"))


def strip_bodies(path: str, text: bytes) -> bytes:
    """What init reads of a file: of resources and their like only which types and providers there are."""
    if path.endswith(".json"):
        return text
    bare, blanked = scan(text)
    retained, position = bytearray(), 0
    identifiers: set[bytes] = set()
    while match := SKIPPED_BLOCK.search(blanked, position):
        end = min(block_end(blanked, match.end() - 1) + 1, len(blanked))
        label = STRING.search(bare, match.start(), match.end())
        identifiers |= {label[0] if label else b"", *PROVIDER.findall(bare, match.end(), end)}
        retained += bare[position : match.start()]
        position = end
    return squeeze(bytes(retained + bare[position:])) + b"\n" + b" ".join(sorted(identifiers))


def block_end(blanked: bytes, start: int) -> int:
    """Where the brace is that closes the first block from `start` on; the text's end where none does."""
    depth = 0
    for match in BRACE.finditer(blanked, start):
        depth += 1 if match[0] == b"{" else -1
        if depth == 0:
            return match.start()
    return len(blanked)


def _squeeze_code(code: bytes) -> bytes:
    return BLANKS.sub(b" ", LINES.sub(b"\n", PUNCTUATION.sub(rb"\1", code)))


def _pieces(text: bytes) -> Iterator[tuple[Kind, bytes]]:
    position = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    while match := TOP.search(text, position):
        yield Kind.CODE, text[position : match.start()]
        marks = _template_marks(match)
        position = _template_end(text, match.end(), marks) if marks else match.end()
        kind = Kind.STRING if marks is QUOTED else Kind.HEREDOC if marks else Kind.COMMENT
        yield kind, text[match.start() : position]
    yield Kind.CODE, text[position:]


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


def _flatten(blanked: bytes) -> bytes:
    """With all that is in brackets blank, so that a line is a statement."""
    flat, depth, start = bytearray(blanked), 0, 0
    for match in BRACKET.finditer(blanked):
        if match[0] in b"([{":
            start = match.end() if depth == 0 else start
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                flat[start : match.start()] = b" " * (match.start() - start)
    return bytes(flat)


def _unescape(match: re.Match[str]) -> str:
    short, long, character, doubled = match.groups()
    if doubled:
        return str(doubled[0])
    if short or long:
        number = int(short or long, 16)
        return chr(number) if number < 0x110000 else ""
    return ESCAPED.get(character, character)
