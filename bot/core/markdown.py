"""What of a comment its author spoke at the start of a line, as the forge's own Markdown has it.

That is a line of a paragraph or heading of its own: not in a quote, a list, code, HTML, a table or a link's definition,
and none that goes on with what a line above it began there (https://spec.commonmark.org/0.31.2/#lazy-continuation-line).
Called by `core.commands`.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, hr, html_block, lheading, list_block, reference, table
from markdown_it.rules_block.html_block import HTML_SEQUENCES
from markdown_it.rules_inline import StateInline
from markdown_it.utils import EnvType

_OWN = ("paragraph_open", "heading_open")
_INDENTED = re.compile(r" {4}| {0,3}\t")
_Rule = Callable[[StateBlock, int, int, bool], bool]


class _Text(StateInline):
    """The text of a block; `breaks` are its line breaks that are some for a reader, too."""

    breaks: set[int]


def prose_lines(body: str) -> Iterator[str]:
    """Lines that begin where a line begins and are the author's own words, without the space around them."""
    links: EnvType = {}
    blocks = _markdown().parse(body, links)
    for opens, inline in zip(blocks, blocks[1:], strict=False):
        if opens.level == 0 and opens.type in _OWN:
            yield from _lines(inline.content, links)


@cache
def _markdown() -> MarkdownIt:
    """Parses blocks, and in case of doubt as GitHub does (cmark); what is within lines is left until that matters."""
    markdown = MarkdownIt("commonmark").disable("inline")
    blocks = markdown.block.ruler
    blocks.at("hr", partial(_outside, hr), {"alt": ["paragraph", "reference", "blockquote", "list"]})
    blocks.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    blocks.at("reference", partial(_outside, reference))
    blocks.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    blocks.at("lheading", partial(_outside, lheading))
    blocks.before("lheading", "last_table", partial(_outside, table), {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.before("newline", "note_break", _note_break)
    return markdown


def _outside(rule: _Rule, state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The rule, but in no quote or list: parsers differ on what is still a paragraph there, and so may be gone on with.

    A line in doubt is then the paragraph's, and commands nothing.
    """
    outside = state.level == 0 or state.parentType == "list" or state.sCount[start] < state.blkIndent
    return outside and rule(state, start, end, silent)


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """What may be a link's definition is a paragraph until it has ended: no item without words interrupts it."""
    before = state.parentType
    state.parentType = "paragraph" if before == "reference" else before
    interrupts = list_block(state, start, end, silent)
    state.parentType = before
    return interrupts


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """As GitHub has it (cmark's blocks.c): whatever would begin HTML alone ends a quote or a list that it is not in."""
    outside = state.parentType in ("blockquote", "table") or state.sCount[start] < state.blkIndent
    if silent and outside and not state.is_code_block(start):
        line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
        return any(opens.search(line) for opens, _, _ in HTML_SEQUENCES)
    return html_block(state, start, end, silent)


def _note_break(state: StateInline, silent: bool) -> bool:
    """A rule that takes nothing: it is asked wherever no code, tag or address has swallowed what stands here."""
    position = state.pos + state.src.startswith("\\\n", state.pos)
    if isinstance(state, _Text) and not silent and state.src[position] == "\n":
        state.breaks.add(position)
    return False


def _lines(content: str, links: EnvType) -> Iterator[str]:
    """The lines of a block, but for those that begin within code, HTML or a link's address."""
    first, *continued = content.split("\n")
    yield first.strip()
    position, breaks = len(first), _breaks(content, links) if continued else ()
    for line in continued:
        if position in breaks and not _INDENTED.match(line):
            yield line.strip()
        position += 1 + len(line)


def _breaks(content: str, links: EnvType) -> set[int]:
    text = _Text(content, _markdown(), links, [])
    text.breaks = set()
    _markdown().inline.tokenize(text)
    return text.breaks
