"""Webhooks as Gitea sends them, made by hand."""

import hashlib
import hmac
import json
from typing import Any

from bot.hosts.gitea import host
from bot.hosts.gitea.gitea import Gitea
from bot.ports import Delivery

SECRET = "between the forge and us"
SECTION = {"token": "t", "webhook_secret": SECRET, "url": "https://forge.test"}
OWNER = {"id": 3, "login": "acme", "username": "acme"}
REPOSITORY = {"id": 7, "owner": OWNER, "full_name": "acme/infra", "default_branch": "main", "private": True}
ALICE = {"id": 11, "login": "alice", "username": "alice"}
BOB = {"id": 12, "login": "bob", "username": "bob"}
PULL = {
    "id": 40,
    "number": 4,
    "title": "Change",
    "state": "open",
    "draft": False,
    "merged": False,
    "mergeable": True,
    "user": ALICE,
    "base": {"label": "main", "ref": "main", "sha": "b" * 40, "repo_id": 7, "repo": REPOSITORY},
    "head": {"label": "change", "ref": "change", "sha": "a" * 40, "repo_id": 7, "repo": REPOSITORY},
    "html_url": "https://forge.test/acme/infra/pulls/4",
    "merge_commit_sha": None,
    "updated_at": "2026-01-02T08:49:05+05:45",
}
COMMENT = {
    "id": 9,
    "user": BOB,
    "body": "/plan",
    "issue_url": "",
    "pull_request_url": "https://forge.test/acme/infra/pulls/4",
    "created_at": "2026-01-02T08:49:05+05:45",
    "updated_at": "2026-01-02T08:49:05+05:45",
}


def payload(**more: Any) -> dict[str, Any]:
    return {"repository": REPOSITORY, "sender": ALICE} | more


def signature(body: bytes, secret: str = SECRET, digest: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, digest)).hexdigest()


def headers(event: str, body: bytes, **more: str) -> dict[str, str]:
    own = {
        "Content-Type": "application/json",
        "X-Gitea-Event": event,
        "X-Gitea-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Gitea-Signature": signature(body),
    }
    return own | more


def gitea(*repos: str) -> Gitea:
    return host(SECTION, repos or ("acme/*",))


def delivered(event: str, content: object, *repos: str) -> Delivery:
    """What a signed webhook becomes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return gitea(*repos).parse(headers(event, body), body)
