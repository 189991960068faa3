"""Templates become text. Whatever a template prints is made harmless by `escape.text`, unless `escape` made it.

Called by everything in this package that has words to say. A word that is missing is an error, never an empty place.
"""

import shlex

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.templates import escape, wording
from bot.templates.groups import project_names
from bot.templates.table import icon


def render(template: str, **fields: object) -> Markup:
    """Render the named template with these fields, without the line breaks around it."""
    return Markup(_TEMPLATES.get_template(template).render(**fields).strip("\n"))


def paragraphs(*texts: str) -> Markup:
    """Join those that say something, an empty line between them."""
    trimmed = (text.strip("\n") for text in texts)
    return Markup("\n\n".join(text for text in trimmed if text))


def quoted(text: str) -> Markup:
    """Write lines of Markdown as a block quote, which is how forges write alerts."""
    return Markup("\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n")))


def _escape_output(output: object) -> object:
    return output if isinstance(output, Markup | StrictUndefined) else escape.text(str(output))


_TEMPLATES = Environment(
    loader=PackageLoader("bot", "templates"),
    undefined=StrictUndefined,
    autoescape=True,
    finalize=_escape_output,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {"paragraphs": paragraphs, "quoted": quoted, "link": escape.link, "icon": icon}
_TEMPLATES.filters |= {
    "code": escape.code,
    "tag": escape.tag,
    "prose": escape.prose,
    "format_time": wording.format_time,
    "quantity": wording.quantity,
    "describe_counts": wording.describe_counts,
    "describe_extras": wording.describe_extras,
    "project_names": project_names,
    "argument": shlex.quote,
    "thousands": "{:,}".format,
}
