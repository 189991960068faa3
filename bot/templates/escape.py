"""Make the text of others harmless in Markdown and visible to the eye. Every word in a comment goes through here.

What these functions return is the same in running Markdown, in a table's cell and in raw HTML (`<summary>`), since
they write entities and tags, never backslashes. Called by the templates (whatever they print passes `text`) and by
what is printed beside them. Never shortens without a sign that it did.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from markupsafe import Markup

MAX_LENGTH = 300
# Two asterisks with nothing between them would be a rule, and a name that is not to be seen a riddle.
EMPTY = "(empty)"
TERMINAL_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")

_BREAK = "\N{ZERO WIDTH SPACE}"
# Printable by Unicode, yet nothing is to be seen: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Where forges would see a mention, a reference or an address to link.
_LINK_TRIGGER = re.compile(
    r"(?<=@)(?=\w|$)|(?<=#)(?=[0-9]|$)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=gh-)(?=[0-9])", re.IGNORECASE
)
_EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINE_START = re.compile(r"[-+=]|[0-9]{1,9}(?=[.)])")
_ENTITIES = str.maketrans(
    {
        **{character: f"&#{ord(character)};" for character in "`|*\\[]~#" + _BREAK},
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
    }
)
_ESCAPED_HASH = f"&#{ord('#')};&#{ord(_BREAK)};"
_DOLLARS = re.compile(r"\$+")
_NEEDS_TAG = re.compile(r"[`|\\<]|^ | $")


def visible(text: str, allowed: str = "") -> str:
    """Return the text with every character that is not seen, or turns others around, written as `⟨U+202E⟩`."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(_visible_character(character, allowed) for character in text)


def clip(text: str, limit: int = MAX_LENGTH) -> str:
    """Shorten the text to so many characters, an ellipsis among them."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def text(untrusted: str, limit: int = MAX_LENGTH) -> Markup:
    """Escape words of others to one line that formats nothing, links nothing and calls nobody."""
    return Markup(_escape_running(_clip_visible(" ".join(untrusted.split()), limit)) or EMPTY)


def code(untrusted: str, limit: int = MAX_LENGTH) -> Markup:
    """Write a name or a command, letter by letter, as code in running Markdown."""
    clipped = _clip_visible(untrusted, limit)
    if clipped and not _NEEDS_TAG.search(clipped):
        return Markup(f"`{clipped}`")
    return tag(untrusted, limit)


def tag(untrusted: str, limit: int = MAX_LENGTH) -> Markup:
    """Write it as code where Markdown is not read: in a `<summary>`."""
    return Markup(f"<code>{_entities(_clip_visible(untrusted, limit)) or EMPTY}</code>")


def prose(sentence: str, limit: int = MAX_LENGTH, pulls: Sequence[int] = ()) -> Markup:
    """Escape a sentence of ours with words of others: what stands between backticks becomes code, nothing else.

    `#7` stays what forges make a link of, where 7 is one of the `pulls` that the sentence names.
    """
    spans = _clip_visible(" ".join(sentence.split()), limit).split("`")
    if len(spans) % 2 == 0:
        spans[-2:] = ["`".join(spans[-2:])]
    escaped = (
        code(span) if number % 2 and span else _with_references(_escape_running(span), pulls)
        for number, span in enumerate(spans)
    )
    return Markup("".join(escaped) or EMPTY)


def link(label: str, url: str | None) -> Markup:
    """Link to an address of ours or the forge's; just the words where that is no address of the web."""
    if not url or urlsplit(url).scheme not in ("http", "https"):
        return text(label)
    return Markup(f"[{text(label)}]({quote(url, safe=_URL_SAFE)})")


def code_block(lines: Sequence[str], language: str = "") -> Markup:
    """Put lines that `fence_line` made between fences, longer than any run of backticks in them."""
    content = "\n".join(lines)
    longest = max((len(run) for run in re.findall("`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    return Markup(f"{fence}{language}\n{content}\n{fence}")


def fence_line(line: str, limit: int = 2000) -> str:
    """Make a line fit for a fence: visible, and no beginning of an HTML comment, by which a bot knows its own."""
    return clip(visible(line[: limit + 1], allowed="\t"), limit).replace("<!--", f"<!{_BREAK}--")


_URL_SAFE = "%:/?#@!$&*+,;=~-._"


def _with_references(escaped: str, pulls: Sequence[int]) -> str:
    """Restore `#7` where it stands alone."""
    for number in pulls:
        escaped = re.sub(rf"(?<![^\s(]){_ESCAPED_HASH}{number}(?!\w)", f"#{number}", escaped)
    return escaped


def _clip_visible(text: str, limit: int) -> str:
    return clip(visible(text[: limit + 1]), limit)


def _visible_character(character: str, allowed: str) -> str:
    seen = character in allowed or (character.isprintable() and not _BLANK.match(character))
    return character if seen else _code_point(character)


def _code_point(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def _escape_running(text: str) -> str:
    """For running text, where dollars could begin a formula."""
    return _DOLLARS.sub(r"<span>\g<0></span>", _entities(text))


def _entities(text: str) -> str:
    """Entities for what means something; the order keeps each step from seeing the other's."""
    unlinked = _LINK_TRIGGER.sub(_BREAK, text)
    start = _LINE_START.match(unlinked)
    escaped = unlinked.translate(_ENTITIES)
    escaped = _EDGE_UNDERSCORE.sub("&#95;", escaped)
    if start is None:
        return escaped
    if start[0] in "-+=":
        return f"&#{ord(start[0])};{escaped[1:]}"
    return f"{start[0]}&#{ord(escaped[start.end()])};{escaped[start.end() + 1 :]}"
