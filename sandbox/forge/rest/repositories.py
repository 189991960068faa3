"""Users, repositories, forks, roles, branches and refs."""

import subprocess

from flask import Response, jsonify, request

from sandbox.forge import repository
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.commits import commit_shape
from sandbox.forge.rest.shared import body_of, find_repo, me, page, rest
from sandbox.forge.state import Repo


@rest.get("/user")
def _user() -> Response:
    return jsonify(current_forge().shapes.user(me()))


@rest.get("/users/<login>")
def _somebody(login: str) -> Response:
    user = current_forge().forge_state.users.get(login)
    if user is None:
        raise ApiError(404, "Not Found")
    return jsonify(current_forge().shapes.user(user))


@rest.get("/search/users")
def _search_users() -> Response:
    """By a part of the address alone, as in `bob@example.test in:email`; everybody's is public here."""
    part = request.args.get("q", "").partition(" ")[0].casefold()
    users = [user for user in current_forge().forge_state.users.values() if part in user.email.casefold()]
    shapes = [{**(current_forge().shapes.user(user) or {}), "score": 1.0} for user in users]
    return jsonify({"total_count": len(shapes), "incomplete_results": False, "items": shapes})


@rest.get("/rate_limit")
def _rate_limit() -> Response:
    core = {"limit": 5000, "remaining": 5000, "reset": 0, "used": 0}
    return jsonify({"resources": {"core": core, "search": core, "graphql": core}, "rate": core})


@rest.get("/user/repos")
def _repos() -> Response:
    mine = [repo for repo in current_forge().forge_state.repos.values() if repo.roles.get(me().login, "none") != "none"]
    return page([current_forge().shapes.repo(repo, me()) for repo in mine])


@rest.get("/repos/<owner>/<name>")
def _repository(owner: str, name: str) -> Response:
    return jsonify(current_forge().shapes.repo(find_repo(owner, name), me()))


@rest.post("/repos/<owner>/<name>/forks")
def _fork(owner: str, name: str) -> tuple[Response, int]:
    parent, forge_state = find_repo(owner, name), current_forge().forge_state
    existing = forge_state.repo(f"{me().login}/{name}")
    if existing is not None:
        return jsonify(current_forge().shapes.repo(existing, me())), 202
    path = forge_state.directory / "repositories" / f"{me().login}--{name}.git"
    fork = Repo(forge_state.new_id(), me().login, name, path, parent.private, parent.default_branch, parent=parent)
    repository.create(fork)
    head = repository.branch_sha(parent, parent.default_branch)
    if head:
        repository.fetch_commit(fork, parent, head, f"refs/heads/{parent.default_branch}")
    forge_state.repos[fork.full_name.lower()] = fork
    return jsonify(current_forge().shapes.repo(fork, me())), 202


@rest.get("/repos/<owner>/<name>/collaborators/<login>/permission")
def _permission(owner: str, name: str, login: str) -> Response:
    repo = find_repo(owner, name, "write")
    user = current_forge().forge_state.users.get(login)
    if user is None:
        raise ApiError(404, f"{login} is not a user")
    role = repo.role(login)
    coarse = {"triage": "read", "maintain": "write"}.get(role, role)
    return jsonify(
        {
            "permission": coarse,
            "role_name": role,
            "user": (current_forge().shapes.user(user) or {}) | {"role_name": role},
        }
    )


@rest.get("/repos/<owner>/<name>/branches/<path:branch>")
def _branch(owner: str, name: str, branch: str) -> Response:
    repo = find_repo(owner, name)
    sha = repository.branch_sha(repo, branch)
    if sha is None:
        raise ApiError(404, "Branch not found")
    required_of = repo.required.get(branch, {})
    contexts = list(required_of)
    level = "everyone" if contexts else "off"
    checks = [{"context": context, "app_id": app} for context, app in required_of.items()]
    required = {"enforcement_level": level, "contexts": contexts, "checks": checks}
    protection = {"enabled": bool(contexts), "required_status_checks": required}
    return jsonify(
        {"name": branch, "commit": commit_shape(repo, sha), "protected": bool(contexts), "protection": protection}
    )


@rest.post("/repos/<owner>/<name>/git/refs")
def _make_ref(owner: str, name: str) -> tuple[Response, int]:
    repo, body = find_repo(owner, name, "write"), body_of("ref", "sha")
    before = repository.refs(repo)
    try:
        repository.set_ref(repo, str(body["ref"]), str(body["sha"]))
    except subprocess.CalledProcessError as wrong:
        raise ApiError(422, "Object does not exist") from wrong
    current_forge().record_push(repo, before, me())
    return jsonify({"ref": body["ref"], "object": {"sha": body["sha"], "type": "commit"}}), 201


@rest.delete("/repos/<owner>/<name>/git/refs/<path:ref>")
def _delete_ref(owner: str, name: str, ref: str) -> tuple[str, int]:
    repo = find_repo(owner, name, "write")
    before = repository.refs(repo)
    repository.git(repo.path, "update-ref", "-d", f"refs/{ref}")
    current_forge().record_push(repo, before, me())
    return "", 204
