"""The bytes of every body that is sent to an API server, or to a program that sends it: JSON that YAML reads alike.

Pure. Server-side apply takes YAML only. Of JSON's escapes YAML knows no pair of surrogates, and of the characters that
JSON lets stand YAML takes some for line breaks and refuses others.
"""

import json
import re

from bot.core.errors import Refused

_NOT_IN_YAML = re.compile("[\x7f-\ud7ff\ue000-\uffff]")  # some of it; an escape means the same wherever it is


def encode_json(body: object) -> bytes:
    """Encode a body. Raises Refused where a text in it holds half a character, which no encoding can."""
    text = _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(body, ensure_ascii=False))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Refused("a text holds half of a character (a lone surrogate), which cannot be sent") from error
