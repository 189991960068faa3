"""The forge's pages on Apps: making one from a manifest, as GitHub asks people to, and installing it."""

import json
import secrets
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.forge import apps
from sandbox.forge.forge import Forge, Wrong
from sandbox.forge.state import App

app_pages = Blueprint("app_pages", __name__, template_folder="templates")

SELF = "alice"


def _forge() -> Forge:
    found: Forge = current_app.extensions["forge"]
    return found


def _codes() -> dict[str, tuple[str, dict[str, Any]]]:
    """Codes that were given and not yet taken, with the account and its manifest."""
    found: dict[str, tuple[str, dict[str, Any]]] = current_app.extensions.setdefault("manifests", {})
    return found


def taken(code: str) -> tuple[str, dict[str, Any]]:
    if code not in _codes():
        raise Wrong(404, "Not Found")
    return _codes().pop(code)


@app_pages.post("/settings/apps/new")
@app_pages.post("/organizations/<owner>/settings/apps/new")
def _propose(owner: str = SELF) -> str:
    """What GitHub shows: the name, which one may change, and a button."""
    manifest = json.loads(request.form["manifest"])
    lacking = [key for key in ("url", "redirect_url") if not manifest.get(key)]
    if lacking:
        raise Wrong(422, f"Invalid GitHub App configuration: {lacking[0]} is missing")
    words = {"owner": owner, "manifest": manifest, "text": request.form["manifest"]}
    return render_template("new_app.html", state=request.args.get("state", ""), **words)


@app_pages.post("/settings/apps/manifest")
def _create() -> AnyResponse:
    manifest, form = json.loads(request.form["manifest"]), request.form
    manifest["name"] = form["name"]
    if any(app.name == manifest["name"] for app in _forge().world.apps.values()):
        raise Wrong(422, "Name is already taken")
    code = secrets.token_hex(20)
    _codes()[code] = (form["owner"], manifest)
    return redirect(f"{manifest['redirect_url']}?{urlencode({'code': code, 'state': form['state']})}")


@app_pages.get("/apps/<slug>")
@app_pages.get("/apps/<slug>/installations/new")
def _app(slug: str) -> str:
    world, app = _forge().world, _find(slug)
    accounts = sorted({repo.owner for repo in world.repos.values()} | {app.owner})
    installed = [one for one in world.installations.values() if one.app is app]
    return render_template("app.html", app=app, accounts=accounts, installed=installed, repos=world.repos.values())


@app_pages.post("/apps/<slug>/installations")
def _install(slug: str) -> AnyResponse:
    chosen = request.form.getlist("repos")
    apps.install(_forge().world, _find(slug), request.form["account"], chosen or None)
    return redirect(f"/apps/{slug}")


def _find(slug: str) -> App:
    found = next((app for app in _forge().world.apps.values() if app.slug == slug), None)
    if found is None:
        raise Wrong(404, "Not Found")
    return found
