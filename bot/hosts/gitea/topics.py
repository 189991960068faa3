"""Our comments on a pull request, one a topic, edited in place: a marker in the first line says which is which."""

import json
from typing import Any

from bot.core.errors import Refused
from bot.hosts.gitea import shapes
from bot.hosts.gitea.client import ApiClient
from bot.ports import PostedComment


class TopicComments:
    """Gitea takes comments of any length; longer ones than this are no help to anybody."""

    limit = 65_000

    def __init__(self, api: ApiClient, path: str, login: str) -> None:
        self._api, self._path, self._login = api, path, login

    def say(self, number: int, topic: str, body: str, comment_id: str | None) -> PostedComment:
        """Write the comment of that topic on a pull request, unless it says that already."""
        raw = self._find_own(number, topic, comment_id)
        if raw is None:
            return self.post(number, topic, body)
        if str(raw["body"]).replace("\r\n", "\n") == _with_marker(topic, body):
            return _posted_comment(raw)
        return self.edit(str(raw["id"]), topic, body)

    def find(self, number: int, topic: str, comment_id: str | None) -> str | None:
        """The id of our comment of that topic, if there is one."""
        raw = self._find_own(number, topic, comment_id)
        return str(raw["id"]) if raw else None

    def post(self, number: int, topic: str, body: str) -> PostedComment:
        """Write a new comment of that topic, without a look for one."""
        fields = {"body": _with_marker(topic, body)}
        return _posted_comment(self._api("POST", f"{self._path}/issues/{number}/comments", fields))

    def edit(self, comment: str, topic: str, body: str) -> PostedComment:
        """Edit a comment of ours, without a look at what it says. Raises Refused when it is gone."""
        fields = {"body": _with_marker(topic, body)}
        return _posted_comment(self._api("PATCH", f"{self._path}/issues/comments/{comment}", fields))

    def _find_own(self, number: int, topic: str, comment_id: str | None) -> dict[str, Any] | None:
        """Our comment of that topic. A marker in somebody else's comment is somebody else's text."""
        if comment_id:
            try:
                raw: dict[str, Any] = self._api("GET", f"{self._path}/issues/comments/{comment_id}") or {}
            except Refused:
                raw = {}
            if self._is_own(raw, topic):
                return raw
        raw_comments = self._api.pages(f"{self._path}/issues/{number}/comments")
        return next((raw for raw in raw_comments if self._is_own(raw, topic)), None)

    def _is_own(self, raw: dict[str, Any], topic: str) -> bool:
        return shapes.login(raw.get("user")) == self._login and str(raw.get("body", "")).startswith(_marker(topic))


def _with_marker(topic: str, body: str) -> str:
    return f"{_marker(topic)}\n{body}"


def _marker(topic: str) -> str:
    """Hidden in the first line; no topic can end it early."""
    return f"<!-- gitops-bot {json.dumps({'topic': topic, 'v': 1}).replace('>', '%3e')} -->"


def _posted_comment(raw: dict[str, Any]) -> PostedComment:
    return PostedComment(str(raw["id"]), shapes.timestamp(raw["updated_at"]))
