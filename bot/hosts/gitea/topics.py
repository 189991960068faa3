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
            return CommentPlace(number, topic, comment)
        thread = self._api.pages(f"{self._path}/issues/{number}/comments")
        own_comments = (comment for raw in thread if (comment := self._own_comment(raw, topic)))
        return CommentPlace(number, topic, next(own_comments, None))

    def _find_raw_comment(self, id: str) -> dict[str, Any]:
        try:
            raw: dict[str, Any] = self._api("GET", comment_path(self._path, id)) or {}
        except Refused:
            return {}
        return raw

    def _own_comment(self, raw: dict[str, Any], topic: str) -> OwnComment | None:
        """A marker in somebody else's comment is somebody else's text."""
        return shapes.own_comment(raw, topic) if shapes.login(raw.get("user")) == self._login else None

    def write(self, place: CommentPlace, body: str) -> OwnComment:
        """Edit the comment, or post it where there is none. Raises Refused when it is gone."""
        fields = {"body": mark(place.topic, body)}
        if place.comment:
            raw = self._api("PATCH", comment_path(self._path, place.comment.id), fields)
        else:
            raw = self._api("POST", f"{self._path}/issues/{place.number}/comments", fields)
        return OwnComment(str(raw["id"]), body, shapes.timestamp(raw["updated_at"]))


def comment_path(repository_path: str, id: str) -> str:
    """Where the API has a comment: ids are text to the bot, and Gitea's are numbers."""
    return f"{repository_path}/issues/comments/{int(id)}"
