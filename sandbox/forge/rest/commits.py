"""Commits with their statuses."""

import subprocess
from typing import Any

from flask import Response, jsonify

from sandbox.forge import queue, repository
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.shared import body_of, find_repo, me, page, rest
from sandbox.forge.state import Repo


@rest.get("/repos/<owner>/<name>/commits/<sha>")
def _commit(owner: str, name: str, sha: str) -> Response:
    return jsonify(commit_shape(find_repo(owner, name), sha))


@rest.get("/repos/<owner>/<name>/commits/<sha>/status")
def _combined(owner: str, name: str, sha: str) -> Response:
    repo = find_repo(owner, name)
    latest = {status.context: status for status in repo.statuses.get(sha, [])}
    states = {status.state for status in latest.values()}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    shapes = [current_forge().shapes.status(repo, sha, status) for status in latest.values()]
    return page(shapes, "statuses", state=state, sha=sha, repository=current_forge().shapes.repo(repo))


@rest.get("/repos/<owner>/<name>/commits/<sha>/statuses")
def _statuses(owner: str, name: str, sha: str) -> Response:
    repo = find_repo(owner, name)
    return page([current_forge().shapes.status(repo, sha, status) for status in reversed(repo.statuses.get(sha, []))])


@rest.post("/repos/<owner>/<name>/statuses/<sha>")
def _set_status(owner: str, name: str, sha: str) -> tuple[Response, int]:
    repo = find_repo(owner, name, "write")
    commit_shape(repo, sha)
    created = current_forge().status(repo, sha, me(), body_of())
    queue.advance(current_forge(), repo, sha)
    return jsonify(current_forge().shapes.status(repo, sha, created)), 201


def commit_shape(repo: Repo, sha: str) -> dict[str, Any]:
    """A commit as JSON. Raises ApiError where there is none."""
    try:
        facts = repository.git(
            repo.path, "show", "-s", "--format=%H%x00%T%x00%an%x00%ae%x00%cn%x00%ce%x00%P%x00%B", sha
        )
    except subprocess.CalledProcessError as unknown:
        raise ApiError(422, f"No commit found for SHA: {sha}") from unknown
    full, tree, author, author_email, committer, committer_email, parents, message = facts.split("\0", 7)
    forge_state, shapes = current_forge().forge_state, current_forge().shapes
    return {
        "sha": full,
        "node_id": f"C_{full}",
        "url": f"{shapes.api}/repos/{repo.full_name}/commits/{full}",
        "html_url": f"{shapes.url}/{repo.full_name}/commit/{full}",
        "commit": {
            "message": message,
            "tree": {"sha": tree},
            "author": {"name": author, "email": author_email},
            "committer": {"name": committer, "email": committer_email},
        },
        "author": shapes.user(forge_state.user_by_email(author_email)),
        "committer": shapes.user(forge_state.user_by_email(committer_email)),
        "parents": [{"sha": parent} for parent in parents.split()],
    }
