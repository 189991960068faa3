"""Changed files that look like infrastructure and that no project covers: what is said of them."""

import posixpath
import re
from collections.abc import Sequence

from bot.core.sentences import join_names

MOST_NAMED = 3
PLAIN = re.compile(r"\.|[A-Za-z][A-Za-z0-9/._-]*")
YAML_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
"""Which YAML 1.1 does not read as text."""


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
    is_plain = PLAIN.fullmatch(text) and text.casefold() not in YAML_WORDS
    return text if is_plain else "'" + text.replace("'", "''") + "'"
