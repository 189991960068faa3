"""Make the text of others harmless in Markdown and visible to the eye. Every word in a comment goes through here.

What these functions return is the same in running Markdown, in a table's cell and in raw HTML (`<summary>`), since
they write entities and tags, never backslashes. Called by the templates (whatever they print passes `text`) and by
what is printed beside them. Never shortens without a sign that it did.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from markupsafe import Markup

LONGEST = 300
# Two asterisks with nothing between them would be a rule, and a name that is not to be seen a riddle.
NOTHING = "(empty)"
TERMINAL_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")

_BREAK = "\N{ZERO WIDTH SPACE}"
# Printable by Unicode, yet nothing is to be seen: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Where forges would see a mention, a reference or an address to link.
_TRIGGER = re.compile(r"(?<=@)(?=\w|$)|(?<=#)(?=[0-9]|$)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=gh-)(?=[0-9])", re.IGNORECASE)
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
_DOLLARS = re.compile(r"\$+")
_NEEDS_TAG = re.compile(r"[`|\\<]|^ | $")


def visible(text: str, keep: str = "") -> str:
    """The text with every character that is not seen, or turns others around, written as `⟨U+202E⟩`."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(one if one in keep or (one.isprintable() and not _BLANK.match(one)) else _named(one) for one in text)


def clip(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def text(words: str, most: int = LONGEST) -> Markup:
    """Words of others, in one line, that format nothing, link nothing and call nobody."""
    return Markup(_words(_short(" ".join(words.split()), most)) or NOTHING)


def code(words: str, most: int = LONGEST) -> Markup:
    """A name or a command, letter by letter, as code in running Markdown."""
    shown = _short(words, most)
    if shown and not _NEEDS_TAG.search(shown):
        return Markup(f"`{shown}`")
    return tag(words, most)


def tag(words: str, most: int = LONGEST) -> Markup:
    """The same where Markdown is not read: in a `<summary>`."""
    return Markup(f"<code>{_entities(_short(words, most)) or NOTHING}</code>")


def prose(words: str, most: int = LONGEST) -> Markup:
    """A sentence of ours with words of others in it: what stands between backticks becomes code, nothing else."""
    parts = _short(" ".join(words.split()), most).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    shown = (code(part) if number % 2 and part else _words(part) for number, part in enumerate(parts))
    return Markup("".join(shown) or NOTHING)


def link(words: str, url: str | None) -> Markup:
    """A link to an address of ours or the forge's; just the words where that is no address of the web."""
    if not url or urlsplit(url).scheme not in ("http", "https"):
        return text(words)
    return Markup(f"[{text(words)}]({quote(url, safe=_OF_ADDRESSES)})")


def fenced(lines: Sequence[str], language: str = "") -> Markup:
    """Code between fences longer than any run of backticks in it. The lines are made visible before, by `raw`."""
    content = "\n".join(lines)
    longest = max((len(run) for run in re.findall("`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    return Markup(f"{fence}{language}\n{content}\n{fence}")


def raw(line: str, most: int = 2000) -> str:
    """A line for a fence: visible, and without the beginning of an HTML comment, by which a bot knows its own."""
    return clip(visible(line[: most + 1], keep="\t"), most).replace("<!--", f"<!{_BREAK}--")


_OF_ADDRESSES = "%:/?#@!$&*+,;=~-._"


def _short(text: str, most: int) -> str:
    return clip(visible(text[: most + 1]), most)


def _named(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def _words(text: str) -> str:
    """For running text, where dollars could begin a formula."""
    return _DOLLARS.sub(r"<span>\g<0></span>", _entities(text))


def _entities(text: str) -> str:
    """Entities for what means something; the order keeps each step from seeing the other's."""
    broken = _TRIGGER.sub(_BREAK, text)
    start = _LINE_START.match(broken)
    ended = broken.translate(_ENTITIES)
    ended = _EDGE_UNDERSCORE.sub("&#95;", ended)
    if start is None:
        return ended
    if start[0] in "-+=":
        return f"&#{ord(start[0])};{ended[1:]}"
    return f"{start[0]}&#{ord(ended[start.end()])};{ended[start.end() + 1 :]}"
