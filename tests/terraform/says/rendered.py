"""A comment as GitHub's own parser (cmark-gfm, with the extensions that GitHub switches on) makes HTML of it."""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

OURS = {"details", "summary", "b", "code", "span"}
PLAIN = {"p", "h2", "h3", "a", "ul", "li", "pre", "strong", "blockquote"}
MARKDOWN = PLAIN | {"table", "thead", "tbody", "tr", "th", "td"}
# What GitHub makes links, mentions and references of after its parser, in text that is no code.
AFTERWARDS = re.compile(r"(?<![\w`])@[a-z0-9]|(?<!\w)#[0-9]|\bGH-[0-9]|://|www\.|[\w.]@\w", re.IGNORECASE)


@dataclass
class Page(HTMLParser):
    tags: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    fences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.inside.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag == "pre":
            self.fences.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if "pre" in self.inside:
            self.fences[-1] += data
        elif "code" not in self.inside:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.remarks.append(data)


def shown(markdown: str) -> Page:
    options = Options.CMARK_OPT_UNSAFE
    html = cmarkgfm.github_flavored_markdown_to_html(markdown, options=options)
    page = Page()
    page.feed(html)
    page.close()
    return page


def escaped(page: Page, ours: str) -> list[str]:
    """Everything that got out of its place."""
    found = [f"tag {tag}" for tag in page.tags if tag not in OURS | MARKDOWN]
    found += [f"link {link}" for link in page.links if not link.startswith(ours)]
    found += [f"HTML comment {remark}" for remark in page.remarks]
    found += [f"left open {tag}" for tag in page.inside]
    return found + [f"{match} in text" for text in page.words for match in AFTERWARDS.findall(text)]
