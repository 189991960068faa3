"""Our comments on pull requests: a pull has one of each topic, told by a hidden mark in its first line.

Every host writes marks and knows its comments by them; by whom a comment is, only the host can tell.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime

_MARK = re.compile(r"<!-- gitops-bot (\{[^\r\n]*\}) -->")
_END = re.compile(r"<!-- ended (\S+) -->\s*\Z")


@dataclass(frozen=True, slots=True)
class OwnComment:
    """A comment of ours: what it says below the mark, and when the forge says it was last written (UTC)."""

    id: str
    body: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class CommentPlace:
    """Where a pull's comment of a topic is, or None while there is none. `number` is the pull's.

    `outdated` are the forge's names of comments of ours that a new one of the topic makes old.
    """

    number: int
    topic: str
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


def topic_of(text: str) -> str | None:
    """The topic that a comment's text is marked with; None where it bears no mark."""
    match = _MARK.match(text)
    try:
        fields = json.loads(match[1].replace("%3e", ">")) if match else None
    except ValueError:
        return None
    topic = fields.get("topic") if isinstance(fields, dict) else None
    return topic if isinstance(topic, str) else None


def mark_end(body: str, ended_at: datetime) -> str:
    """The body of a comment about what ended then (in seconds of Unix), which nothing that ended otherwise rewrites."""
    return f"{body.rstrip()}\n\n<!-- ended {int(ended_at.timestamp())} -->"


def end_of(body: str) -> str | None:
    """When that ended which the body is about, as `mark_end` wrote it; None where it did not say so."""
    match = _END.search(body)
    return match[1] if match else None


def _mark(topic: str) -> str:
    """No topic can end it early."""
    return f"<!-- gitops-bot {json.dumps({'topic': topic, 'v': 1}).replace('>', '%3e')} -->"
