"""The little that we must know of a configuration's text: comments apart, and the blocks that say where state is."""

import json
import re

TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"|<<-?\s*(\w+)\n.*?^\s*\1\b|/\*.*?\*/|#[^\n]*|//[^\n]*', re.DOTALL | re.MULTILINE)
BACKEND = re.compile(rb'\b(backend\s+"[a-z0-9_-]+"|cloud)\s*\{')


def without_comments(text: bytes) -> bytes:
    """The text with comments and heredocs gone; strings, which may hold what looks like one, stay."""
    return TOKEN.sub(lambda match: match[0] if match[0].startswith(b'"') else b" ", text)


def backends(path: str, text: bytes) -> list[str]:
    """Every `backend` and `cloud` block of a file, without comments and spaces."""
    if path.endswith(".json"):
        return _in_json(text)
    bare = without_comments(text)
    return [_squeezed(_block(bare[match.start() :])) for match in BACKEND.finditer(bare)]


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


def _block(text: bytes) -> bytes:
    """The text up to the brace that closes its first one."""
    depth = 0
    for position, byte in enumerate(text):
        depth += (byte == ord("{")) - (byte == ord("}"))
        if byte == ord("}") and depth == 0:
            return text[: position + 1]
    return text
