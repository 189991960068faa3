"""Our comments on pull requests: a pull has one of each topic, told by a hidden mark in its first line.

Every host writes marks and knows its comments by them; by whom a comment is, only the host can tell.
"""

import json
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OwnComment:
    """A comment of ours: what it says below the mark, and when the forge says it was last written (UTC)."""

    id: str
    body: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class CommentPlace:
    """Where the comment of a topic is, or None while there is none.

    `outdated` are the forge's names of comments of ours that a new one of the topic makes old.
    """

    comment: OwnComment | None = None
    outdated: tuple[str, ...] = ()


def mark(topic: str, body: str) -> str:
    """The comment's text as the forge keeps it."""
    return f"{_mark(topic)}\n{body}"


def recognise(topic: str, id: str, text: str, written_at: datetime) -> OwnComment | None:
    """The comment with this text, where it bears the mark of the topic."""
    if not text.startswith(_mark(topic)):
        return None
    return OwnComment(id, text.replace("\r\n", "\n").removeprefix(mark(topic, "")), written_at)


def _mark(topic: str) -> str:
    """No topic can end it early."""
    return f"<!-- gitops-bot {json.dumps({'topic': topic, 'v': 1}).replace('>', '%3e')} -->"
