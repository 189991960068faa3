"""Gitea's webhooks become events. The signature is verified before a byte is parsed.

What happened is told by the payload more than by headers: those that look like GitHub's are lossy, and their names for
reviews and comments have changed between versions.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from bot.core.event import Commented, Event, PullChange, PullChanged, Pushed, Reviewed
from bot.core.webhook_body import parse_object, verify_signature
from bot.hosts.gitea import shapes
from bot.ports import Delivery

ID = re.compile(r"[A-Za-z0-9-]{1,80}")
PULL_CHANGES = {
    "opened": PullChange.OPENED,
    "synchronized": PullChange.PUSHED,
    "reopened": PullChange.REOPENED,
    "closed": PullChange.CLOSED,
}
DRAFTS = ("wip:", "[wip]")


def parse(headers: Mapping[str, str], body: bytes, secret: str, allowed: Callable[[str], bool]) -> Delivery:
    """Verify a webhook and say what happened.

    Raises PermissionError without a good signature, ValueError for what is no webhook of Gitea's.
    """
    lower_headers = {key.lower(): value for key, value in headers.items()}
    content = _signed_content(lower_headers.get("content-type", ""), body)
    verify_signature(secret, content, lower_headers.get("x-gitea-signature", ""))
    id = lower_headers.get("x-gitea-delivery", "")
    if not ID.fullmatch(id):
        raise ValueError("the X-Gitea-Delivery header is missing or malformed")
    payload = parse_object(content)
    try:
        name = str((payload.get("repository") or {}).get("full_name", ""))
        event = _event(lower_headers.get("x-gitea-event", ""), payload) if allowed(name) else None
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"the payload lacks or garbles a field: {error}") from error
    return Delivery(id, name, event)


def _signed_content(kind: str, body: bytes) -> bytes:
    """What Gitea has signed: of a form, what is in it. Nothing more is read before the signature is good."""
    if not kind.startswith("application/x-www-form-urlencoded"):
        return body
    try:
        return parse_qs(body, max_num_fields=1).get(b"payload", [b""])[0]
    except ValueError as error:
        raise PermissionError("the form is not Gitea's") from error


def _event(kind: str, payload: dict[str, Any]) -> Event | None:
    """What happened, if it is of interest."""
    action = payload.get("action")
    repository = shapes.repository(payload["repository"])
    if kind.startswith("pull_request") and action == "reviewed":
        return Reviewed(repository, int(payload["pull_request"]["number"]))
    if kind == "pull_request":
        return _pull_event(str(action), payload)
    if kind == "issue_comment" and action == "created" and _is_on_a_pull(payload):
        return Commented(repository, shapes.comment(payload["comment"], repository, int(payload["issue"]["number"])))
    if kind == "issue_comment" and _is_on_a_pull(payload) and _is_edited_by_another(str(action), payload):
        return Reviewed(repository, int(payload["issue"]["number"]))
    if kind == "push" and str(payload["ref"]).startswith("refs/heads/") and set(str(payload["after"])) != {"0"}:
        branch, sender = str(payload["ref"]).removeprefix("refs/heads/"), shapes.login(payload["sender"])
        return Pushed(repository, branch, str(payload["after"]), sender)
    return None


def _is_edited_by_another(action: str, payload: dict[str, Any]) -> bool:
    """Who may write may also edit others' comments, ours among them: people approve what they read there."""
    author = shapes.login(payload["comment"].get("user"))
    return action in ("edited", "deleted") and shapes.login(payload["sender"]) != author


def _is_on_a_pull(payload: dict[str, Any]) -> bool:
    return bool(payload.get("is_pull") or payload["issue"].get("pull_request"))


def _pull_event(action: str, payload: dict[str, Any]) -> PullChanged | None:
    pull = shapes.pull(payload["pull_request"], payload["repository"])
    change = PULL_CHANGES.get(action)
    changes = payload.get("changes") or {}
    if action == "edited" and changes.get("ref"):
        change = PullChange.RETARGETED
    elif action == "edited" and changes.get("title"):
        change = _draft_change(str(changes["title"]["from"]), pull.title, pull.draft)
    return PullChanged(pull, change, shapes.login(payload["sender"])) if change else None


def _draft_change(old: str, new: str, draft: bool) -> PullChange | None:
    """A draft is a pull request whose title begins so; which words an operator has chosen for it, nobody tells us."""
    if draft:
        return None if old.lower().startswith(DRAFTS) else PullChange.DRAFTED
    was_draft = old.lower().startswith(DRAFTS) or (old != new and old.endswith(new))
    return PullChange.READY if was_draft else None
