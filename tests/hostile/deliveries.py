"""Webhooks made by hand and signed as the forge signs them, for bodies that no sandbox would send."""

import hashlib
import hmac
import json
import uuid
from typing import Any

import requests

from tests.staging import Stage


def comment_payload(stage: Stage, number: int, comment: int, body: str) -> dict[str, Any]:
    """What GitHub sends when somebody comments on a pull request."""
    alice, repo = stage.alice, stage.repo
    told = alice.api("GET", f"/repos/{repo}/issues/comments/{comment}")
    return {
        "action": "created",
        "repository": alice.api("GET", f"/repos/{repo}"),
        "issue": {"number": number, "pull_request": {"url": ""}},
        "comment": told | {"body": body},
        "sender": told["user"],
    }


def deliver(stage: Stage, event: str, content: object, id: str = "") -> requests.Response:
    """Post it to the bot's door; bytes go as they are, everything else as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": id or str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={hmac.new(stage._secret.encode(), body, hashlib.sha256).hexdigest()}",
    }
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{stage.bot_url}/webhooks/github", data=body, headers=headers, timeout=60)
