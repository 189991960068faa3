"""How a forge would show a comment: rendered with a real Markdown parser, then taken apart for the tests to look at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"details", "summary", "b", "code", "span"}
MARKDOWN = {
    "p",
    "h2",
    "h3",
    "h4",
    "a",
    "ul",
    "li",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "strong",
    "blockquote",
}
VOID = {"br", "hr", "img", "input"}
# What a forge turns into a mention, a reference or a link of its own in text that is not code.
TRIGGERS = re.compile(r"(?<![\w`])@[a-z0-9]|(?<!\w)#[0-9]|\bGH-[0-9]|(?:https?|ftp)://|www\.|[\w.]@\w", re.IGNORECASE)
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


@dataclass
class Shown(HTMLParser):
    """A rendered comment: text outside of code, tags, links, and how many cells each row of a table has."""

    text: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if not {"code", "pre"}.intersection(self.open):
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def shown(markdown: str) -> Shown:
    page = Shown()
    page.feed(PARSER.render(markdown))
    page.close()
    return page


def faults(markdown: str, allowed: str) -> Iterator[str]:
    """What hostile text has brought about, of all that it must not. `allowed` begins every link of ours."""
    page = shown(markdown)
    yield from (f"tag {tag}" for tag in page.tags - OURS - MARKDOWN)
    yield from (f"link {link}" for link in page.links if not link.startswith(allowed))
    yield from (f"HTML comment {comment}" for comment in page.comments)
    yield from (f"unbalanced {tag}" for tag in (*page.unbalanced, *page.open))
    yield from (f"trigger {found}" for text in page.text for found in TRIGGERS.findall(text))
    if len(set(page.rows)) > 1:
        yield f"rows of {sorted(set(page.rows))} cells"
    if "<!--" in markdown:
        yield "something that looks like a bot's marker"
    if unseen := UNSEEN.search(markdown):
        yield f"an unseen character, {unseen[0]!r}"
