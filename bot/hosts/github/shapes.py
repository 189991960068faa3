"""GitHub's JSON becomes our frozen data, on one screen each. Raises KeyError or TypeError where a field is missing."""

from datetime import datetime
from typing import Any

from bot.core.keys import CommentRef, PullKey
from bot.core.own_comment import OwnComment, recognise
from bot.core.pull import (
    Branch,
    CheckState,
    Comment,
    Pull,
    PullState,
    Repository,
    Review,
    ReviewState,
    Role,
    is_bot_login,
)

STATES = {
    "success": CheckState.SUCCESS,
    "neutral": CheckState.SUCCESS,
    "skipped": CheckState.SUCCESS,
    "pending": CheckState.PENDING,
    "expected": CheckState.PENDING,
}
ROLES = {
    "read": Role.READ,
    "pull": Role.READ,
    "triage": Role.TRIAGE,
    "write": Role.WRITE,
    "push": Role.WRITE,
    "maintain": Role.MAINTAIN,
    "admin": Role.ADMIN,
}


def repository(raw: dict[str, Any]) -> Repository:
    """A repository, known by its number: names change."""
    key = f"github:{int(raw['id'])}"
    return Repository(key, str(raw["full_name"]), str(raw["default_branch"]), bool(raw["private"]))


def pull(raw: dict[str, Any], raw_repository: dict[str, Any] | None = None) -> Pull:
    """A pull request. `raw_repository` is its repository where that is known better than in `base.repo`."""
    base_repository = raw_repository or raw["base"]["repo"]
    head_repo = raw["head"].get("repo")
    merged = bool(raw.get("merged") or raw.get("merged_at"))
    state = PullState.MERGED if merged else PullState.OPEN if raw["state"] == "open" else PullState.CLOSED
    return Pull(
        repository=repository(base_repository),
        number=int(raw["number"]),
        title=str(raw["title"]),
        author=_login(raw),
        state=state,
        draft=bool(raw.get("draft")),
        fork=not head_repo or head_repo["id"] != base_repository["id"],
        base=Branch(str(raw["base"]["ref"]), str(raw["base"]["sha"])),
        head=Branch(str(raw["head"]["ref"]), str(raw["head"]["sha"])),
        url=str(raw["html_url"]),
        mergeable=raw.get("mergeable"),
        merge_commit=raw.get("merge_commit_sha") if merged else None,
        merged_by=(raw.get("merged_by") or {}).get("login"),
        updated=timestamp(raw["updated_at"]),
        author_is_bot=_is_bot(raw),
    )


def comment(raw: dict[str, Any], repository: Repository, number: int | None = None) -> Comment:
    """A comment on a pull request of the repository; `number` is the pull's where it is known."""
    pull_number = number if number is not None else int(str(raw["issue_url"]).rpartition("/")[2])
    return Comment(
        ref=CommentRef(PullKey.of(repository.key, pull_number), str(int(raw["id"]))),
        author=_login(raw),
        author_is_bot=_is_bot(raw) or bool(raw.get("performed_via_github_app")),
        body=str(raw.get("body") or ""),
        at=timestamp(raw["created_at"]),
        edited=raw["created_at"] != raw["updated_at"],
    )


def own_comment(raw: dict[str, Any], topic: str) -> OwnComment | None:
    """A comment of ours, where it is of that topic."""
    return recognise(topic, str(raw["id"]), str(raw.get("body") or ""), timestamp(raw["updated_at"]))


def review(raw: dict[str, Any]) -> Review | None:
    """None for a review that its author has not submitted."""
    state = str(raw["state"]).lower()
    if state not in list(ReviewState):
        return None
    commit = str(raw.get("commit_id") or "")
    own_id, body = str(int(raw["id"])), str(raw.get("body") or "")
    return Review(_login(raw), _is_bot(raw), ReviewState(state), commit, timestamp(raw["submitted_at"]), own_id, body)


def state(raw: str | None) -> CheckState:
    """A status' state or a check run's conclusion; what we have no word for is no success."""
    return STATES.get(raw or "pending", CheckState.FAILURE)


def role(raw: dict[str, Any]) -> Role:
    """The finer word where GitHub gives one; of a custom role, the permission that it rests on."""
    return ROLES.get(str(raw.get("role_name")), ROLES.get(str(raw.get("permission")), Role.NONE))


def timestamp(text: str) -> datetime:
    """A time as GitHub writes it, in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _login(raw: dict[str, Any]) -> str:
    """Deleted accounts are shown as `ghost`, and are nobody."""
    return str((raw.get("user") or {}).get("login") or "ghost")


def _is_bot(raw: dict[str, Any]) -> bool:
    user = raw.get("user") or {}
    return user.get("type") == "Bot" or is_bot_login(str(user.get("login", "")))
