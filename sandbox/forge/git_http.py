"""git over smart HTTP through the real `git http-backend`, with tokens as passwords."""

import os
import subprocess
from pathlib import Path

from flask import Blueprint, Response, request

from sandbox.forge import repository
from sandbox.forge.current import current_forge
from sandbox.forge.rest.permissions import is_permitted
from sandbox.forge.state import ROLES, Grant, Repo, User

git_http = Blueprint("git_http", __name__)

CHALLENGE = {"WWW-Authenticate": 'Basic realm="sandbox"'}


@git_http.route("/<owner>/<name>.git/<path:rest>", methods=["GET", "POST"])
def _git(owner: str, name: str, rest: str) -> Response:
    forge = current_forge()
    with forge.forge_state.lock:
        repo = forge.forge_state.repo(f"{owner}/{name}")
        grant = forge.forge_state.grant_of(request.authorization.password or "") if request.authorization else None
        role = forge.forge_state.role(repo, grant) if repo else "none"
    pushing = rest == "git-receive-pack" or request.args.get("service") == "git-receive-pack"
    user = grant.user if grant else None
    refusal = _refusal(repo, grant, role, pushing)
    if refusal is not None or repo is None:
        return refusal or Response("Not Found", 404)
    if rest != "git-receive-pack":
        return _backend(repo, rest, user)
    with forge.forge_state.lock:
        before = repository.refs(repo)
        answer = _backend(repo, rest, user)
        if user:
            forge.record_push(repo, before, user)
    return answer


def _refusal(repo: Repo | None, grant: Grant | None, role: str, pushing: bool) -> Response | None:
    if grant is None and (pushing or repo is None or repo.private):
        return Response("Authentication required", 401, headers=CHALLENGE)
    needed = ("contents=write",) if pushing else ("contents=read",)
    if repo is None or role == "none" or (grant and not is_permitted(grant, needed) and repo.private):
        return Response("Repository not found.", 404)
    if pushing and (ROLES.index(role) < ROLES.index("write") or (grant and not is_permitted(grant, needed))):
        return Response("Write access to repository not granted.", 403)
    return None


def _backend(repo: Repo, rest: str, user: User | None) -> Response:
    body = request.get_data()
    env = repository.ENVIRONMENT | {
        "PATH": os.defpath + ":/usr/local/bin",
        "GIT_PROJECT_ROOT": str(repo.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{rest}",
        "QUERY_STRING": request.query_string.decode(),
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.content_type or "",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_USER": user.login if user else "",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    process = subprocess.run(
        ["git", "http-backend"], env=env, input=body, capture_output=True, cwd=Path("/"), check=False
    )
    head, _, content = process.stdout.partition(b"\r\n\r\n")
    headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if ": " in line]
    status = next((int(value.split()[0]) for key, value in headers if key == "Status"), 200 if process.stdout else 500)
    return Response(content, status, headers=[(key, value) for key, value in headers if key != "Status"])
