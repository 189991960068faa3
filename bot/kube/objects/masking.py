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

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SIGN = "••••"

_TABLES = ("data", "stringData")
_OPEN = ("apiVersion", "kind", "metadata", "type", "immutable")
_MARKS = ("annotations", "labels")
_LONG = 6  # as short as may be replaced in the middle of a word
_SHORT = 3  # as short as may be replaced where it stands alone
_DEEPEST = 8
_PASSWORD = re.compile(r"://[^:/@\s]*:([^@\s]+)@")
_BLANKS = re.compile(rb"\s+")


class Mask:
    """Fingerprints are the same as long as the key is."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fingerprint(self, value: bytes) -> str:
        return SIGN + hmac.digest(self._key, value, "sha256").hex()[:6]

    def masked(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body, fit to be shown: no Secret's values wherever they are in it, no last-applied, no managedFields.

        A Secret's `stringData` is moved into its `data`, as the API server does.
        """
        shown = self.comparable(body)
        if isinstance(metadata := shown.get("metadata"), dict):
            shown["metadata"] = {key: value for key, value in metadata.items() if key != "managedFields"}
        return shown

    def comparable(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The same with managedFields, which hold no values, for `fields.compare` to ask who wrote what."""
        return {key: self._value(value) for key, value in self._secret(body).items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        shown = {key: self._value(item) for key, item in self._secret(value).items()}
        if LAST_APPLIED in shown:
            shown[LAST_APPLIED] = self.fingerprint(str(shown[LAST_APPLIED]).encode())
        return shown

    def _secret(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where this is a Secret, the same without its values, also not where its marks repeat them.

        What is in a key that no Secret has, `stringdata` for one, is taken for a value too.
        """
        value = _opened(value)
        if value.get("kind") != "Secret":
            return value
        known = secrets_of([value])
        metadata = value.get("metadata")
        rest = {key: item for key, item in value.items() if key in _OPEN}
        if isinstance(metadata, Mapping):
            rest["metadata"] = {**metadata, **_scrubbed_marks(metadata, known)}
        odd = {key: self.fingerprint(_bytes(item)) for key, item in value.items() if key not in (*_OPEN, *_TABLES)}
        return {**rest, **odd, **self._tables(value)}

    def _tables(self, secret: Mapping[str, Any]) -> dict[str, Any]:
        shown: dict[str, str] = {}
        for table in _TABLES:
            values = secret.get(table)
            if values is not None and not isinstance(values, Mapping):
                return {"data": self.fingerprint(repr(values).encode())}
            for key, value in (values or {}).items():
                shown[key] = self.fingerprint(_plain(value) if table == "data" else _bytes(value))
        return {"data": shown} if any(table in secret for table in _TABLES) else {}


def secrets_of(bodies: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Every text that a Secret among the bodies, or in one's last-applied annotation, could be given away by."""
    values = {value for body in bodies for value in _values(body, 0)}
    return frozenset(form for value in values for form in _forms(value) if len(form) >= _SHORT)


def scrub(text: str, secrets: frozenset[str]) -> str:
    """The text with every secret replaced, the longest first; short ones only where they are a word of their own."""
    found = sorted((secret for secret in secrets if secret in text), key=len, reverse=True)
    for secret in found:
        if len(secret) >= _LONG:
            text = text.replace(secret, SIGN)
        else:
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", SIGN, text)
    return text


def _scrubbed_marks(metadata: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    tables = {name: table for name in _MARKS if isinstance(table := metadata.get(name), Mapping)}
    return {name: {key: scrub(str(item), known) for key, item in table.items()} for name, table in tables.items()}


def _opened(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A list of Secrets with what the API server leaves out of it: that its items are Secrets."""
    if value.get("kind") != "SecretList" or not isinstance(value.get("items"), list):
        return value
    items = [{**item, "kind": "Secret"} if isinstance(item, Mapping) else item for item in value["items"]]
    return {**value, "items": items}


def _values(value: Any, depth: int) -> Iterator[bytes]:
    """The values of all Secrets within."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, depth)
    if not isinstance(value, Mapping) or depth > _DEEPEST:
        return
    value = _opened(value)
    if value.get("kind") == "Secret":
        for key, table in value.items():
            if key not in _OPEN:
                yield from _leaves(table, coded=key != "stringData")
    for key, item in value.items():
        if key == LAST_APPLIED:
            yield from _values(_read(str(item)), depth + 1)
        elif isinstance(item, Mapping | list):
            yield from _values(item, depth)


def _leaves(value: Any, *, coded: bool) -> Iterator[bytes]:
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(item, coded=coded)
    elif value is not None:
        yield _bytes(value)
        if coded:
            yield _plain(value)


def _forms(value: bytes) -> Iterator[str]:
    """A value as it may turn up: plain, trimmed, by lines, escaped, in base64 alone or amid something, or in parts."""
    for one in {value, value.rstrip(b"\r\n"), value.strip()}:
        yield from _coded(one)
        text = one.decode(errors="replace")
        yield from _escaped(text)
    text = value.decode(errors="replace")
    lines = {line.strip() for line in text.splitlines()}
    parts = {*_parts(_read(text), 0), *_PASSWORD.findall(text)}
    for part in (lines | parts) - {text}:
        if len(part) >= _LONG:
            yield from _escaped(part)
            yield from _coded(part.encode(errors="replace"))


def _escaped(text: str) -> Iterator[str]:
    """As it is, within JSON, within JSON within JSON, and both as Go writes them."""
    yield text
    for ascii_only in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        for spelled in {once, re.sub("[<>&]", lambda sign: f"\\u{ord(sign[0]):04x}", once)}:
            yield spelled
            yield json.dumps(spelled, ensure_ascii=ascii_only)[1:-1]


def _coded(value: bytes) -> Iterator[str]:
    """Base64 in both alphabets, and what stays of it wherever the value stands within something that is encoded."""
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        yield encode(value).decode()
        for before, lost in ((0, 0), (1, 2), (2, 3)):
            whole = (before + len(value)) * 8 // 6
            core = encode(b"\0" * before + value).decode()[lost:whole]
            if len(core) >= _LONG + 2:
                yield core


def _parts(value: Any, depth: int) -> Iterator[str]:
    """The texts within a value that is JSON itself, as `.dockerconfigjson` is."""
    if isinstance(value, str):
        yield value
        yield from _plain(value).decode(errors="replace").split(":", 1)
    elif isinstance(value, Mapping | list) and depth < _DEEPEST:
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _parts(item, depth + 1)


def _read(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> bytes:
    """What `data` holds in base64; the text itself where it is none."""
    coded = _BLANKS.sub(b"", _bytes(value))
    try:
        return base64.b64decode(coded, validate=True)
    except ValueError:
        return _bytes(value)


def _bytes(value: Any) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text.encode(errors="replace")
