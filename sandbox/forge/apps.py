"""GitHub Apps of the forge: made from a manifest, installed in accounts, signing in with their keys.

Called by the doors with the lock of the forge's state held. The private key is given away once and not kept.
"""

import re
import secrets
import time
from dataclasses import replace
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.forge.state import App, ForgeState, Grant, Installation, Repo, User, Webhook

KEY_BITS = 2048
LONGEST_SECONDS = 600
CLOCK_SECONDS = 60


def create_app(forge_state: ForgeState, owner: str, manifest: dict[str, Any]) -> tuple[App, str]:
    """An App of an account as its manifest says, and its private key as a PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = str(manifest["name"])
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    login = f"{slug}[bot]"
    id = forge_state.new_id()
    bot = User(forge_state.new_id(), login, login, f"{login}@users.example.test", "Bot", id)
    forge_state.users[login] = bot
    hooked = manifest.get("hook_attributes") or {}
    events = list(manifest.get("default_events") or [])
    hook = Webhook(forge_state.new_id(), str(hooked.get("url", "")), secrets.token_hex(20), events)
    permissions = {"metadata": "read"} | dict(manifest.get("default_permissions") or {})
    app = App(id, slug, name, owner, bot, _public_pem(key), permissions, hook)
    forge_state.apps[app.id] = app
    return app, _private_pem(key)


def install(forge_state: ForgeState, app: App, account: str, repos: list[str] | None) -> Installation:
    """Anew, or with other repositories than before."""
    existing = next(
        (
            candidate
            for candidate in forge_state.installations.values()
            if candidate.app is app and candidate.account == account
        ),
        None,
    )
    id = existing.id if existing else forge_state.new_id()
    installation = Installation(id, app, account, None if repos is None else set(repos), dict(app.permissions))
    forge_state.installations[id] = installation
    forge_state.changes += 1
    return installation


def issue_token(forge_state: ForgeState, installation: Installation) -> tuple[str, Grant]:
    """A new token of an installation, and what it allows."""
    token = f"ghs_{secrets.token_hex(18)}"
    user, ends = installation.app.bot, time.time() + forge_state.token_seconds
    forge_state.grants[token] = Grant(user, dict(installation.permissions), installation=installation, ends=ends)
    return token, forge_state.grants[token]


def revoke_tokens(forge_state: ForgeState) -> None:
    """GitHub takes none of the installations' tokens any more."""
    forge_state.grants = {token: grant for token, grant in forge_state.grants.items() if grant.installation is None}


def verify_signature(forge_state: ForgeState, token: str) -> Grant | None:
    """The App whose signature this is; None if it is nobody's, too old, or good for too long."""
    try:
        unverified = jwt.decode(token, options={"verify_signature": False})
        app = forge_state.apps[int(unverified["iss"])]
        claims = jwt.decode(token, app.public_key, algorithms=["RS256"], options={"require": ["iat", "exp", "iss"]})
    except (jwt.InvalidTokenError, KeyError, ValueError):
        return None
    if claims["exp"] - time.time() > LONGEST_SECONDS or claims["iat"] > time.time() + CLOCK_SECONDS:
        return None
    return Grant(app.bot, app=app)


def webhooks_for(
    forge_state: ForgeState, repo: Repo, event: str, only: App | None
) -> list[tuple[Webhook, dict[str, Any]]]:
    """The Apps' hooks that want an event of a repository, and what their payloads have besides.

    `only`: what concerns one App comes to it alone, and unasked.
    """
    targets = []
    for installation in forge_state.installations.values():
        wants = installation.app is only if only else event in installation.app.hook.events
        if wants and installation.covers(repo) and installation.app.hook.url:
            targets.append(
                (installation.app.hook, {"installation": {"id": installation.id, "node_id": f"I_{installation.id}"}})
            )
    return targets


def with_changes(installation: Installation, fields: dict[str, Any]) -> Installation:
    """With other permissions, repositories, or a suspension."""
    changed = {key: value for key, value in fields.items() if key in ("permissions", "suspended_at")}
    return replace(installation, **changed)


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
