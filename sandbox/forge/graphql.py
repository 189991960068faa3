"""The little of GitHub's GraphQL that the bot sends: comments are folded away and back, pull requests are queued."""

import re
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.forge import queue
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.shared import grant, me, sign_in
from sandbox.forge.state import Comment, Pull, Repo

graphql = Blueprint("graphql", __name__, url_prefix="/api")

FIELD = re.compile(r"(?:(\w+)\s*:\s*)?\b((?:un)?minimizeComment|enqueuePullRequest)\s*\(\s*input:\s*\$(\w+)\s*\)")
HAS_QUEUE = re.compile(r"node\(\s*id:\s*\$(\w+)\s*\)\s*\{\s*\.\.\. on PullRequest")
CLASSIFIERS = ("ABUSE", "DUPLICATE", "OFF_TOPIC", "OUTDATED", "RESOLVED", "SPAM")

graphql.before_request(sign_in)


@graphql.post("/graphql")
def _answer() -> Response:
    """Each field by its alias; what is wrong comes with 200, as GraphQL has it."""
    body = request.get_json()
    variables: dict[str, Any] = body.get("variables") or {}
    payload: dict[str, Any] = {}
    try:
        for name in HAS_QUEUE.findall(str(body.get("query"))):
            payload["node"] = _queue_facts(*_find_pull(str(variables[name])))
        for alias, mutation, name in FIELD.findall(str(body.get("query"))):
            payload[alias or mutation] = _run_mutation(mutation, variables[name])
    except ApiError as error:
        kind = {403: "FORBIDDEN", 404: "NOT_FOUND"}.get(error.status, "UNPROCESSABLE")
        return jsonify({"data": None, "errors": [{"type": kind, "message": str(error)}]})
    if not payload:
        return jsonify(
            {"errors": [{"message": "The sandbox knows comments that are folded and pull requests that are queued"}]}
        )
    return jsonify({"data": payload})


def _run_mutation(mutation: str, input: dict[str, Any]) -> dict[str, Any]:
    if mutation == "enqueuePullRequest":
        return _enqueue(input)
    repo, comment = _find_comment(str(input.get("subjectId")))
    if current_forge().forge_state.role(repo, grant()) not in ("write", "maintain", "admin"):
        raise ApiError(403, "Resource not accessible by integration")
    if mutation == "minimizeComment" and input.get("classifier") not in CLASSIFIERS:
        raise ApiError(422, "classifier is no member of ReportedContentClassifiers")
    comment.minimized = str(input["classifier"]).lower() if mutation == "minimizeComment" else None
    current_forge().forge_state.changes += 1
    kind = "minimizedComment" if mutation == "minimizeComment" else "unminimizedComment"
    return {kind: {"isMinimized": bool(comment.minimized), "minimizedReason": comment.minimized}}


def _enqueue(input: dict[str, Any]) -> dict[str, Any]:
    repo, pull = _find_pull(str(input.get("pullRequestId")))
    if current_forge().forge_state.role(repo, grant()) not in ("write", "maintain", "admin"):
        raise ApiError(403, "Resource not accessible by integration")
    queue.enqueue(current_forge(), repo, pull, me(), input.get("expectedHeadOid"))
    return {"clientMutationId": input.get("clientMutationId")}


def _queue_facts(repo: Repo, pull: Pull) -> dict[str, Any]:
    entries = repo.queues.get(pull.base)
    is_in = any(entry.pull is pull for entry in entries or ())
    return {"isMergeQueueEnabled": entries is not None, "isInMergeQueue": is_in}


def _find_pull(node: str) -> tuple[Repo, Pull]:
    for repo in current_forge().forge_state.repos.values():
        for pull in repo.pulls.values():
            if f"PR_{pull.id}" == node:
                return repo, pull
    raise ApiError(404, f"Could not resolve to a node with the global id of '{node}'")


def _find_comment(node: str) -> tuple[Repo, Comment]:
    for repo in current_forge().forge_state.repos.values():
        for comment in repo.comments.values():
            if f"IC_{comment.id}" == node:
                return repo, comment
    raise ApiError(404, f"Could not resolve to a node with the global id of '{node}'")
