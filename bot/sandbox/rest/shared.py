"""What every subject of the REST API needs: who asks, what they may see, and lists in pages."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, jsonify, request

from bot.sandbox.forge import Forge, Wrong
from bot.sandbox.state import ROLES, Pull, Repo, User

rest = Blueprint("rest", __name__, url_prefix="/api/v3")

PAGE, MOST = 30, 100


def forge() -> Forge:
    found: Forge = current_app.extensions["forge"]
    return found


@rest.before_request
def _sign_in() -> None:
    word, _, token = request.headers.get("Authorization", "").partition(" ")
    if word.lower() not in ("token", "bearer") or not token:
        raise Wrong(401, "Requires authentication")
    user = forge().world.user_of(token.strip())
    if user is None:
        raise Wrong(401, "Bad credentials")
    g.user = user


def find_repo(owner: str, name: str, role: str = "read") -> Repo:
    repo = forge().world.repo(f"{owner}/{name}")
    if repo is None or repo.role(me().login) == "none":
        raise Wrong(404, "Not Found")
    if ROLES.index(repo.role(me().login)) < ROLES.index(role):
        raise Wrong(403, "Resource not accessible by personal access token")
    return repo


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
