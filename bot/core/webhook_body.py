"""What the webhooks of all forges have alike: a signature over a body that is JSON. Used by hosts before they parse."""

import hashlib
import hmac
import json
from typing import Any


def verify_signature(secret: str, content: bytes, signature: str) -> None:
    """Raise PermissionError unless the signature is the HMAC-SHA256 of the content, in hexadecimal."""
    expected = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise PermissionError("the signature does not match")


def parse_object(content: bytes | str) -> dict[str, Any]:
    """The JSON object of a verified body. Raises ValueError in words."""
    try:
        payload = json.loads(content.decode(errors="replace") if isinstance(content, bytes) else content)
    except (ValueError, RecursionError) as error:
        raise ValueError("the body is no JSON") from error
    if not isinstance(payload, dict):
        raise ValueError("the body is no JSON object")
    return payload
