"""Changed files that look like infrastructure and that no project covers: what is said of them."""

import posixpath
from collections.abc import Sequence

from bot.core.sentences import join_names

MOST_NAMED = 3


def describe_files(paths: Sequence[str]) -> str:
    """How many there are, for a line of a status."""
    if len(paths) == 1:
        return f"1 changed file looks like infrastructure, and no project covers it: {paths[0]}"
    names = join_names(paths, MOST_NAMED)
    return f"{len(paths):,} changed files look like infrastructure, and no project covers them: {names}"


def lines_to_add(paths: Sequence[str]) -> tuple[str, ...]:
    """The lines of gitops.yaml that make projects of their directories."""
    directories = dict.fromkeys(posixpath.dirname(path) or "." for path in paths)
    return tuple(f"  - dir: {_scalar(directory)}" for directory in directories)


def _scalar(text: str) -> str:
    """Plain where YAML reads it as the same text."""
    is_plain = all(character.isalnum() or character in "/._-" for character in text) and not text.startswith("-")
    return text if is_plain and text.isascii() else "'" + text.replace("'", "''") + "'"
