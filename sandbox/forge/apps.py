"""GitHub Apps of the forge: made from a manifest, installed in accounts, signing in with their keys.

Called by the doors with the world's lock held. The private key is given away once and not kept.
"""

import re
import secrets
import time
from dataclasses import replace
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.forge.state import App, Grant, Hook, Installation, Repo, User, World

KEY_BITS = 2048
LONGEST_SECONDS = 600
CLOCK_SECONDS = 60


def make(world: World, owner: str, manifest: dict[str, Any]) -> tuple[App, str]:
    """An App of an account as its manifest says, and its private key as a PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = str(manifest["name"])
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    login = f"{slug}[bot]"
    id = world.new_id()
    bot = User(world.new_id(), login, login, f"{login}@users.example.test", "Bot", id)
    world.users[login] = bot
    hooked = manifest.get("hook_attributes") or {}
    events = list(manifest.get("default_events") or [])
    hook = Hook(world.new_id(), str(hooked.get("url", "")), secrets.token_hex(20), events)
    permissions = {"metadata": "read"} | dict(manifest.get("default_permissions") or {})
    app = App(id, slug, name, owner, bot, _public(key), permissions, hook)
    world.apps[app.id] = app
    return app, _private(key)


def install(world: World, app: App, account: str, repos: list[str] | None) -> Installation:
    """Anew, or with other repositories than before."""
    known = next((one for one in world.installations.values() if one.app is app and one.account == account), None)
    id = known.id if known else world.new_id()
    made = Installation(id, app, account, None if repos is None else set(repos), dict(app.permissions))
    world.installations[id] = made
    world.changes += 1
    return made


def give_token(world: World, installation: Installation) -> tuple[str, Grant]:
    token = f"ghs_{secrets.token_hex(18)}"
    user, ends = installation.app.bot, time.time() + world.token_seconds
    world.grants[token] = Grant(user, dict(installation.permissions), installation=installation, ends=ends)
    return token, world.grants[token]


def end_tokens(world: World) -> None:
    """GitHub takes none of the installations' tokens any more."""
    world.grants = {token: one for token, one in world.grants.items() if one.installation is None}


def signed(world: World, token: str) -> Grant | None:
    """The App whose signature this is; None if it is nobody's, too old, or good for too long."""
    try:
        claimed = jwt.decode(token, options={"verify_signature": False})
        app = world.apps[int(claimed["iss"])]
        facts = jwt.decode(token, app.public_key, algorithms=["RS256"], options={"require": ["iat", "exp", "iss"]})
    except (jwt.InvalidTokenError, KeyError, ValueError):
        return None
    if facts["exp"] - time.time() > LONGEST_SECONDS or facts["iat"] > time.time() + CLOCK_SECONDS:
        return None
    return Grant(app.bot, app=app)


def hooks(world: World, repo: Repo, event: str, only: App | None) -> list[tuple[Hook, dict[str, Any]]]:
    """The Apps' hooks that want an event of a repository, and what their payloads have besides.

    `only`: what concerns one App comes to it alone, and unasked.
    """
    found = []
    for one in world.installations.values():
        wants = one.app is only if only else event in one.app.hook.events
        if wants and one.covers(repo) and one.app.hook.url:
            found.append((one.app.hook, {"installation": {"id": one.id, "node_id": f"I_{one.id}"}}))
    return found


def mended(installation: Installation, fields: dict[str, Any]) -> Installation:
    """With other permissions, repositories, or a suspension."""
    changed = {key: value for key, value in fields.items() if key in ("permissions", "suspended_at")}
    return replace(installation, **changed)


def _private(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _public(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
