"""The little that we must know of a configuration's text: comments apart, and the blocks that say where state is."""

import json
import re

TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"|<<-?\s*(\w+)\n.*?^\s*\1\b|/\*.*?\*/|#[^\n]*|//[^\n]*', re.DOTALL | re.MULTILINE)
PASSED_OVER = re.compile(rb"^[ \t]*(?:resource|data|ephemeral|output|check|moved|removed)\b[^=\n{]*\{", re.MULTILINE)
STRING = re.compile(rb'"(?:\\.|[^"\\])*"', re.DOTALL)
BRACE = re.compile(rb"[{}]")
PROVIDER = re.compile(rb"\bprovider\s*=\s*[^\n]*")
BACKEND = re.compile(rb'\b(backend\s+"[a-z0-9_-]+"|cloud)\s*\{')


def without_comments(text: bytes) -> bytes:
    """The text with comments and heredocs gone; strings, which may hold what looks like one, stay."""
    return TOKEN.sub(lambda match: match[0] if match[0].startswith(b'"') else b" ", text)


def backends(path: str, text: bytes) -> list[str]:
    """Every `backend` and `cloud` block of a file, without comments and spaces."""
    if path.endswith(".json"):
        return _in_json(text)
    bare = without_comments(text)
    return [_squeezed(bare[match.start() : _end(bare, match.start())]) for match in BACKEND.finditer(bare)]


def without_bodies(path: str, text: bytes) -> bytes:
    """What init reads of a file: of resources and their like only which types and providers there are."""
    if path.endswith(".json"):
        return text
    bare = without_comments(text)
    shape, kept, position = STRING.sub(lambda match: b" " * len(match[0]), bare), bytearray(), 0
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
    try:
        read = json.loads(text)
    except ValueError:
        return []
    blocks = read.get("terraform") if isinstance(read, dict) else None
    rows = blocks if isinstance(blocks, list) else [blocks]
    found = [row[key] for row in rows if isinstance(row, dict) for key in ("backend", "cloud") if key in row]
    return [json.dumps(block, sort_keys=True, separators=(",", ":")) for block in found]


def _squeezed(block: bytes) -> str:
    return re.sub(rb"\s+", b"", block).decode(errors="replace")


def _end(text: bytes, start: int) -> int:
    """Where the first block from `start` on ends."""
    depth = 0
    for match in BRACE.finditer(text, start):
        depth += 1 if match[0] == b"{" else -1
        if depth == 0:
            return match.end()
    return len(text)
