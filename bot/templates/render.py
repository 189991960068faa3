"""Templates become text. Whatever a template prints is made harmless by `escape.text`, unless `escape` made it.

Called by everything in this package that has words to say. A word that is missing is an error, never an empty place.
"""

import shlex

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.templates import escape, words
from bot.templates.groups import named
from bot.templates.table import icon


def render(template: str, **words: object) -> Markup:
    """The named template with these words, without the line breaks around it."""
    return Markup(_TEMPLATES.get_template(template).render(**words).strip("\n"))


def paragraphs(*texts: str) -> Markup:
    """Those that say something, an empty line between them."""
    trimmed = (text.strip("\n") for text in texts)
    return Markup("\n\n".join(text for text in trimmed if text))


def quoted(text: str) -> Markup:
    """Lines of Markdown as a block quote, which is how forges write alerts."""
    return Markup("\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n")))


def _harmless(value: object) -> object:
    return value if isinstance(value, Markup | StrictUndefined) else escape.text(str(value))


_TEMPLATES = Environment(
    loader=PackageLoader("bot", "templates"),
    undefined=StrictUndefined,
    autoescape=True,
    finalize=_harmless,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {"paragraphs": paragraphs, "quoted": quoted, "link": escape.link, "icon": icon}
_TEMPLATES.filters |= {
    "code": escape.code,
    "tag": escape.tag,
    "prose": escape.prose,
    "moment": words.moment,
    "some": words.some,
    "told": words.told,
    "also": words.also,
    "named": named,
    "argument": shlex.quote,
    "thousands": "{:,}".format,
}
