"""How a secret may turn up in what programs print: each of these texts gives it away. Pure; used by every mask."""

import base64
import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST_INFIX = 6
"""Characters that a secret has at least to be hidden in the middle of a word."""
SHORTEST = 3
"""Characters that one has at least to be hidden where it stands alone; a shorter one hides nothing but words."""
NESTED = 3
"""How often a text may stand within another's quotes: as it is, as a value is shown, as JSON within such a value."""
_GO_ESCAPED = re.compile("[<>&]")
# A short one is no word of its own where a letter or digit is beside it, or a name goes on: `web` in `web-adapter`.
_BEFORE = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9][-._])"
_AFTER = r"(?![A-Za-z0-9])(?![-._][A-Za-z0-9])"


def as_read(secret: str) -> str:
    """The secret as it reads in what a program printed: bytes of an environment that are no UTF-8 are replaced."""
    try:
        raw = secret.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raw = secret.encode(errors="replace")
    return raw.decode(errors="replace")


def alone(secret: str) -> str:
    """A regular expression of Python's for the secret where it is a word of its own."""
    return f"{_BEFORE}{re.escape(secret)}{_AFTER}"


def escaped_spellings(text: str) -> Iterator[str]:
    """As it is, and within JSON, also within JSON in JSON, as Python, Terraform and Go write it."""
    spellings = {text}
    for _ in range(NESTED):
        yield from spellings
        spellings = {escaped for spelling in spellings for escaped in _json_spellings(spelling)}


def encoded_spellings(text: str) -> Iterator[str]:
    """As it stands in an address, in a shell's words, and in base64."""
    raw = text.encode(errors="replace")
    yield from {quote(raw, safe=""), quote(raw), quote_plus(raw), shlex.quote(text)} - {text, f"'{text}'"}
    yield from base64_spellings(raw)


def base64_spellings(value: bytes) -> Iterator[str]:
    """Base64 in both alphabets, and what stays of it wherever the value stands within something that is encoded."""
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        yield encode(value).decode()
        for padding, skip in ((0, 0), (1, 2), (2, 3)):
            end = (padding + len(value)) * 8 // 6
            core = encode(b"\0" * padding + value).decode()[skip:end]
            if len(core) >= SHORTEST_INFIX + 2:
                yield core


def _json_spellings(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield from (escaped, _GO_ESCAPED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", escaped))
