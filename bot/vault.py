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
        if any(len(secret) != KEY_BYTES for secret in (key, *old_keys)):
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._key = _Key(key)
        self._keys = (self._key, *(_Key(old_key) for old_key in old_keys))

    @classmethod
    def open_or_create(cls, path: Path, key: str | None, old_keys: Sequence[str] = ()) -> "Vault":
        """Take the key given as base64, or else the file's, made on first start (0600).

        Raises Refused when a key is not base64 of 32 bytes, or the file cannot be used.
        """
        secret = _decode_key(key, "VAULT__KEY") if key else _load_key(path)
        return cls(secret, [_decode_key(old_key, "VAULT__OLD_KEYS") for old_key in old_keys])

    def seal(self, plaintext: bytes, associated_data: Mapping[str, str]) -> bytes:
        """Encrypt, so that only whoever names the same associated data can open it."""
        header = _MAGIC + self._key.id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        ciphertext = AESGCM(self._key.derive("seal")).encrypt(
            nonce, plaintext, header + _canonical_json(associated_data)
        )
        return header + nonce + ciphertext

    def unseal(self, blob: bytes, associated_data: Mapping[str, str]) -> bytes:
        """Decrypt. Raises Refused when it was changed, belongs to something else, or its key is not here."""
        start = len(_MAGIC) + _ID_BYTES
        header, nonce, ciphertext = blob[:start], blob[start : start + _NONCE_BYTES], blob[start + _NONCE_BYTES :]
        if len(nonce) < _NONCE_BYTES or not header.startswith(_MAGIC):
            raise Refused("this is not a sealed artifact, or only a part of one")
        key = next((candidate for candidate in self._keys if candidate.id == header[len(_MAGIC) :]), None)
        if key is None:
            raise Refused("the artifact was sealed with another key: give that in VAULT__OLD_KEYS, or plan again")
        try:
            return AESGCM(key.derive("seal")).decrypt(nonce, ciphertext, header + _canonical_json(associated_data))
        except InvalidTag as error:
            raise Refused("the sealed artifact was changed, or belongs to another plan: plan again") from error

    def digest(self, domain: str, content: bytes) -> str:
        """Return a hexadecimal digest that needs the key to compute, so short secrets cannot be guessed from it."""
        return hmac.digest(self._key.derive(f"digest {domain}"), content, hashlib.sha256).hex()

    def sign(self, text: str) -> str:
        """Return a signature that fits into an address."""
        return _signature(self._key, text)

    def verify(self, text: str, signature: str) -> bool:
        """Tell whether this is our signature of the text. Compares in constant time."""
        signature_bytes = signature.encode(errors="replace")
        return any([hmac.compare_digest(_signature(key, text).encode(), signature_bytes) for key in self._keys])


def _signature(key: _Key, text: str) -> str:
    digest = hmac.digest(key.derive("sign"), text.encode(errors="surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _canonical_json(fields: Mapping[str, str]) -> bytes:
    return json.dumps(dict(fields), sort_keys=True, separators=(",", ":")).encode()


def _decode_key(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(f"{name} is not base64: `openssl rand -base64 {KEY_BYTES}` makes a key") from error
    if len(key) != KEY_BYTES:
        raise Refused(f"{name} holds {len(key)} bytes instead of {KEY_BYTES}: `openssl rand -base64 {KEY_BYTES}`")
    return key


def _load_key(path: Path) -> bytes:
    """Read the key in the file; the first start makes it, and of several first starts at once one wins."""
    if not path.exists():
        _create_key(path)
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                raise Refused(f"everybody may use the key in {path}: `chmod 600 {path}`, or replace it if others could")
            text = file.read(1024).decode("ascii", errors="replace")
    except OSError as error:
        raise Refused(f"the key in {path} cannot be read: {error.strerror}") from error
    return _decode_key(text, str(path))


def _create_key(path: Path) -> None:
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
    except OSError as error:
        raise Refused(f"the key {path} cannot be made: {error.strerror}") from error
