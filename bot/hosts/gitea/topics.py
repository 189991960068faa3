"""Our comments on a pull request, one a topic, edited in place: a marker in the first line says which is which."""

from typing import Any

from bot.core.errors import Refused
from bot.core.own_comment import CommentPlace, OwnComment, mark
from bot.hosts.gitea import shapes
from bot.hosts.gitea.client import ApiClient


class TopicComments:
    """Gitea takes comments of any length; longer ones than this are no help to anybody."""

    limit = 65_000

    def __init__(self, api: ApiClient, path: str, login: str) -> None:
        self._api, self._path, self._login = api, path, login

    def find(self, number: int, topic: str, known_id: str | None) -> CommentPlace:
        """Look for our comment of that topic; `known_id` is where it was."""
        if known_id and (comment := self._own_comment(self._find_raw_comment(known_id), topic)):
            return CommentPlace(comment)
        thread = self._api.pages(f"{self._path}/issues/{number}/comments")
        return CommentPlace(next((comment for raw in thread if (comment := self._own_comment(raw, topic))), None))

    def _find_raw_comment(self, id: str) -> dict[str, Any]:
        try:
            raw: dict[str, Any] = self._api("GET", f"{self._path}/issues/comments/{id}") or {}
        except Refused:
            return {}
        return raw

    def _own_comment(self, raw: dict[str, Any], topic: str) -> OwnComment | None:
        """A marker in somebody else's comment is somebody else's text."""
        return shapes.own_comment(raw, topic) if shapes.login(raw.get("user")) == self._login else None

    def write(self, number: int, topic: str, body: str, place: CommentPlace) -> OwnComment:
        """Edit the comment, or post it where there is none. Raises Refused when it is gone."""
        path, fields = f"{self._path}/issues", {"body": mark(topic, body)}
        if place.comment:
            raw = self._api("PATCH", f"{path}/comments/{place.comment.id}", fields)
        else:
            raw = self._api("POST", f"{path}/{number}/comments", fields)
        return OwnComment(str(raw["id"]), body, shapes.timestamp(raw["updated_at"]))
