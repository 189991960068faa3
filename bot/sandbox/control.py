"""The hands of whoever runs the sandbox: make users and repositories, break things, see requests. Loopback only."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from bot.sandbox import repository
from bot.sandbox.faults import Faults
from bot.sandbox.forge import Forge, Wrong
from bot.sandbox.state import Repo, User

control = Blueprint("control", __name__, url_prefix="/_sandbox")


def _forge() -> Forge:
    found: Forge = current_app.extensions["forge"]
    return found


def _faults() -> Faults:
    found: Faults = current_app.extensions["faults"]
    return found


def _body() -> dict[str, Any]:
    body: dict[str, Any] = request.get_json()
    return body


def _repo(owner: str, name: str) -> Repo:
    repo = _forge().world.repo(f"{owner}/{name}")
    if repo is None:
        raise Wrong(404, "Not Found")
    return repo


def _user(login: str) -> User:
    return _forge().world.users[login]


@control.post("/users")
def _make_user() -> Response:
    body, world = _body(), _forge().world
    login = body["login"]
    email = body.get("email") or f"{login}@users.example.test"
    user = world.users.get(login) or User(
        world.new_id(), login, body.get("name") or login, email, body.get("type") or "User"
    )
    world.users[login] = user
    return jsonify({"login": login, "token": user.token, "email": user.email, "name": user.name})


@control.post("/repos")
def _make_repo() -> Response:
    body, world = _body(), _forge().world
    owner, name = body["owner"], body["name"]
    path = world.directory / "repositories" / f"{owner}--{name}.git"
    branch = body.get("default_branch") or "main"
    repo = Repo(
        world.new_id(), owner, name, path, bool(body.get("private")), branch, roles=body.get("collaborators") or {}
    )
    repository.create(repo)
    world.repos[repo.full_name.lower()] = repo
    return jsonify(_forge().shapes.repo(repo))


@control.put("/repos/<owner>/<name>/collaborators/<login>")
def _set_role(owner: str, name: str, login: str) -> Response:
    _repo(owner, name).roles[login] = _body()["role"]
    return jsonify({})


@control.put("/repos/<owner>/<name>/required/<branch>")
def _require(owner: str, name: str, branch: str) -> Response:
    _repo(owner, name).required[branch] = list(_body()["contexts"])
    return jsonify({})


@control.put("/repos/<owner>/<name>/methods")
def _methods(owner: str, name: str) -> Response:
    _repo(owner, name).methods = tuple(_body()["methods"])
    return jsonify({})


@control.post("/repos/<owner>/<name>/pulls/<int:number>/draft")
def _draft(owner: str, name: str, number: int) -> Response:
    repo, body = _repo(owner, name), _body()
    _forge().set_draft(repo, repo.pulls[number], _user(body["login"]), bool(body["draft"]))
    return jsonify({})


@control.post("/repos/<owner>/<name>/check-runs/<sha>")
def _check_run(owner: str, name: str, sha: str) -> Response:
    body = _body()
    run = {"id": _forge().world.new_id(), "head_sha": sha, "status": "completed"} | body
    _repo(owner, name).check_runs.setdefault(sha, []).append(run)
    return jsonify(run)


@control.post("/repos/<owner>/<name>/merge-group")
def _merge_group(owner: str, name: str) -> Response:
    body = _body()
    _forge().merge_group(_repo(owner, name), body["sha"], _user(body["login"]))
    return jsonify({})


@control.post("/repos/<owner>/<name>/rename")
def _rename(owner: str, name: str) -> Response:
    repo, world = _repo(owner, name), _forge().world
    del world.repos[repo.full_name.lower()]
    repo.owner, repo.name = _body()["owner"], _body()["name"]
    world.repos[repo.full_name.lower()] = repo
    return jsonify({})


@control.put("/faults")
def _set_faults() -> Response:
    body = _body()
    _faults().set(body)
    _forge().hooks.lose = int(body.get("lose_webhooks", 0))
    return jsonify({})


@control.get("/requests")
def _requests() -> Response:
    return jsonify(_faults().requests)


@control.delete("/requests")
def _clear() -> Response:
    _faults().requests.clear()
    return jsonify({})
