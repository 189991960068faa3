"""Older comments of ours are folded away (`minimizeComment`) when the next of their kind is said. Called by the host.

What piles up on a pull request are answers and the comments of applies; the plan has one comment, which is edited.
Nothing hangs on it: where it fails, the log says so, and the next one takes the older ones along.
"""

import logging
import re
from collections.abc import Sequence
from typing import Any

from bot.core.errors import Refused, Transient
from bot.hosts.github.account import Account

APPLY, ANSWER = "apply", "answer"
KIND = re.compile(r'<!-- gitops-bot \{"topic": "(\w+):')
MOST = 20

logger = logging.getLogger(__name__)

Raw = dict[str, Any]


class Folds:
    """Remembers what it folded, so that an apply that still goes on comes back with its next edit."""

    def __init__(self, call: Account) -> None:
        self._call = call
        self._folded: set[str] = set()

    def fold_before(self, path: str, topic: str, talk: Sequence[Raw]) -> None:
        """Fold what a new comment of the topic makes old, of the talk before it (oldest first)."""
        kind = topic.partition(":")[0]
        if kind not in (APPLY, ANSWER) or not talk:
            return
        before = talk if kind == APPLY else _before_the_last_word(talk, self._call.login)
        older = [raw for raw in before if _kind(raw) == kind and _author(raw) == self._call.login]
        nodes = [str(raw["node_id"]) for raw in older[-MOST:]]
        if nodes and self._sent(path, "minimizeComment", {"classifier": "OUTDATED"}, nodes):
            self._folded |= set(nodes)

    def unfold(self, path: str, edited: Raw) -> None:
        """Show a comment again that was folded and has something new to say."""
        node = str(edited.get("node_id"))
        if node in self._folded:
            self._folded.discard(node)
            self._sent(path, "unminimizeComment", {}, [node])

    def _sent(self, path: str, mutation: str, more: dict[str, str], nodes: Sequence[str]) -> bool:
        """One request for all of them; whether GitHub took it."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        names = [f"a{number}" for number in range(len(nodes))]
        wanted = ", ".join(f"${name}: {kind}" for name in names)
        fields = " ".join(f"{name}: {mutation}(input: ${name}) {{ clientMutationId }}" for name in names)
        inputs = {name: {"subjectId": node} | more for name, node in zip(names, nodes, strict=True)}
        try:
            self._call.calls(path).graphql(f"mutation({wanted}) {{ {fields} }}", **inputs)
        except (Refused, Transient) as why:
            logger.warning("older comments stay as they are: %s", why)
            return False
        return True


def _before_the_last_word(talk: Sequence[Raw], login: str) -> Sequence[Raw]:
    """Answers to one comment stand together: only those are old to which somebody has replied."""
    others = [place for place, raw in enumerate(talk) if _author(raw) != login]
    return talk[: others[-1]] if others else ()


def _kind(raw: Raw) -> str:
    found = KIND.match(str(raw.get("body", "")))
    return found[1] if found else ""


def _author(raw: Raw) -> str:
    return str((raw.get("user") or {}).get("login"))
