"""Shell-style patterns on names, directories and branches: `*` and `**` take any text, `[ab]` one of these."""

from fnmatch import fnmatchcase


def matches(text: str, pattern: str) -> bool:
    """The text is the pattern, or fits it. `**/` may stand for nothing: `**/db` fits `db` as well."""
    if text == pattern or fnmatchcase(text, pattern):
        return True
    return "**/" in pattern and fnmatchcase(text, pattern.replace("**/", ""))
