"""What happened in a repository as JSON, and back, to begin where something was left: pulls, comments, statuses.

Called by `control`. Commits are git's own to keep; hooks, Apps and check runs are left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from sandbox.forge.state import Comment, ForgeState, Pull, Repo, Review, Status, User

T = TypeVar("T")


def dump(repo: Repo) -> dict[str, Any]:
    """The contents; people are their logins, repositories their full names."""
    contents: dict[str, Any] = _plain({"pulls": repo.pulls, "comments": repo.comments, "statuses": repo.statuses})
    return contents


def restore(forge: ForgeState, repo: Repo, contents: Mapping[str, Any]) -> None:
    """Have these contents in the place of what there is, without a word to hooks. Ids given later are newer."""
    repo.pulls = {int(number): _pull(forge, raw) for number, raw in contents["pulls"].items()}
    repo.comments = {int(id): _by(forge, Comment, raw) for id, raw in contents["comments"].items()}
    repo.statuses = {
        sha: [_by(forge, Status, raw, "creator") for raw in statuses] for sha, statuses in contents["statuses"].items()
    }
    forge.skip_ids(max(_ids(contents), default=0))


def _plain(value: Any) -> Any:
    if isinstance(value, User):
        return value.login
    if isinstance(value, Repo):
        return value.full_name
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _pull(forge: ForgeState, raw: Mapping[str, Any]) -> Pull:
    people = {
        "merged_by": forge.users.get(raw["merged_by"] or ""),
        "head_repo": forge.repo(raw["head_repo"] or ""),
        "reviews": [_by(forge, Review, review) for review in raw["reviews"]],
    }
    return _by(forge, Pull, {**raw, **people})


def _by(forge: ForgeState, kind: type[T], raw: Mapping[str, Any], author_field: str = "user") -> T:
    """What somebody made."""
    return kind(**{**raw, author_field: forge.users[raw[author_field]]})


def _ids(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        yield from ([value["id"]] if isinstance(value.get("id"), int) else [])
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _ids(inner)
