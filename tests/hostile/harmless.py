"""What a comment must be, whatever words of others are in it."""

import re


def outside_code(comment: str) -> str:
    """What of a comment is neither in a fence nor in backticks."""
    text = re.sub(r"^(`{3,}).*?^\1$", "", comment, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(`+)[^`].*?\1", "", text)


def powerless(comment: str) -> None:
    """Nobody is mentioned, nothing is hidden, no fold is opened, and no link leads away."""
    bare = outside_code(comment)
    assert "@acme" not in bare
    assert "\u202e" not in comment
    assert bare.count("<details") == bare.count("</details>")
    assert "](http:" not in re.sub(r"\]\(http://127\.0\.0\.1:", "", bare)
