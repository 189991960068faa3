"""Webhooks as GitHub sends them, made by hand."""

import hashlib
import hmac
import json
from typing import Any

from bot.hosts.github import host
from bot.hosts.github.github import GitHub
from bot.ports import Delivery

SECRET = "between the forge and us"
SECTION = {"token": "t", "webhook_secret": SECRET, "api_url": "https://forge.test/api/v3"}
REPOSITORY = {"id": 7, "full_name": "acme/infra", "default_branch": "main", "private": True}
PULL = {
    "number": 4,
    "title": "Change",
    "state": "open",
    "draft": False,
    "merged": False,
    "user": {"login": "alice", "type": "User"},
    "base": {"ref": "main", "sha": "b" * 40, "repo": REPOSITORY},
    "head": {"ref": "change", "sha": "a" * 40, "repo": REPOSITORY},
    "html_url": "https://forge.test/acme/infra/pull/4",
    "updated_at": "2026-01-02T03:04:05Z",
}
COMMENT = {
    "id": 9,
    "user": {"login": "bob", "type": "User"},
    "body": "/plan",
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
}
SENDER = {"login": "alice", "type": "User"}


def payload(**more: Any) -> dict[str, Any]:
    return {"repository": REPOSITORY, "sender": SENDER} | more


def signature(body: bytes, secret: str = SECRET, digest: str = "sha256") -> str:
    return f"{digest}={hmac.new(secret.encode(), body, getattr(hashlib, digest)).hexdigest()}"


def headers(event: str, body: bytes, **more: str) -> dict[str, str]:
    own = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": signature(body),
    }
    return own | more


def github(*repos: str) -> GitHub:
    return host(SECTION, repos or ("acme/*",))


def delivered(event: str, content: object, *repos: str) -> Delivery:
    """What a signed webhook becomes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return github(*repos).parse(headers(event, body), body)
