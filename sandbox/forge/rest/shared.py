"""What every subject of the REST API needs: who asks, what they may see, and lists in pages."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, jsonify, request

from sandbox.forge import apps
from sandbox.forge.forge import Forge, Wrong
from sandbox.forge.rest import permissions
from sandbox.forge.state import ROLES, Grant, Pull, Repo, User

rest = Blueprint("rest", __name__, url_prefix="/api/v3")

PAGE, MOST = 30, 100
CONVERSION = re.compile(r"/app-manifests/[^/]+/conversions$")
BY_SIGNATURE = re.compile(r"/app(/.*)?$|/repos/[^/]+/[^/]+/installation$")


def forge() -> Forge:
    found: Forge = current_app.extensions["forge"]
    return found


@rest.before_request
def sign_in() -> None:
    """Whose request it is, and whether the token's permissions are enough for it."""
    if CONVERSION.search(request.path):
        return
    word, _, token = request.headers.get("Authorization", "").partition(" ")
    if word.lower() not in ("token", "bearer") or not token:
        raise Wrong(401, "Requires authentication")
    found = apps.signed(forge().world, token) if token.count(".") == 2 else forge().world.grant_of(token.strip())
    if found is None:
        raise Wrong(401, "Bad credentials")
    g.grant, g.user = found, found.user
    if (found.app is not None) != bool(BY_SIGNATURE.search(request.path)):
        raise Wrong(401, "A JSON web token could not be decoded" if not found.app else "Requires authentication")
    _permit(found)


def _permit(grant: Grant) -> None:
    sets = permissions.wanted(request.method, request.path)
    g.wanted = sets
    if grant.permissions is not None and not permissions.enough(grant.permissions, sets):
        who = "integration" if grant.installation else "personal access token"
        raise Wrong(403, f"Resource not accessible by {who}")


@rest.after_request
def _tell_permissions(answer: Response) -> Response:
    """As GitHub does: what would do, to fine tokens; which scopes there are, to classic ones."""
    grant = g.get("grant")
    if grant and grant.permissions is not None and g.get("wanted"):
        answer.headers["X-Accepted-GitHub-Permissions"] = "; ".join(g.wanted)
    elif grant and not grant.app:
        answer.headers["X-OAuth-Scopes"] = grant.scopes
    return answer


def find_repo(owner: str, name: str, role: str = "read") -> Repo:
    repo = forge().world.repo(f"{owner}/{name}")
    mine = forge().world.role(repo, grant()) if repo else "none"
    if repo is None or mine == "none":
        raise Wrong(404, "Not Found")
    if ROLES.index(mine) < ROLES.index(role):
        raise Wrong(403, "Resource not accessible by personal access token")
    return repo


def grant() -> Grant:
    found: Grant = g.grant
    return found


def find_pull(repo: Repo, number: int) -> Pull:
    if number not in repo.pulls:
        raise Wrong(404, "Not Found")
    return repo.pulls[number]


def me() -> User:
    user: User = g.user
    return user


def body_of(*needed: str) -> dict[str, Any]:
    """The request's JSON, with at least these fields."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Wrong(400, "Problems parsing JSON")
    lacking = [field for field in needed if body.get(field) in (None, "")]
    if lacking:
        raise Wrong(422, f"Validation Failed: {lacking[0]} is missing")
    return body


def page(items: Sequence[Any], key: str = "", **around: Any) -> Response:
    """One page of items, with GitHub's Link header; under a key of an object where the API has it so."""
    per_page = max(1, min(MOST, request.args.get("per_page", PAGE, type=int)))
    number = max(1, request.args.get("page", 1, type=int))
    last = max(1, -(-len(items) // per_page))
    shown = list(items[(number - 1) * per_page : number * per_page])
    answer = jsonify(around | {"total_count": len(items), key: shown} if key else shown)
    links = [("next", number + 1), ("last", last)] if number < last else []
    links += [("prev", number - 1), ("first", 1)] if number > 1 else []
    words = [f'<{_url(page=other, per_page=per_page)}>; rel="{rel}"' for rel, other in links]
    if words:
        answer.headers["Link"] = ", ".join(words)
    return answer


def _url(**changed: int) -> str:
    arguments = request.args.to_dict() | {key: str(value) for key, value in changed.items()}
    return f"{forge().shapes.url}{request.path}?{urlencode(arguments)}"
