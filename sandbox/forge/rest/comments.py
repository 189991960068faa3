"""Comments on pull requests, and reactions to them."""

from flask import Response, jsonify, request

from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.shared import body_of, find_repo, me, page, rest
from sandbox.forge.state import REACTIONS, now


@rest.get("/repos/<owner>/<name>/issues/comments")
def _all_comments(owner: str, name: str) -> Response:
    repo, since = find_repo(owner, name), request.args.get("since", "")
    comments = [comment for comment in repo.comments.values() if comment.updated_at >= since]
    key = "updated_at" if request.args.get("sort") == "updated" else "created_at"
    comments.sort(key=lambda comment: (getattr(comment, key), comment.id))
    if request.args.get("direction") == "desc":
        comments.reverse()
    return page([current_forge().shapes.comment(repo, comment) for comment in comments])


@rest.get("/repos/<owner>/<name>/issues/<int:number>/comments")
def _comments(owner: str, name: str, number: int) -> Response:
    repo, since = find_repo(owner, name), request.args.get("since", "")
    comments = [c for c in repo.comments.values() if c.number == number and c.updated_at >= since]
    return page([current_forge().shapes.comment(repo, comment) for comment in comments])


@rest.post("/repos/<owner>/<name>/issues/<int:number>/comments")
def _add_comment(owner: str, name: str, number: int) -> tuple[Response, int]:
    repo = find_repo(owner, name)
    comment = current_forge().comment(repo, number, me(), str(body_of("body")["body"]))
    return jsonify(current_forge().shapes.comment(repo, comment)), 201


@rest.route("/repos/<owner>/<name>/issues/comments/<int:id>", methods=["GET", "PATCH", "DELETE"])
def _comment(owner: str, name: str, id: int) -> Response | tuple[str, int]:
    repo = find_repo(owner, name)
    comment = repo.comments.get(id)
    if comment is None:
        raise ApiError(404, "Not Found")
    if request.method != "GET" and comment.user is not me():
        find_repo(owner, name, "write")
    if request.method == "PATCH":
        current_forge().edit_comment(repo, comment, me(), str(body_of("body")["body"]))
    if request.method == "DELETE":
        current_forge().delete_comment(repo, comment, me())
        return "", 204
    return jsonify(current_forge().shapes.comment(repo, comment))


@rest.route("/repos/<owner>/<name>/issues/comments/<int:id>/reactions", methods=["GET", "POST"])
def _reactions(owner: str, name: str, id: int) -> Response | tuple[Response, int]:
    comment = find_repo(owner, name).comments.get(id)
    if comment is None:
        raise ApiError(404, "Not Found")
    if request.method == "GET":
        return page(comment.reactions)
    content = str(body_of("content")["content"])
    if content not in REACTIONS:
        raise ApiError(422, "Validation Failed: content")
    mine = [r for r in comment.reactions if r["content"] == content and r["user"]["login"] == me().login]
    if mine:
        return jsonify(mine[0]), 200
    id = current_forge().forge_state.new_id()
    reaction = {"id": id, "node_id": f"REA_{id}", "content": content, "user": current_forge().shapes.user(me())}
    reaction["created_at"] = now()
    comment.reactions.append(reaction)
    return jsonify(reaction), 201
