"""Comments as GitHub shows them: tables, fences with coloured diffs, alerts, details; the rest of HTML escaped."""

import html
import re

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

ALLOWED = re.compile(
    r"&lt;(/?(?:details(?: open)?|summary|br ?/?|sub|sup|kbd|b|i|code|pre|strong|em))&gt;", re.IGNORECASE
)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
ALERT = re.compile(r"<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*(?:<br ?/?>)?\s*")
TAG = re.compile(r"<(/?)([a-z0-9]+)[^>]*>")
VOID_TAGS = frozenset({"br", "hr", "img", "input"})
COLOURS = {"+": "plus", "-": "minus", "!": "bang", "@": "at"}


def render_markdown(text: str) -> Markup:
    """The comment as HTML that a page may hold."""
    page = _markdown().render(text)
    page = ALERT.sub(lambda m: f'<blockquote class="alert {m[1].lower()}"><p><b>{m[1].title()}</b><br>', page)
    return Markup(_balance_tags(page))


def _balance_tags(page: str) -> str:
    """What a comment leaves open is closed, and what it never opened is not closed: the page around it is ours."""
    parts, stack, at = [], list[str](), 0
    for tag in TAG.finditer(page):
        parts.append(page[at : tag.start()])
        at = tag.end()
        ends, name = bool(tag[1]), tag[2]
        if not ends:
            parts.append(tag[0])
            stack += [] if name in VOID_TAGS else [name]
        while ends and name in stack:
            parts.append(f"</{stack[-1]}>")
            ends = stack.pop() != name
    return "".join([*parts, page[at:], *(f"</{name}>" for name in reversed(stack))])


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True})
    markdown.add_render_rule("html_block", _html)
    markdown.add_render_rule("html_inline", _html)
    markdown.add_render_rule("fence", _fence)
    for token_type in ("th_open", "td_open"):
        markdown.add_render_rule(token_type, _cell)
    return markdown


def _cell(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """As GitHub says on which side a column stands: the page's policy refuses styles."""
    token = tokens[index]
    style = str(token.attrGet("style") or "")
    token.attrs = {"align": style.removeprefix("text-align:")} if style else {}
    return self.renderToken(tokens, index, options, env)


def _html(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """Of raw HTML a few harmless tags stay."""
    return ALLOWED.sub(r"<\1>", html.escape(COMMENT.sub("", tokens[index].content), quote=False))


def _fence(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    if token.info.strip() != "diff":
        return f"<pre><code>{html.escape(token.content)}</code></pre>\n"
    lines = [
        f'<span class="{COLOURS.get(line[:1], "same")}">{html.escape(line)}\n</span>'
        for line in token.content.splitlines()
    ]
    return f'<pre class="diff"><code>{"".join(lines)}</code></pre>\n'
