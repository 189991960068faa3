"""The bytes of every body that is sent to an API server, or to a program that sends it: JSON that YAML reads alike.

Pure. Server-side apply takes YAML only. Of JSON's escapes YAML knows no pair of surrogates, and of the characters that
JSON lets stand YAML takes some for line breaks and refuses others.
"""

import json
import re

from bot.core.errors import Refused

_NOT_IN_YAML = re.compile("[\x7f-\ud7ff\ue000-\uffff]")  # some of it; an escape means the same wherever it is


def encode_json(body: object) -> bytes:
    """Encode a body. Raises Refused for half a character, which no encoding has, and a number that JSON has not."""
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False)
        return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()
    except UnicodeEncodeError as error:
        raise Refused("a text holds half of a character (a lone surrogate), which cannot be sent") from error
    except ValueError as error:
        raise Refused("a number is infinite or none at all, which cannot be sent: write it as text") from error
