"""How words of others are put into a sentence of ours."""

from collections.abc import Sequence

MOST_NAMED = 5


def join_names(names: Sequence[str]) -> str:
    """The first few, each in one line, and how many more there are."""
    text = ", ".join(one_line(name) for name in names[:MOST_NAMED])
    return f"{text} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else text


def one_line(text: str) -> str:
    """The words without the line breaks between them."""
    return " ".join(text.split())
