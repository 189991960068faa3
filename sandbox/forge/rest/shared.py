"""What every subject of the REST API needs: who asks, what they may see, and lists in pages."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request

from sandbox.forge import apps
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest import permissions
from sandbox.forge.state import ROLES, Grant, Pull, Repo, User

rest = Blueprint("rest", __name__, url_prefix="/api/v3")

PAGE, MOST = 30, 100
CONVERSION = re.compile(r"/app-manifests/[^/]+/conversions$")
BY_SIGNATURE = re.compile(r"/app(/.*)?$|/repos/[^/]+/[^/]+/installation$")


@rest.before_request
def sign_in() -> None:
    """Find out whose request it is. Raises ApiError where the token or its permissions do not do."""
    if CONVERSION.search(request.path):
        return
    word, _, token = request.headers.get("Authorization", "").partition(" ")
    if word.lower() not in ("token", "bearer") or not token:
        raise ApiError(401, "Requires authentication")
    signed_in = (
        apps.verify_signature(current_forge().forge_state, token)
        if token.count(".") == 2
        else current_forge().forge_state.grant_of(token.strip())
    )
    if signed_in is None:
        raise ApiError(401, "Bad credentials")
    g.grant, g.user = signed_in, signed_in.user
    if (signed_in.app is not None) != bool(BY_SIGNATURE.search(request.path)):
        raise ApiError(401, "A JSON web token could not be decoded" if not signed_in.app else "Requires authentication")
    _permit(signed_in)


def _permit(grant: Grant) -> None:
    sets = permissions.required_sets(request.method, request.path)
    g.wanted = sets
    if grant.permissions is not None and not permissions.satisfies(grant.permissions, sets):
        who = "integration" if grant.installation else "personal access token"
        raise ApiError(403, f"Resource not accessible by {who}")


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
    """A repository that the asker has the role in. Raises ApiError: 404 unseen, 403 too little."""
    repo = current_forge().forge_state.repo(f"{owner}/{name}")
    mine = current_forge().forge_state.role(repo, grant()) if repo else "none"
    if repo is None or mine == "none":
        raise ApiError(404, "Not Found")
    if ROLES.index(mine) < ROLES.index(role):
        raise ApiError(403, "Resource not accessible by personal access token")
    return repo


def grant() -> Grant:
    """What the present request's token allows."""
    signed_in: Grant = g.grant
    return signed_in


def find_pull(repo: Repo, number: int) -> Pull:
    """A pull request by its number. Raises ApiError where there is none."""
    if number not in repo.pulls:
        raise ApiError(404, "Not Found")
    return repo.pulls[number]


def me() -> User:
    """The user who asks."""
    user: User = g.user
    return user


def body_of(*required: str) -> dict[str, Any]:
    """The request's JSON. Raises ApiError where it lacks one of these fields."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ApiError(400, "Problems parsing JSON")
    missing = [field for field in required if body.get(field) in (None, "")]
    if missing:
        raise ApiError(422, f"Validation Failed: {missing[0]} is missing")
    return body


def page(items: Sequence[Any], key: str = "", **around: Any) -> Response:
    """One page of items, with GitHub's Link header; under a key of an object where the API has it so."""
    per_page = max(1, min(MOST, request.args.get("per_page", PAGE, type=int)))
    number = max(1, request.args.get("page", 1, type=int))
    last = max(1, -(-len(items) // per_page))
    page_rows = list(items[(number - 1) * per_page : number * per_page])
    answer = jsonify(around | {"total_count": len(items), key: page_rows} if key else page_rows)
    links = [("next", number + 1), ("last", last)] if number < last else []
    links += [("prev", number - 1), ("first", 1)] if number > 1 else []
    link_values = [f'<{_url(page=target, per_page=per_page)}>; rel="{rel}"' for rel, target in links]
    if link_values:
        answer.headers["Link"] = ", ".join(link_values)
    return answer


def _url(**changed: int) -> str:
    arguments = request.args.to_dict() | {key: str(value) for key, value in changed.items()}
    return f"{current_forge().shapes.url}{request.path}?{urlencode(arguments)}"
