"""A command is obeyed only where GitHub's own Markdown shows it at the start of a line of the author's."""

from collections.abc import Iterator
from html.parser import HTMLParser

import cmarkgfm
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.vocabulary import read

OWN = ("p", "h1", "h2")
ALONE = ("br", "img", "hr", "input")
HIDDEN = "\N{SYMBOL FOR DELETE}"
PIECES = (
    *("text", "", "", "> x", ">", "> > x", ">> x", "> - x", "- x", "  x", "   x", "1. x", "2) x", "-", "+ > x", "* "),
    *("```", "> ```", "~~~", "    x", "\tx", "  > x", "# x", "> # x", "===", "---", "***", "> ---", "|", "[a]: /b"),
    *("[a]:", "> [a]:", "'x", "x'", "a | b", "--- | ---", "> a | b", "> --- | ---", "a `b", "`", "``", "<div>", "<b>"),
    *("</div>", "<pre>", "</pre>", "<!--", "-->", "x <!--", "<a b='", "'>", "<?", "?>", "[a](b", "'c", "')", "[a"),
    *("](b)", "x\\", "![a", "*a", "a*", "&gt; x", "<https://a", "[^1]: x", "[^1]", "> [!NOTE]", "- [ ] x", "<details>"),
)


class _Page(HTMLParser):
    """The text of a page's own paragraphs and headings; code and what is left out of the page is HIDDEN."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self._open = "", list[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.text += HIDDEN if tag == "img" else ""
        self._open += [] if tag in ALONE else [tag]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_comment(self, data: str) -> None:
        self.handle_data(HIDDEN)

    def handle_data(self, data: str) -> None:
        own = not self._open or self._open[0] in OWN
        self.text += data if own and "code" not in self._open else HIDDEN


def shown(body: str) -> Iterator[str]:
    """The lines of the author's own that GitHub would show."""
    page = _Page()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(body))
    page.close()
    return (line.strip() for line in page.text.split("\n"))


def obeyed(body: str) -> bool:
    return bool(read(body))


@pytest.mark.parametrize("body", ["/plan", "> x\n\n/plan", "x\n/plan", "/plan\n---", "x\\\n/plan"])
def test_what_stands_at_the_start_of_a_line_is_shown_there(body: str) -> None:
    assert obeyed(body)
    assert "/plan" in shown(body)


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.lists(st.sampled_from(PIECES), max_size=4))
@example(["> x"], [])
@settings(max_examples=2000)
def test_no_command_is_obeyed_that_is_shown_elsewhere(before: list[str], after: list[str]) -> None:
    body = "\n".join([*before, "/plan", *after])
    assert obeyed(body) <= ("/plan" in shown(body)), cmarkgfm.github_flavored_markdown_to_html(body)
