"""The keys, tokens and kubeconfig of a cluster of one's own: written into its directory before or while it starts.

Used by `tests/rig/cluster.py` alone. Nothing here is secret for longer than a test run.
"""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

# Who may use it, with what groups: `admin` may do everything, the others nothing until a test binds them to a role.
USERS = {"admin": "system:masters", "planner": "", "applier": "", "stranger": ""}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Files of one directory, and each user's token."""

    directory: Path
    tokens: dict[str, str]

    @classmethod
    def write(cls, directory: Path) -> "Credentials":
        """New keys and tokens."""
        made = cls(directory, {user: secrets.token_hex(16) for user in USERS})
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = serialization.Encoding.PEM
        made.private_key.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        made.public_key.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
        rows = [f'{token},{user},{user},"{USERS[user]}"' for user, token in made.tokens.items()]
        made.token_file.write_text("\n".join(rows) + "\n")
        return made

    @property
    def private_key(self) -> Path:
        """Signs the tokens of service accounts."""
        return self.directory / "sa.key"

    @property
    def public_key(self) -> Path:
        return self.directory / "sa.pub"

    @property
    def token_file(self) -> Path:
        return self.directory / "tokens.csv"

    @property
    def authority(self) -> Path:
        """The certificate that the API server makes for itself, with the authority that signed it."""
        return self.directory / "apiserver.crt"

    def write_kubeconfig(self, path: Path, url: str) -> None:
        """A context for each user, admin's the current one; written aside: whoever sees it may use it."""
        trust = base64.b64encode(self.authority.read_bytes()).decode()
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "admin",
            "clusters": [{"name": "rig", "cluster": {"server": url, "certificate-authority-data": trust}}],
            "users": [{"name": user, "user": {"token": token}} for user, token in self.tokens.items()],
            "contexts": [{"name": user, "context": {"cluster": "rig", "user": user}} for user in self.tokens],
        }
        aside = path.with_suffix(".aside")
        aside.touch(mode=0o600)
        aside.write_text(yaml.safe_dump(content))
        os.replace(aside, path)
