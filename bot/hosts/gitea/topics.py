"""Our comments on a pull request, one a topic, edited in place: a marker in the first line says which is which."""

import json
from typing import Any

from bot.core.errors import Refused
from bot.hosts.gitea import shapes
from bot.hosts.gitea.calls import Calls
from bot.ports import Said


class Topics:
    """Gitea takes comments of any length; longer ones than this are no help to anybody."""

    limit = 65_000

    def __init__(self, call: Calls, path: str, login: str) -> None:
        self._call, self._path, self._login = call, path, login

    def say(self, number: int, topic: str, body: str, known: str | None) -> Said:
        """Write the comment of that topic on a pull request, unless it says that already."""
        found = self._ours(number, topic, known)
        if found is None:
            return self.post(number, topic, body)
        if str(found["body"]).replace("\r\n", "\n") == _marked(topic, body):
            return _said(found)
        return self.edit(str(found["id"]), topic, body)

    def find(self, number: int, topic: str, known: str | None) -> str | None:
        found = self._ours(number, topic, known)
        return str(found["id"]) if found else None

    def post(self, number: int, topic: str, body: str) -> Said:
        words = {"body": _marked(topic, body)}
        return _said(self._call("POST", f"{self._path}/issues/{number}/comments", words))

    def edit(self, comment: str, topic: str, body: str) -> Said:
        words = {"body": _marked(topic, body)}
        return _said(self._call("PATCH", f"{self._path}/issues/comments/{comment}", words))

    def _ours(self, number: int, topic: str, known: str | None) -> dict[str, Any] | None:
        """Our comment of that topic. A marker in somebody else's comment is somebody else's text."""
        if known:
            try:
                raw: dict[str, Any] = self._call("GET", f"{self._path}/issues/comments/{known}") or {}
            except Refused:
                raw = {}
            if self._is_ours(raw, topic):
                return raw
        everything = self._call.pages(f"{self._path}/issues/{number}/comments")
        return next((raw for raw in everything if self._is_ours(raw, topic)), None)

    def _is_ours(self, raw: dict[str, Any], topic: str) -> bool:
        return shapes.login(raw.get("user")) == self._login and str(raw.get("body", "")).startswith(_marker(topic))


def _marked(topic: str, body: str) -> str:
    return f"{_marker(topic)}\n{body}"


def _marker(topic: str) -> str:
    """Hidden in the first line; no topic can end it early."""
    return f"<!-- gitops-bot {json.dumps({'topic': topic, 'v': 1}).replace('>', '%3e')} -->"


def _said(raw: dict[str, Any]) -> Said:
    return Said(str(raw["id"]), shapes.moment(raw["updated_at"]))
