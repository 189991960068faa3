"""Where a landed pull request began on its base branch, told from commits alone. Pure; asked by the mirror."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LandedCommit:
    """A commit with what stays of it when a forge rebases it. `authored_at` are seconds, 0 where they are no number."""

    id: str
    authored_at: int
    parents: tuple[str, ...]
    words: str

    @classmethod
    def parse(cls, text: str) -> "LandedCommit":
        """Read what `git log --format='%H %at %P%n%B'` says of a commit."""
        head, _, message = text.partition("\n")
        id, at, *parents = head.split(" ")
        return cls(id, int(at) if at.isdecimal() else 0, tuple(filter(None, parents)), _words(message))


def commit_before(chain: Sequence[LandedCommit], own_commits: Sequence[LandedCommit]) -> str | None:
    """The commit before the first that landed; None where nobody can tell.

    `chain` goes back from the last that landed by first parents, one longer than the pull's own commits are many.
    A merge is one commit. So is a squash, authored at another time than the pull's commits, with other words; a rebase
    is as many as go back from it that are the pull's: authored in the same second, with the same words. One that has
    only one of both in common tells nothing.
    """
    landed, *earlier = chain
    if len(landed.parents) != 1:
        return landed.parents[0] if landed.parents else None
    seconds, words = {commit.authored_at for commit in own_commits}, {commit.words for commit in own_commits}
    if 0 in seconds:
        return None
    if landed.authored_at not in seconds and landed.words not in words:
        return landed.parents[0]
    for landed_count, commit in enumerate(earlier, start=1):
        is_own = {commit.authored_at in seconds, commit.words in words}
        if is_own == {False} or len(commit.parents) != 1 or landed_count >= len(own_commits):
            return commit.id
        if is_own != {True}:
            return None
    return None


def _words(message: str) -> str:
    """The letters and digits: whoever makes the commit anew may tidy up all else."""
    return "".join(char for line in message.splitlines() if not line.startswith("#") for char in line if _is_kept(char))


def _is_kept(char: str) -> bool:
    return char.isascii() and char.isalnum()
