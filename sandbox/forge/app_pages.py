"""The forge's pages on Apps: making one from a manifest, as GitHub asks people to, and installing it."""

import json
import secrets
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.forge import apps
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.state import App

app_pages = Blueprint("app_pages", __name__, template_folder="templates")

SELF = "alice"


def _codes() -> dict[str, tuple[str, dict[str, Any]]]:
    """Codes that were given and not yet taken, with the account and its manifest."""
    codes: dict[str, tuple[str, dict[str, Any]]] = current_app.extensions.setdefault("manifests", {})
    return codes


def take_manifest(code: str) -> tuple[str, dict[str, Any]]:
    """The account and manifest that a code stands for, once. Raises ApiError for an unknown code."""
    if code not in _codes():
        raise ApiError(404, "Not Found")
    return _codes().pop(code)


@app_pages.post("/settings/apps/new")
@app_pages.post("/organizations/<owner>/settings/apps/new")
def _propose(owner: str = SELF) -> str:
    """What GitHub shows: the name, which one may change, and a button."""
    manifest = json.loads(request.form["manifest"])
    missing = [key for key in ("url", "redirect_url") if not manifest.get(key)]
    if missing:
        raise ApiError(422, f"Invalid GitHub App configuration: {missing[0]} is missing")
    fields = {"owner": owner, "manifest": manifest, "text": request.form["manifest"]}
    return render_template("new_app.html", state=request.args.get("state", ""), **fields)


@app_pages.post("/settings/apps/manifest")
def _create() -> AnyResponse:
    manifest, form = json.loads(request.form["manifest"]), request.form
    manifest["name"] = form["name"]
    if any(app.name == manifest["name"] for app in current_forge().forge_state.apps.values()):
        raise ApiError(422, "Name is already taken")
    code = secrets.token_hex(20)
    _codes()[code] = (form["owner"], manifest)
    return redirect(f"{manifest['redirect_url']}?{urlencode({'code': code, 'state': form['state']})}")


@app_pages.get("/apps/<slug>")
@app_pages.get("/apps/<slug>/installations/new")
def _app(slug: str) -> str:
    forge_state, app = current_forge().forge_state, _find(slug)
    accounts = sorted({repo.owner for repo in forge_state.repos.values()} | {app.owner})
    installations = [installation for installation in forge_state.installations.values() if installation.app is app]
    return render_template(
        "app.html", app=app, accounts=accounts, installations=installations, repos=forge_state.repos.values()
    )


@app_pages.post("/apps/<slug>/installations")
def _install(slug: str) -> AnyResponse:
    chosen = request.form.getlist("repos")
    apps.install(current_forge().forge_state, _find(slug), request.form["account"], chosen or None)
    return redirect(f"/apps/{slug}")


def _find(slug: str) -> App:
    app = next((candidate for candidate in current_forge().forge_state.apps.values() if candidate.slug == slug), None)
    if app is None:
        raise ApiError(404, "Not Found")
    return app
