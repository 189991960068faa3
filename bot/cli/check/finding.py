"""What `gitops-bot check` found."""

from dataclasses import dataclass

BAD, WRONG = 1, 3


@dataclass(frozen=True)
class Finding:
    """`mark` is ✓ (good), ! (worth knowing) or ✗ (to be mended); `status` is what check exits with for it."""

    mark: str
    what: str
    words: str
    status: int = 0


def good(what: str, words: str) -> Finding:
    return Finding("✓", what, words)


def odd(what: str, words: str) -> Finding:
    return Finding("!", what, words)


def bad(what: str, words: str, status: int = BAD) -> Finding:
    return Finding("✗", what, words, status)
