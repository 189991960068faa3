"""Older comments of ours are folded away (`minimizeComment`) when the next of their kind is said. Called by the host.

What piles up on a pull request are answers and the comments of applies; the plan has one comment, which is edited. What
is a page to read, such as `/help`'s answer, is made old only by the next one.
Nothing hangs on it: where it fails, the log says so, and the next one takes the older ones along.
"""

import logging
import re
from collections.abc import Sequence
from typing import Any

from bot.core.errors import Refused, Transient
from bot.hosts.github.account import Account

APPLY, ANSWER, PAGE = "apply", "answer", "page"
MADE_OLD = {APPLY: (APPLY,), ANSWER: (ANSWER,), PAGE: (PAGE, ANSWER)}
KIND = re.compile(r'<!-- gitops-bot \{"topic": "(\w+):')
MOST = 20

logger = logging.getLogger(__name__)

Raw = dict[str, Any]


class CommentFolder:
    """Remembers what it folded, so that an apply that still goes on comes back with its next edit."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._folded: set[str] = set()

    def outdated(self, topic: str, thread: Sequence[Raw]) -> tuple[str, ...]:
        """What a new comment of the topic makes old, of the talk before it (oldest first): GitHub's node ids."""
        kind = topic.partition(":")[0]
        if kind not in MADE_OLD:
            return ()
        before = thread if kind == APPLY else _before_last_reply(thread, self._account.login)
        older = [raw for raw in before if _kind(raw) in MADE_OLD[kind] and _author(raw) == self._account.login]
        return tuple(str(raw["node_id"]) for raw in older[-MOST:])

    def fold(self, path: str, nodes: Sequence[str]) -> None:
        """Fold these comments."""
        if nodes and self._mutate(path, "minimizeComment", {"classifier": "OUTDATED"}, nodes):
            self._folded |= set(nodes)

    def unfold(self, path: str, comment: Raw) -> None:
        """Show a comment again that was folded and has something new to say."""
        node = str(comment.get("node_id"))
        if node in self._folded:
            self._folded.discard(node)
            self._mutate(path, "unminimizeComment", {}, [node])

    def _mutate(self, path: str, mutation: str, extra_input: dict[str, str], nodes: Sequence[str]) -> bool:
        """One request for all of them; whether GitHub took it."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        names = [f"a{number}" for number in range(len(nodes))]
        parameters = ", ".join(f"${name}: {kind}" for name in names)
        fields = " ".join(f"{name}: {mutation}(input: ${name}) {{ clientMutationId }}" for name in names)
        inputs = {name: {"subjectId": node} | extra_input for name, node in zip(names, nodes, strict=True)}
        try:
            self._account.client(path).graphql(f"mutation({parameters}) {{ {fields} }}", **inputs)
        except (Refused, Transient) as error:
            logger.warning("older comments stay as they are: %s", error)
            return False
        return True


def _before_last_reply(thread: Sequence[Raw], login: str) -> Sequence[Raw]:
    """Answers to one comment stand together: only those are old to which somebody has replied."""
    replies = [index for index, raw in enumerate(thread) if _author(raw) != login]
    return thread[: replies[-1]] if replies else ()


def _kind(raw: Raw) -> str:
    match = KIND.match(str(raw.get("body", "")))
    return match[1] if match else ""


def _author(raw: Raw) -> str:
    return str((raw.get("user") or {}).get("login"))
