"""A pull request's commits and trees, from git alone: its base, its head, and its merge result."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.bot import Bot
from bot.core.errors import ToolFailed, Transient
from bot.core.pull import Pull, PullState
from bot.core.tree import Tree
from bot.git import Mirror
from bot.ports import Remote


@dataclass(frozen=True, slots=True)
class PullSource:
    """A pull request's commits and trees. `result` is base with head merged in; of a merged pull, the base's tip."""

    mirror: Mirror
    pull: Pull
    base: str
    head: str
    result: str
    before: Tree
    after: Tree

    def tree(self, commit: str) -> Tree:
        """The tree of the base or the result commit."""
        return {self.base: self.before, self.result: self.after}[commit]


@contextmanager
def open_source(bot: Bot, pull: Pull, *, as_landed: bool = False, allow_cached: bool = False) -> Iterator[PullSource]:
    """Fetch what the pull needs. Raises Refused on a merge conflict, naming the files.

    `as_landed`: of a merged pull, take what its own merge made of the base, whatever landed after it.
    `allow_cached`: of an open pull, take the base as it was last fetched. What lands meanwhile is told when it lands.
    """
    mirror = bot.mirror(pull.repository)
    cached = _cached_commits(mirror, pull) if allow_cached and pull.state is PullState.OPEN else None
    base, head = cached or fetch_commits(bot, mirror, pull)
    if pull.state is PullState.MERGED:
        base = pull.merge_commit if as_landed and pull.merge_commit else base
        result = base
    else:
        result = _merge_result(bot, mirror, pull, base, head)
    before = mirror.tree(base)
    with before:
        if result == base:
            yield PullSource(mirror, pull, base, head, result, before, before)
            return
        with mirror.tree(result) as after:
            yield PullSource(mirror, pull, base, head, result, before, after)


def fetch_commits(bot: Bot, mirror: Mirror, pull: Pull) -> tuple[str, str]:
    """The base branch's commit as it is now, and the pull's head, both in the mirror.

    Raises Transient while the forge does not give the head yet.
    """
    base_ref, head = _base_ref(pull), pull.head.sha
    head_ref = _remote(bot, pull).pulls.format(number=pull.number)
    mirror.fetch(base_ref, *([] if mirror.has(head) else [head_ref]))
    if not mirror.has(head):  # a damaged mirror was made anew meanwhile, or the forge is slow
        mirror.fetch(head_ref)
    if not mirror.has(head):
        raise Transient(f"commit {head[:12]} is not there yet")
    return mirror.resolve(base_ref), pull.head.sha


def _cached_commits(mirror: Mirror, pull: Pull) -> tuple[str, str] | None:
    """As `fetch_commits`, of what the mirror has already; None where it lacks the head or the base."""
    try:
        return (mirror.resolve(_base_ref(pull)), pull.head.sha) if mirror.has(pull.head.sha) else None
    except ToolFailed:
        return None


def _base_ref(pull: Pull) -> str:
    return f"refs/heads/{pull.base.name}"


def _merge_result(bot: Bot, mirror: Mirror, pull: Pull, base: str, head: str) -> str:
    """The merge result, made again where the mirror lost it."""
    key = ("merged", pull.repository.key, base, head)
    return bot.memo.get_or_create(lambda: mirror.merge_result(base, head), *key, is_valid=mirror.has)


def _remote(bot: Bot, pull: Pull) -> Remote:
    return bot.host(pull.repository).remote(pull.repository)
