"""A webhook's body is taken only with the signature of the secret, and only as a JSON object."""

import hashlib
import hmac

import pytest

from bot.core.webhook_body import parse_object, verify_signature

SIGNATURE = hmac.new(b"secret", b"body", hashlib.sha256).hexdigest()


def test_the_signature_of_the_secret_over_the_body_is_taken() -> None:
    verify_signature("secret", b"body", SIGNATURE)


@pytest.mark.parametrize(
    ("secret", "content", "signature"),
    [
        ("other", b"body", SIGNATURE),
        ("secret", b"body!", SIGNATURE),
        ("secret", b"body", SIGNATURE.upper()),
        ("secret", b"body", SIGNATURE[:-1]),
        ("secret", b"body", f"{SIGNATURE}0"),
        ("secret", b"body", ""),
        ("secret", b"body", "é"),
    ],
)
def test_any_other_signature_is_refused_in_words(secret: str, content: bytes, signature: str) -> None:
    with pytest.raises(PermissionError, match="^the signature does not match$"):
        verify_signature(secret, content, signature)


@pytest.mark.parametrize(
    ("content", "payload"),
    [
        (b'{"a": 1}', {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        (b'{"a": "caf\xe9"}', {"a": "caf\N{REPLACEMENT CHARACTER}"}),
        ("{}", {}),
    ],
)
def test_a_json_object_is_read_from_bytes_or_text(content: bytes | str, payload: object) -> None:
    assert parse_object(content) == payload


@pytest.mark.parametrize("content", [b"", "no", "{", "[" * 100_000])
def test_what_is_no_json_is_refused_in_words(content: bytes | str) -> None:
    with pytest.raises(ValueError, match="^the body is no JSON$"):
        parse_object(content)


@pytest.mark.parametrize("content", [b"[]", "null", '"text"', "7"])
def test_json_that_is_no_object_is_refused_in_words(content: bytes | str) -> None:
    with pytest.raises(ValueError, match="^the body is no JSON object$"):
        parse_object(content)
