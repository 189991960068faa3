"""Apps: the App itself, its installations and their tokens, what a token may see, and new Apps from manifests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify

from sandbox.forge import apps, checks
from sandbox.forge.app_pages import taken
from sandbox.forge.forge import Wrong
from sandbox.forge.rest.shared import forge, grant, page, rest
from sandbox.forge.state import App, Installation


@rest.post("/app-manifests/<code>/conversions")
def _convert(code: str) -> tuple[Response, int]:
    """A code that the page gave becomes an App, once."""
    owner, manifest = taken(code)
    app, key = apps.make(forge().world, owner, manifest)
    own = checks.app_shape(forge(), app) or {}
    secret = {"client_id": f"Iv1.{app.id}", "client_secret": "x" * 40, "webhook_secret": app.hook.secret, "pem": key}
    return jsonify(own | secret), 201


@rest.get("/app")
def _app() -> Response:
    return jsonify((checks.app_shape(forge(), _own()) or {}) | {"installations_count": len(_mine())})


@rest.get("/app/installations")
def _installations() -> Response:
    return page([_shape(one) for one in _mine()])


@rest.get("/app/installations/<int:id>")
def _installation(id: int) -> Response:
    return jsonify(_shape(_found(id)))


@rest.post("/app/installations/<int:id>/access_tokens")
def _token(id: int) -> tuple[Response, int]:
    installation = _found(id)
    if installation.suspended_at:
        raise Wrong(403, "This installation has been suspended")
    token, made = apps.give_token(forge().world, installation)
    ends = datetime.fromtimestamp(made.ends or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shape = {
        "token": token,
        "expires_at": ends,
        "permissions": _told(made.permissions or {}),
        "repository_selection": "all",
    }
    return jsonify(shape), 201


@rest.get("/installation/repositories")
def _repositories() -> Response:
    its = grant().installation
    if its is None:
        raise Wrong(403, "Resource not accessible by personal access token")
    seen = [repo for repo in forge().world.repos.values() if its.covers(repo)]
    return page([forge().shapes.repo(repo) for repo in seen], "repositories")


@rest.get("/repos/<owner>/<name>/installation")
def _of_repository(owner: str, name: str) -> Response:
    repo = forge().world.repo(f"{owner}/{name}")
    found = next((one for one in _mine() if repo and _named(one, repo.owner, repo.full_name)), None)
    if found is None:
        raise Wrong(404, "Not Found")
    return jsonify(_shape(found))


def _own() -> App:
    app = grant().app
    if app is None:
        raise Wrong(401, "A JSON web token could not be decoded")
    return app


def _mine() -> list[Installation]:
    return [one for one in forge().world.installations.values() if one.app is _own()]


def _named(one: Installation, owner: str, full_name: str) -> bool:
    """Suspended ones are told, too."""
    return one.account == owner and (one.repos is None or full_name in one.repos)


def _found(id: int) -> Installation:
    found = next((one for one in _mine() if one.id == id), None)
    if found is None:
        raise Wrong(404, "Not Found")
    return found


def _shape(one: Installation) -> dict[str, Any]:
    url = forge().shapes.api
    return {
        "id": one.id,
        "app_id": one.app.id,
        "app_slug": one.app.slug,
        "account": forge().shapes.account(one.account),
        "target_type": "Organization",
        "target_id": 1,
        "repository_selection": "all" if one.repos is None else "selected",
        "permissions": _told(one.permissions),
        "events": one.app.hook.events,
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": one.suspended_at,
        "html_url": f"{forge().shapes.url}/apps/{one.app.slug}/installations/new",
        "access_tokens_url": f"{url}/app/installations/{one.id}/access_tokens",
        "repositories_url": f"{url}/installation/repositories",
        "created_at": one.app.hook.created_at,
        "updated_at": one.app.hook.created_at,
    }


def _told(permissions: Mapping[str, str]) -> dict[str, str]:
    """GitHub leaves out what there is none of."""
    return {name: level for name, level in permissions.items() if level != "none"}
