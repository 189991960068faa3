"""Words about what people wrote: suggestions for what they misspelt, and text of theirs made fit to be repeated."""

import difflib
import unicodedata
from collections.abc import Iterable
from itertools import islice

LONGEST_SANITIZED = 80
MOST_COMPARED, MOST_LISTED = 500, 15


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`did you mean `x`?`, or what there is to choose from."""
    candidates = sorted(islice(choices, MOST_COMPARED))
    matches = difflib.get_close_matches(word[:LONGEST_SANITIZED], candidates, n=1)
    if matches:
        return f"did you mean `{sanitize(matches[0])}`?"
    listed = [f"`{sanitize(candidate)}`" for candidate in candidates[:MOST_LISTED]]
    return f"there are {', '.join(listed)}{'…' if len(candidates) > len(listed) else ''}"


def sanitize(text: str) -> str:
    """Text that others wrote, in one line, without what cannot be shown or could move a cursor, and short."""
    sanitized = "".join(character if character.isprintable() else "�" for character in text[: LONGEST_SANITIZED + 1])
    return sanitized if len(sanitized) <= LONGEST_SANITIZED else f"{sanitized[:LONGEST_SANITIZED]}…"


def is_plain(text: str) -> bool:
    """The text holds no control characters, line breaks or invisible marks."""
    return not any(_is_control(character) for character in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
