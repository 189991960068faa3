"""A pull request, and what people say on it, for the tests of what that promises."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.keys import CommentRef
from bot.core.pull import Branch, Comment, Pull, PullState, Repository

NOW = datetime(2026, 3, 1, tzinfo=UTC)


REPOSITORY = Repository("github:1", "acme/infra", "main", private=False)


PULL = Pull(
    repository=REPOSITORY,
    number=7,
    title="Change",
    author="alice",
    state=PullState.OPEN,
    draft=False,
    fork=False,
    base=Branch("main", "b" * 40),
    head=Branch("change", "a" * 40),
    url="https://forge.example/7",
    updated=NOW,
)


def comment(body: str, **more: bool) -> Comment:
    return replace(Comment(CommentRef(PULL.key, "5"), "alice", False, body, NOW, False), **more)  # type: ignore[arg-type]  # fields by name
