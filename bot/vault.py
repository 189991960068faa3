"""Sealed artifacts, keyed digests and signatures: whatever must not be read, guessed or forged outside the bot.

Made by `wiring`, used by steps and server. Keeps no plain text, and never says a key.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.core.errors import Refused

KEY_BYTES = 32
_MAGIC, _ID_BYTES, _NONCE_BYTES = b"GBOT1\0", 8, 12


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    """One secret, from which a key for each purpose is derived."""

    secret: bytes

    @property
    def id(self) -> bytes:
        return self.derive("id")[:_ID_BYTES]

    def derive(self, purpose: str) -> bytes:
        return hmac.digest(self.secret, f"gitops-bot vault: {purpose}".encode(), hashlib.sha256)


class Vault:
    """Seals, digests and signs with its key; opens and verifies what older keys made as well."""

    def __init__(self, key: bytes, old_keys: Sequence[bytes] = ()) -> None:
        if any(len(one) != KEY_BYTES for one in (key, *old_keys)):
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._key = _Key(key)
        self._keys = (self._key, *(_Key(old) for old in old_keys))

    @classmethod
    def open_or_make(cls, path: Path, key: str | None, old_keys: Sequence[str] = ()) -> "Vault":
        """Take the key given as base64, or else the file's, made on first start (0600). Raises Refused in words."""
        mine = _decoded(key, "VAULT__KEY") if key else _kept(path)
        return cls(mine, [_decoded(old, "VAULT__OLD_KEYS") for old in old_keys])

    def seal(self, plaintext: bytes, bound_to: Mapping[str, str]) -> bytes:
        """Encrypt, so that only whoever names the same words can open it."""
        header = _MAGIC + self._key.id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key.derive("seal")).encrypt(nonce, plaintext, header + _canonical(bound_to))
        return header + nonce + sealed

    def unseal(self, blob: bytes, bound_to: Mapping[str, str]) -> bytes:
        """Decrypt. Raises Refused when it was changed, belongs to something else, or its key is not here."""
        start = len(_MAGIC) + _ID_BYTES
        header, nonce, sealed = blob[:start], blob[start : start + _NONCE_BYTES], blob[start + _NONCE_BYTES :]
        if len(nonce) < _NONCE_BYTES or not header.startswith(_MAGIC):
            raise Refused("this is not a sealed artifact, or only a part of one")
        key = next((one for one in self._keys if one.id == header[len(_MAGIC) :]), None)
        if key is None:
            raise Refused("the artifact was sealed with another key: give that in VAULT__OLD_KEYS, or plan again")
        try:
            return AESGCM(key.derive("seal")).decrypt(nonce, sealed, header + _canonical(bound_to))
        except InvalidTag as why:
            raise Refused("the sealed artifact was changed, or belongs to another plan: plan again") from why

    def digest(self, domain: str, content: bytes) -> str:
        """A hexadecimal digest that nobody without the key can compute, so short secrets cannot be guessed from it."""
        return hmac.digest(self._key.derive(f"digest {domain}"), content, hashlib.sha256).hex()

    def sign(self, text: str) -> str:
        """A signature that fits into an address."""
        return _signature(self._key, text)

    def verified(self, text: str, signature: str) -> bool:
        """Is this our signature of the text? Compares in constant time."""
        given = signature.encode(errors="replace")
        return any([hmac.compare_digest(_signature(key, text).encode(), given) for key in self._keys])


def _signature(key: _Key, text: str) -> str:
    made = hmac.digest(key.derive("sign"), text.encode(errors="surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _canonical(words: Mapping[str, str]) -> bytes:
    return json.dumps(dict(words), sort_keys=True, separators=(",", ":")).encode()


def _decoded(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError) as why:
        raise Refused(f"{name} is not base64: `openssl rand -base64 {KEY_BYTES}` makes a key") from why
    if len(key) != KEY_BYTES:
        raise Refused(f"{name} holds {len(key)} bytes instead of {KEY_BYTES}: `openssl rand -base64 {KEY_BYTES}`")
    return key


def _kept(path: Path) -> bytes:
    """The key in the file; the first start makes it, and of several first starts at once one wins."""
    if not path.exists():
        _make(path)
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                raise Refused(f"everybody may use the key in {path}: `chmod 600 {path}`, or replace it if others could")
            text = file.read(1024).decode("ascii", errors="replace")
    except OSError as why:
        raise Refused(f"the key in {path} cannot be read: {why.strerror}") from why
    return _decoded(text, str(path))


def _make(path: Path) -> None:
    """Write the key aside, whole and on disk, then link it to its name: whoever came first keeps that name."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
    except OSError as why:
        raise Refused(f"the key {path} cannot be made: {why.strerror}") from why
