"""Keeps the values of Secrets out of everything that is shown, stored or logged. Called before anything is compared.

A value becomes a fingerprint that only the holder of the key could guess at: equal values have equal ones, and neither
length nor content can be told. Pure; what is sent to a cluster never comes from here.
"""

import base64
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.core.secret_spellings import SHORTEST, SHORTEST_INFIX, alone, base64_spellings, escaped_spellings

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MASKED = "••••"

_VALUE_TABLES = ("data", "stringData")
_PUBLIC_KEYS = ("apiVersion", "kind", "metadata", "type", "immutable")
_SECRET_KEYS = (*_PUBLIC_KEYS, *_VALUE_TABLES)
_METADATA_TABLES = ("annotations", "labels")
_MAX_DEPTH = 8
_PASSWORD = re.compile(r"://[^:/@\s]*:([^@\s]+)@")
_BLANKS = re.compile(rb"\s+")


class Mask:
    """Fingerprints are the same as long as the key is."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fingerprint(self, value: bytes) -> str:
        """Return `••••` and six hexadecimal digits, the same for equal values."""
        return MASKED + hmac.digest(self._key, value, "sha256").hex()[:6]

    def mask(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make the body fit to be shown: no Secret's values wherever they are in it, no last-applied, no managedFields.

        A Secret's `stringData` is moved into its `data`, as the API server does.
        """
        masked = self.mask_values(body)
        if isinstance(metadata := masked.get("metadata"), dict):
            masked["metadata"] = {key: value for key, value in metadata.items() if key != "managedFields"}
        return masked

    def mask_values(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Mask the same but keep managedFields, which hold no values, for `field_diff` to ask who wrote what."""
        return {key: self._mask_value(value) for key, value in self._mask_secret(body).items()}

    def _mask_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._mask_value(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        masked = {key: self._mask_value(item) for key, item in self._mask_secret(value).items()}
        if LAST_APPLIED in masked:
            masked[LAST_APPLIED] = self.fingerprint(str(masked[LAST_APPLIED]).encode())
        return masked

    def _mask_secret(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where this is a Secret, the same without its values, also not where its marks repeat them.

        What is in a key that no Secret has, `stringdata` for one, is taken for a value too.
        """
        value = _expand_secret_list(value)
        if value.get("kind") != "Secret":
            return value
        secrets = secret_texts([value])
        metadata = value.get("metadata")
        public = {key: item for key, item in value.items() if key in _PUBLIC_KEYS}
        if isinstance(metadata, Mapping):
            public["metadata"] = {**metadata, **_scrub_metadata(metadata, secrets)}
        unknown = {key: self.fingerprint(_bytes(item)) for key, item in value.items() if key not in _SECRET_KEYS}
        return {**public, **unknown, **self._mask_tables(value)}

    def _mask_tables(self, secret: Mapping[str, Any]) -> dict[str, Any]:
        masked: dict[str, str] = {}
        for table in _VALUE_TABLES:
            values = secret.get(table)
            if values is not None and not isinstance(values, Mapping):
                return {"data": self.fingerprint(repr(values).encode())}
            for key, value in (values or {}).items():
                masked[key] = self.fingerprint(_decode_base64(value) if table == "data" else _bytes(value))
        return {"data": masked} if any(table in secret for table in _VALUE_TABLES) else {}


def secret_texts(bodies: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return every text that a Secret among the bodies, or in one's last-applied annotation, could be given away by."""
    values = {value for body in bodies for value in _secret_values(body, 0)}
    return frozenset(spelling for value in values for spelling in _spellings(value) if len(spelling) >= SHORTEST)


def scrub(text: str, secrets: frozenset[str]) -> str:
    """Replace every secret in the text, the longest first; short ones only where they are a word of their own."""
    longest_first = sorted((secret for secret in secrets if secret in text), key=len, reverse=True)
    for secret in longest_first:
        text = text.replace(secret, MASKED) if len(secret) >= SHORTEST_INFIX else re.sub(alone(secret), MASKED, text)
    return text


def _scrub_metadata(metadata: Mapping[str, Any], secrets: frozenset[str]) -> dict[str, Any]:
    tables = {name: table for name in _METADATA_TABLES if isinstance(table := metadata.get(name), Mapping)}
    return {name: {key: scrub(str(item), secrets) for key, item in table.items()} for name, table in tables.items()}


def _expand_secret_list(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A list of Secrets with what the API server leaves out of it: that its items are Secrets."""
    if value.get("kind") != "SecretList" or not isinstance(value.get("items"), list):
        return value
    items = [{**item, "kind": "Secret"} if isinstance(item, Mapping) else item for item in value["items"]]
    return {**value, "items": items}


def _secret_values(value: Any, depth: int) -> Iterator[bytes]:
    """The values of all Secrets within."""
    if isinstance(value, list):
        for item in value:
            yield from _secret_values(item, depth)
    if not isinstance(value, Mapping) or depth > _MAX_DEPTH:
        return
    value = _expand_secret_list(value)
    if value.get("kind") == "Secret":
        for key, table in value.items():
            if key not in _PUBLIC_KEYS:
                yield from _leaf_values(table, encoded=key != "stringData")
    for key, item in value.items():
        if key == LAST_APPLIED:
            yield from _secret_values(_parse_json(str(item)), depth + 1)
        elif isinstance(item, Mapping | list):
            yield from _secret_values(item, depth)


def _leaf_values(value: Any, *, encoded: bool) -> Iterator[bytes]:
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _leaf_values(item, encoded=encoded)
    elif value is not None:
        yield _bytes(value)
        if encoded:
            yield _decode_base64(value)


def _spellings(value: bytes) -> Iterator[str]:
    """A value as it may turn up: plain, trimmed, by lines, escaped, in base64 alone or amid something, or in parts."""
    for trimmed in {value, value.rstrip(b"\r\n"), value.strip()}:
        yield from base64_spellings(trimmed)
        text = trimmed.decode(errors="replace")
        yield from escaped_spellings(text)
    text = value.decode(errors="replace")
    lines = {line.strip() for line in text.splitlines()}
    embedded = {*_embedded_texts(_parse_json(text), 0), *_PASSWORD.findall(text)}
    for fragment in (lines | embedded) - {text}:
        if len(fragment) >= SHORTEST_INFIX:
            yield from escaped_spellings(fragment)
            yield from base64_spellings(fragment.encode(errors="replace"))


def _embedded_texts(value: Any, depth: int) -> Iterator[str]:
    """The texts within a value that is JSON itself, as `.dockerconfigjson` is."""
    if isinstance(value, str):
        yield value
        yield from _decode_base64(value).decode(errors="replace").split(":", 1)
    elif isinstance(value, Mapping | list) and depth < _MAX_DEPTH:
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _embedded_texts(item, depth + 1)


def _parse_json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _decode_base64(value: Any) -> bytes:
    """What `data` holds in base64; the text itself where it is none."""
    encoded = _BLANKS.sub(b"", _bytes(value))
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return _bytes(value)


def _bytes(value: Any) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text.encode(errors="replace")
