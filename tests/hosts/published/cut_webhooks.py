"""Cuts GitHub's example payloads of webhooks to those that the bot meets. Run by hand.

    npm pack @octokit/webhooks-examples@7.6.1     (and unpack it)
    python -m tests.hosts.published.cut_webhooks INDEX.JSON

Of the events that concern the bot, all examples are kept (of check suites, one of each action); of every other event,
the shortest. Addresses that nobody reads and ids of nodes are dropped; the rest is as GitHub sent it.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OURS = (
    "pull_request",
    "issue_comment",
    "pull_request_review",
    "push",
    "merge_group",
    "ping",
    "installation",
    "installation_repositories",
    "check_run",
)
KEPT = ("html_url", "clone_url")


def main(index: Path) -> None:
    lines = [
        json.dumps({"event": event["name"], "payload": _bare(payload)}, separators=(",", ":"), ensure_ascii=False)
        for event in json.loads(index.read_text())
        for payload in _kept(event["name"], event["examples"])
    ]
    (HERE / "webhooks.jsonl").write_text("\n".join(lines) + "\n")


def _kept(name: str, examples: list[Any]) -> Iterator[Any]:
    if name in OURS:
        yield from examples
    elif name == "check_suite":
        yield from {example["action"]: example for example in examples}.values()
    else:
        yield min(examples, key=lambda one: len(json.dumps(_bare(one))))


def _bare(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_bare(one) for one in raw]
    if not isinstance(raw, dict):
        return raw
    return {key: _bare(value) for key, value in raw.items() if key in KEPT or not _unread(key)}


def _unread(key: str) -> bool:
    return key.endswith("_url") or key in ("_links", "node_id", "gravatar_id")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
