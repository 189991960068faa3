"""Gitea's JSON becomes our frozen data, on one screen each. Raises KeyError or TypeError where a field is missing."""

from datetime import UTC, datetime
from typing import Any

from bot.core.keys import CommentRef, PullKey
from bot.core.own_comment import OwnComment, recognise
from bot.core.pull import Branch, CheckState, Comment, Pull, PullState, Repository, Review, ReviewState, Role

STATES = {"success": CheckState.SUCCESS, "skipped": CheckState.SUCCESS, "pending": CheckState.PENDING}
REVIEWS = {
    "APPROVED": ReviewState.APPROVED,
    "REQUEST_CHANGES": ReviewState.CHANGES_REQUESTED,
    "COMMENT": ReviewState.COMMENTED,
}
ROLES = {"read": Role.READ, "write": Role.WRITE, "admin": Role.ADMIN, "owner": Role.ADMIN}


def repository(raw: dict[str, Any]) -> Repository:
    """A repository, known by its number: names change."""
    key = f"gitea:{int(raw['id'])}"
    return Repository(key, str(raw["full_name"]), str(raw["default_branch"]), bool(raw["private"]))


def pull(raw: dict[str, Any], raw_repository: dict[str, Any] | None = None) -> Pull:
    """A pull request. `raw_repository` is its repository where that is known better than in `base.repo`.

    Gitea says `mergeable: false` also of a draft, and while it still looks for conflicts, so that is None here.
    """
    base_repository = raw_repository or raw["base"]["repo"]
    head_repo = raw["head"].get("repo")
    merged = bool(raw.get("merged") or raw.get("merged_at"))
    state = PullState.MERGED if merged else PullState.OPEN if raw["state"] == "open" else PullState.CLOSED
    return Pull(
        repository=repository(base_repository),
        number=int(raw["number"]),
        title=str(raw["title"]),
        author=login(raw.get("user")),
        state=state,
        draft=bool(raw.get("draft")),
        fork=not head_repo or head_repo["id"] != base_repository["id"],
        base=Branch(str(raw["base"]["ref"]), str(raw["base"]["sha"])),
        head=Branch(str(raw["head"]["ref"]), str(raw["head"]["sha"])),
        url=str(raw["html_url"]),
        mergeable=True if raw.get("mergeable") else None,
        merge_commit=(raw.get("merge_commit_sha") or None) if merged else None,
        merged_by=login(raw["merged_by"]) if raw.get("merged_by") else None,
        updated=timestamp(raw["updated_at"]),
        author_is_bot=_is_bot(raw.get("user")),
    )


def comment(raw: dict[str, Any], repository: Repository, number: int | None = None) -> Comment:
    """A comment on a pull request of the repository; `number` is the pull's where it is known."""
    pull_number = number if number is not None else int(str(raw["pull_request_url"]).rpartition("/")[2])
    return Comment(
        ref=CommentRef(PullKey.of(repository.key, pull_number), str(int(raw["id"]))),
        author=login(raw.get("user")),
        author_is_bot=_is_bot(raw.get("user")),
        body=str(raw.get("body") or ""),
        at=timestamp(raw["created_at"]),
        edited=timestamp(raw["created_at"]) != timestamp(raw["updated_at"]),
    )


def own_comment(raw: dict[str, Any], topic: str) -> OwnComment | None:
    """A comment of ours, where it is of that topic."""
    return recognise(topic, str(raw["id"]), str(raw.get("body") or ""), timestamp(raw["updated_at"]))


def review(raw: dict[str, Any]) -> Review | None:
    """None for a review that its author has not submitted, or that was only asked for."""
    state = ReviewState.DISMISSED if raw.get("dismissed") else REVIEWS.get(str(raw["state"]))
    if state is None:
        return None
    user, commit = raw.get("user"), str(raw.get("commit_id") or "")
    own_id, body = str(int(raw["id"])), str(raw.get("body") or "")
    return Review(login(user), _is_bot(user), state, commit, timestamp(raw["submitted_at"]), own_id, body)


def state(raw: str | None) -> CheckState:
    """A status' state; what we have no word for is no success (`warning` also stops a merge on Gitea)."""
    return STATES.get(raw or "pending", CheckState.FAILURE)


def role(raw: dict[str, Any]) -> Role:
    """The role that a permission stands for."""
    return ROLES.get(str(raw["permission"]), Role.NONE)


def timestamp(text: str) -> datetime:
    """In UTC: Gitea writes times in the zone of its own machine."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def login(user: dict[str, Any] | None) -> str:
    """Older versions say `username` only. Deleted accounts are shown as `Ghost`, and are nobody."""
    account = user or {}
    return str(account.get("login") or account.get("username") or "ghost")


def _is_bot(user: dict[str, Any] | None) -> bool:
    """Gitea's own accounts, like that of its actions, have negative numbers; it marks no others as bots."""
    return int((user or {}).get("id") or 0) < 0
