"""Lines that are the author's own, where parsers of Markdown differ: none that cmark, GitHub's own, shows elsewhere."""

import pytest

from bot.core.markdown import prose_lines


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("/plan\n*", ["/plan", "*"]),
        ("> x\n*\n/plan", ["/plan"]),
        ("-\n[a]:\n* \n---\n</pre>\n/plan", []),
        ("  > x\n <div>\n* \na | b\n/plan", []),
        ("![x\n/plan][a]\n\n[a]: /b", ["![x"]),
        ("![x\n/plan][a]", ["![x", "/plan][a]"]),
    ],
)
def test_a_line_is_the_authors_own_where_cmark_shows_it_so(body: str, lines: list[str]) -> None:
    assert list(prose_lines(body)) == lines
