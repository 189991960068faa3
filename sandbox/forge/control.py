"""The hands of whoever runs the sandbox: make users and repositories, break things, see requests. Loopback only."""

import secrets
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from sandbox.forge import apps, checks, contents, repository
from sandbox.forge.current import current_forge
from sandbox.forge.faults import Faults
from sandbox.forge.forge import ApiError
from sandbox.forge.state import CheckRun, Grant, Repo, User

control = Blueprint("control", __name__, url_prefix="/_sandbox")


def _faults() -> Faults:
    faults: Faults = current_app.extensions["faults"]
    return faults


def _body() -> dict[str, Any]:
    body: dict[str, Any] = request.get_json()
    return body


def _repo(owner: str, name: str) -> Repo:
    repo = current_forge().forge_state.repo(f"{owner}/{name}")
    if repo is None:
        raise ApiError(404, "Not Found")
    return repo


def _user(login: str) -> User:
    return current_forge().forge_state.users[login]


@control.post("/users")
def _make_user() -> Response:
    body, forge_state = _body(), current_forge().forge_state
    login = body["login"]
    email = body.get("email") or f"{login}@users.example.test"
    user = forge_state.users.get(login) or User(
        forge_state.new_id(), login, body.get("name") or login, email, body.get("type") or "User"
    )
    forge_state.users[login] = user
    return jsonify({"login": login, "token": user.token, "email": user.email, "name": user.name})


@control.post("/repos")
def _make_repo() -> Response:
    body, forge_state = _body(), current_forge().forge_state
    owner, name = body["owner"], body["name"]
    path = forge_state.directory / "repositories" / f"{owner}--{name}.git"
    branch = body.get("default_branch") or "main"
    repo = Repo(
        forge_state.new_id(),
        owner,
        name,
        path,
        bool(body.get("private")),
        branch,
        roles=body.get("collaborators") or {},
    )
    repository.create(repo)
    forge_state.repos[repo.full_name.lower()] = repo
    return jsonify(current_forge().shapes.repo(repo))


@control.put("/repos/<owner>/<name>/collaborators/<login>")
def _set_role(owner: str, name: str, login: str) -> Response:
    _repo(owner, name).roles[login] = _body()["role"]
    return jsonify({})


@control.put("/repos/<owner>/<name>/required/<branch>")
def _require(owner: str, name: str, branch: str) -> Response:
    """`contexts` that a merge needs; `apps` are the ids of those that must say them, by context."""
    body = _body()
    _repo(owner, name).required[branch] = {
        context: (body.get("apps") or {}).get(context) for context in body["contexts"]
    }
    return jsonify({})


@control.put("/repos/<owner>/<name>/methods")
def _methods(owner: str, name: str) -> Response:
    _repo(owner, name).methods = tuple(_body()["methods"])
    return jsonify({})


@control.post("/repos/<owner>/<name>/pulls/<int:number>/draft")
def _draft(owner: str, name: str, number: int) -> Response:
    repo, body = _repo(owner, name), _body()
    current_forge().set_draft(repo, repo.pulls[number], _user(body["login"]), bool(body["draft"]))
    return jsonify({})


@control.post("/repos/<owner>/<name>/check-runs/<sha>")
def _check_run(owner: str, name: str, sha: str) -> Response:
    """Somebody else's: of no App that the sandbox knows."""
    body, repo = _body(), _repo(owner, name)
    run = CheckRun(current_forge().forge_state.new_id(), None, body["name"], sha, "completed", body.get("conclusion"))
    repo.check_runs[run.id] = run
    return jsonify(checks.shape_of(current_forge(), repo, run))


@control.post("/apps")
def _make_app() -> Response:
    """An App with its key, as the manifest in `manifest` says."""
    body, forge_state = _body(), current_forge().forge_state
    app, key = apps.create_app(forge_state, body["owner"], body["manifest"])
    return jsonify({"id": app.id, "slug": app.slug, "pem": key, "webhook_secret": app.hook.secret})


@control.put("/apps/<int:id>/installations/<account>")
def _install(id: int, account: str) -> Response:
    """Install or change: `repos` (full names, null: all), `permissions`, `suspended_at`; `gone` removes it."""
    body, forge_state = _body(), current_forge().forge_state
    existing = next((i for i in forge_state.installations.values() if i.app.id == id and i.account == account), None)
    installation = (
        existing
        if existing and "repos" not in body
        else apps.install(forge_state, forge_state.apps[id], account, body.get("repos"))
    )
    forge_state.installations[installation.id] = apps.with_changes(installation, body)
    if body.get("gone"):
        del forge_state.installations[installation.id]
    return jsonify({"id": installation.id})


@control.put("/tokens")
def _tokens() -> Response:
    """How long installations' tokens last from now on (`seconds`); those that there are end at once."""
    current_forge().forge_state.token_seconds = float(_body().get("seconds", 3600))
    apps.revoke_tokens(current_forge().forge_state)
    return jsonify({})


@control.post("/users/<login>/tokens")
def _fine_token(login: str) -> Response:
    """A token of a user with `permissions` (fine-grained) or `scopes` (classic)."""
    body, forge_state = _body(), current_forge().forge_state
    token = f"sandbox_{secrets.token_hex(16)}"
    forge_state.grants[token] = Grant(_user(login), body.get("permissions"), body.get("scopes", ""))
    return jsonify({"token": token})


@control.post("/repos/<owner>/<name>/merge-group")
def _merge_group(owner: str, name: str) -> Response:
    """A merge queue's event that names no pull request."""
    body = _body()
    current_forge().merge_group(_repo(owner, name), body["sha"], _user(body["login"]))
    return jsonify({})


@control.put("/repos/<owner>/<name>/queues/<branch>")
def _queue(owner: str, name: str, branch: str) -> Response:
    """From now on the branch has a merge queue."""
    _repo(owner, name).queues.setdefault(branch, [])
    return jsonify({})


@control.post("/repos/<owner>/<name>/rename")
def _rename(owner: str, name: str) -> Response:
    repo, forge_state = _repo(owner, name), current_forge().forge_state
    del forge_state.repos[repo.full_name.lower()]
    repo.owner, repo.name = _body()["owner"], _body()["name"]
    forge_state.repos[repo.full_name.lower()] = repo
    return jsonify({})


@control.get("/repos/<owner>/<name>/contents")
def _contents(owner: str, name: str) -> Response:
    """All that happened there, as JSON that can be put back."""
    return jsonify(contents.dump(_repo(owner, name)))


@control.put("/repos/<owner>/<name>/contents")
def _put_contents(owner: str, name: str) -> Response:
    contents.restore(current_forge().forge_state, _repo(owner, name), _body())
    return jsonify({})


@control.delete("/repos/<owner>/<name>")
def _delete(owner: str, name: str) -> Response:
    """With all in it, and without a word to hooks."""
    repo = _repo(owner, name)
    del current_forge().forge_state.repos[repo.full_name.lower()]
    repository.delete(repo)
    return jsonify({})


@control.put("/faults")
def _set_faults() -> Response:
    body = _body()
    _faults().set(body)
    current_forge().hooks.losses_left = int(body.get("lose_webhooks", 0))
    return jsonify({})


@control.get("/requests")
def _requests() -> Response:
    return jsonify(list(_faults().requests))


@control.delete("/requests")
def _clear() -> Response:
    _faults().requests.clear()
    return jsonify({})
