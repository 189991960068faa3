"""Whom a commit's message names beside its author. Pure; the forges find whose the addresses are."""

import re
from collections.abc import Iterator

TRAILER = re.compile(r"^[ \t]*Co-authored-by:(.*)$", re.IGNORECASE | re.MULTILINE)
ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>")


def co_author_addresses(message: str) -> Iterator[str | None]:
    """The address of every `Co-authored-by`, in small letters; None of a line that has none."""
    for line in TRAILER.findall(message):
        address = ADDRESS.search(line)
        yield address[1].casefold() if address else None
