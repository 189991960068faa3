"""GitHub's example payloads of webhooks, as (event, payload); `cut_webhooks.py` says which."""

import json
from pathlib import Path
from typing import Any

_LINES = (Path(__file__).parent / "webhooks.jsonl").read_text().splitlines()

EXAMPLES: tuple[tuple[str, dict[str, Any]], ...] = tuple(
    (one["event"], one["payload"]) for one in map(json.loads, _LINES)
)
