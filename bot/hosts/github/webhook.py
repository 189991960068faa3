"""GitHub's webhooks become events. The signature is verified before a byte is parsed."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from bot.core.event import Commented, Event, JobRequested, MergeGroup, PullChange, PullChanged, Pushed, Reviewed
from bot.core.pull import Repository
from bot.core.webhook_body import parse_object, verify_signature
from bot.hosts.github import shapes
from bot.ports import Delivery

SIGNED_BY = "sha256="
ID = re.compile(r"[A-Za-z0-9-]{1,80}")
PULL_CHANGES = {
    "opened": PullChange.OPENED,
    "synchronize": PullChange.PUSHED,
    "reopened": PullChange.REOPENED,
    "ready_for_review": PullChange.READY,
    "converted_to_draft": PullChange.DRAFTED,
    "closed": PullChange.CLOSED,
    "dequeued": PullChange.DEQUEUED,
}
QUEUE_REF = re.compile(r"refs/heads/gh-readonly-queue/(?P<branch>.+)/pr-(?P<number>\d+)-[0-9a-f]+")


def parse(
    headers: Mapping[str, str], body: bytes, secret: str, allowed: Callable[[str], bool], app_id: int | None = None
) -> Delivery:
    """Verify a webhook and say what happened.

    `app_id` is of the App that we are, if we are one: check runs of others are none of our business.
    Raises PermissionError without a good signature, ValueError for what is no webhook of GitHub's.
    """
    lower_headers = {key.lower(): value for key, value in headers.items()}
    _verify(lower_headers.get("x-hub-signature-256", ""), body, secret)
    id = lower_headers.get("x-github-delivery", "")
    if not ID.fullmatch(id):
        raise ValueError("the X-GitHub-Delivery header is missing or malformed")
    payload = _payload(lower_headers.get("content-type", ""), body)
    try:
        name = str((payload.get("repository") or {}).get("full_name", ""))
        event = _event(lower_headers.get("x-github-event", ""), payload, app_id) if allowed(name) else None
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"the payload lacks or garbles a field: {error}") from error
    return Delivery(id, name, event)


def _verify(signature: str, body: bytes, secret: str) -> None:
    if not signature.startswith(SIGNED_BY):
        raise PermissionError("the signature does not match")
    verify_signature(secret, body, signature.removeprefix(SIGNED_BY))


def _payload(kind: str, body: bytes) -> dict[str, Any]:
    text = body.decode(errors="replace")
    if kind.startswith("application/x-www-form-urlencoded"):
        text = (parse_qs(text).get("payload") or [""])[0]
    return parse_object(text)


def _event(kind: str, payload: dict[str, Any], app_id: int | None) -> Event | None:
    """What happened, if it is of interest."""
    action = payload.get("action")
    repository = shapes.repository(payload["repository"]) if "repository" in payload else None
    if repository is None:
        return None
    if kind == "pull_request":
        return _pull_event(str(action), payload)
    if kind == "issue_comment" and action == "created" and payload["issue"].get("pull_request"):
        return Commented(repository, shapes.comment(payload["comment"], repository, int(payload["issue"]["number"])))
    if kind == "issue_comment" and payload["issue"].get("pull_request") and _is_edited_by_another(str(action), payload):
        return Reviewed(repository, int(payload["issue"]["number"]))
    if kind == "pull_request_review" and action in ("submitted", "dismissed", "edited"):
        return Reviewed(repository, int(payload["pull_request"]["number"]))
    if kind == "push" and str(payload["ref"]).startswith("refs/heads/") and set(str(payload["after"])) != {"0"}:
        branch, sender = str(payload["ref"]).removeprefix("refs/heads/"), str(payload["sender"]["login"])
        return Pushed(repository, branch, str(payload["after"]), sender)
    if kind == "merge_group" and action == "checks_requested":
        return _merge_group(repository, payload["merge_group"])
    if kind in ("check_run", "check_suite") and action == "rerequested" and app_id:
        return _rerun(repository, payload[kind], str(payload["sender"]["login"]), app_id)
    return None


def _merge_group(repository: Repository, group: dict[str, Any]) -> MergeGroup:
    """GitHub names the pull request in the ref alone; what it is, is looked up."""
    match = QUEUE_REF.fullmatch(str(group.get("head_ref")))
    branch = str(group.get("base_ref") or "").removeprefix("refs/heads/")
    number = int(match["number"]) if match and match["branch"] == branch else None
    return MergeGroup(repository, str(group["head_sha"]), str(group.get("base_sha") or ""), branch, number)


def _is_edited_by_another(action: str, payload: dict[str, Any]) -> bool:
    """Who may write may also edit others' comments, ours among them: people approve what they read there."""
    return action in ("edited", "deleted") and payload["sender"]["login"] != payload["comment"]["user"]["login"]


def _rerun(repository: Repository, check: dict[str, Any], sender: str, app_id: int) -> JobRequested | None:
    """`Re-run` of what is ours, which GitHub lets those press who may write: the pull request is planned again.

    GitHub names no pull requests from forks there, nor those into other repositories.
    """
    if (check.get("app") or {}).get("id") != app_id:
        return None
    repository_id = int(repository.key.partition(":")[2])
    pulls = [pull for pull in check.get("pull_requests") or () if pull["base"]["repo"]["id"] == repository_id]
    return JobRequested(repository, int(pulls[0]["number"]), "plan", sender) if pulls else None


def _pull_event(action: str, payload: dict[str, Any]) -> PullChanged | None:
    change = PULL_CHANGES.get(action)
    if action == "edited" and "base" in (payload.get("changes") or {}):
        change = PullChange.RETARGETED
    if change is None:
        return None
    pull = shapes.pull(payload["pull_request"], payload["repository"])
    return PullChanged(pull, change, str(payload["sender"]["login"]))
