"""Words about what people wrote: suggestions for what they misspelt, and text of theirs made fit to be repeated."""

import difflib
import unicodedata
from collections.abc import Iterable
from itertools import islice

LONGEST_REPEATED = 80
MOST_COMPARED, MOST_LISTED = 500, 15


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`did you mean `x`?`, or what there is to choose from."""
    known = sorted(islice(words, MOST_COMPARED))
    near = difflib.get_close_matches(word[:LONGEST_REPEATED], known, n=1)
    if near:
        return f"did you mean `{repeated(near[0])}`?"
    few = [f"`{repeated(one)}`" for one in known[:MOST_LISTED]]
    return f"there are {', '.join(few)}{'…' if len(known) > len(few) else ''}"


def repeated(text: str) -> str:
    """Text that others wrote, in one line, without what cannot be shown or could move a cursor, and short."""
    plain = "".join(character if character.isprintable() else "�" for character in text[: LONGEST_REPEATED + 1])
    return plain if len(plain) <= LONGEST_REPEATED else f"{plain[:LONGEST_REPEATED]}…"


def plain(text: str) -> bool:
    """The text holds no control characters, line breaks or invisible marks."""
    return not any(_moves(character) for character in text)


def _moves(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
