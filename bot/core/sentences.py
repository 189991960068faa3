"""How words of others are put into a sentence of ours."""

from collections.abc import Sequence

MOST_NAMED = 5


def join_names(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """The first few, each in one line, and how many more there are; empty where there is none."""
    text = ", ".join(one_line(name) for name in names[:most])
    return f"{text} and {len(names) - most:,} more" if len(names) > most else text


def one_line(text: str) -> str:
    """The words without the line breaks between them."""
    return " ".join(text.split())
