"""Webhooks: adding them, what they delivered, and delivering again."""

from flask import Response, jsonify, request

from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.shared import body_of, find_repo, page, rest
from sandbox.forge.state import Webhook


@rest.route("/repos/<owner>/<name>/hooks", methods=["GET", "POST"])
def _hooks(owner: str, name: str) -> Response | tuple[Response, int]:
    repo = find_repo(owner, name, "admin")
    if request.method == "GET":
        return page([current_forge().shapes.hook(repo, hook) for hook in repo.hooks.values()])
    body = body_of("config")
    config = body["config"]
    hook = Webhook(
        current_forge().forge_state.new_id(), config["url"], config.get("secret", ""), body.get("events") or ["push"]
    )
    repo.hooks[hook.id] = hook
    return jsonify(current_forge().shapes.hook(repo, hook)), 201


@rest.delete("/repos/<owner>/<name>/hooks/<int:id>")
def _remove(owner: str, name: str, id: int) -> tuple[str, int]:
    del find_repo(owner, name, "admin").hooks[_hook(owner, name, id).id]
    return "", 204


@rest.get("/repos/<owner>/<name>/hooks/<int:id>/deliveries")
def _deliveries(owner: str, name: str, id: int) -> Response:
    hook = _hook(owner, name, id)
    return page(
        [{"id": d.id, "guid": d.guid, "event": d.event, "status_code": d.status} for d in reversed(hook.deliveries)]
    )


@rest.post("/repos/<owner>/<name>/hooks/<int:id>/deliveries/<int:delivery>/attempts")
def _redeliver(owner: str, name: str, id: int, delivery: int) -> tuple[Response, int]:
    hook = _hook(owner, name, id)
    original = next((candidate for candidate in hook.deliveries if candidate.id == delivery), None)
    if original is None:
        raise ApiError(404, "Not Found")
    current_forge().hooks.redeliver(hook, original)
    return jsonify({}), 202


def _hook(owner: str, name: str, id: int) -> Webhook:
    hook = find_repo(owner, name, "admin").hooks.get(id)
    if hook is None:
        raise ApiError(404, "Not Found")
    return hook
