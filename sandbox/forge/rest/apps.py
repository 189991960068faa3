"""Apps: the App itself, its installations and their tokens, what a token may see, and new Apps from manifests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify

from sandbox.forge import apps, checks
from sandbox.forge.app_pages import take_manifest
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.shared import grant, page, rest
from sandbox.forge.state import App, Installation


@rest.post("/app-manifests/<code>/conversions")
def _convert(code: str) -> tuple[Response, int]:
    """A code that the page gave becomes an App, once."""
    owner, manifest = take_manifest(code)
    app, key = apps.create_app(current_forge().forge_state, owner, manifest)
    own = checks.app_shape(current_forge(), app) or {}
    secret = {"client_id": f"Iv1.{app.id}", "client_secret": "x" * 40, "webhook_secret": app.hook.secret, "pem": key}
    return jsonify(own | secret), 201


@rest.get("/app")
def _app() -> Response:
    return jsonify(
        (checks.app_shape(current_forge(), _own_app()) or {}) | {"installations_count": len(_own_installations())}
    )


@rest.get("/app/installations")
def _installations() -> Response:
    return page([_shape(installation) for installation in _own_installations()])


@rest.get("/app/installations/<int:id>")
def _installation(id: int) -> Response:
    return jsonify(_shape(_find_installation(id)))


@rest.post("/app/installations/<int:id>/access_tokens")
def _token(id: int) -> tuple[Response, int]:
    installation = _find_installation(id)
    if installation.suspended_at:
        raise ApiError(403, "This installation has been suspended")
    token, grant_ = apps.issue_token(current_forge().forge_state, installation)
    ends = datetime.fromtimestamp(grant_.ends or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shape = {
        "token": token,
        "expires_at": ends,
        "permissions": _granted_levels(grant_.permissions or {}),
        "repository_selection": "all",
    }
    return jsonify(shape), 201


@rest.get("/installation/repositories")
def _repositories() -> Response:
    installation = grant().installation
    if installation is None:
        raise ApiError(403, "Resource not accessible by personal access token")
    seen = [repo for repo in current_forge().forge_state.repos.values() if installation.covers(repo)]
    return page([current_forge().shapes.repo(repo) for repo in seen], "repositories")


@rest.get("/repos/<owner>/<name>/installation")
def _of_repository(owner: str, name: str) -> Response:
    repo = current_forge().forge_state.repo(f"{owner}/{name}")
    installation = next(
        (
            candidate
            for candidate in _own_installations()
            if repo and _covers_repository(candidate, repo.owner, repo.full_name)
        ),
        None,
    )
    if installation is None:
        raise ApiError(404, "Not Found")
    return jsonify(_shape(installation))


def _own_app() -> App:
    app = grant().app
    if app is None:
        raise ApiError(401, "A JSON web token could not be decoded")
    return app


def _own_installations() -> list[Installation]:
    return [
        installation
        for installation in current_forge().forge_state.installations.values()
        if installation.app is _own_app()
    ]


def _covers_repository(installation: Installation, owner: str, full_name: str) -> bool:
    """Suspended ones are told, too."""
    return installation.account == owner and (installation.repos is None or full_name in installation.repos)


def _find_installation(id: int) -> Installation:
    installation = next((candidate for candidate in _own_installations() if candidate.id == id), None)
    if installation is None:
        raise ApiError(404, "Not Found")
    return installation


def _shape(installation: Installation) -> dict[str, Any]:
    url = current_forge().shapes.api
    return {
        "id": installation.id,
        "app_id": installation.app.id,
        "app_slug": installation.app.slug,
        "account": current_forge().shapes.account(installation.account),
        "target_type": "Organization",
        "target_id": 1,
        "repository_selection": "all" if installation.repos is None else "selected",
        "permissions": _granted_levels(installation.permissions),
        "events": installation.app.hook.events,
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": installation.suspended_at,
        "html_url": f"{current_forge().shapes.url}/apps/{installation.app.slug}/installations/new",
        "access_tokens_url": f"{url}/app/installations/{installation.id}/access_tokens",
        "repositories_url": f"{url}/installation/repositories",
        "created_at": installation.app.hook.created_at,
        "updated_at": installation.app.hook.created_at,
    }


def _granted_levels(permissions: Mapping[str, str]) -> dict[str, str]:
    """GitHub leaves out what there is none of."""
    return {name: level for name, level in permissions.items() if level != "none"}
