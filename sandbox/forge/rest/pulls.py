"""Pull requests: opening, editing, their commits and reviews, merging."""

from flask import Response, jsonify, request

from sandbox.forge import repository
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.commits import commit_shape
from sandbox.forge.rest.shared import body_of, find_pull, find_repo, me, page, rest


@rest.get("/repos/<owner>/<name>/pulls")
def _pulls(owner: str, name: str) -> Response:
    repo = find_repo(owner, name)
    state = request.args.get("state", "open")
    head, base = request.args.get("head"), request.args.get("base")
    pulls = [
        pull
        for pull in repo.pulls.values()
        if state in ("all", pull.state)
        and (base is None or pull.base == base)
        and (head is None or head == f"{pull.head_repo.owner if pull.head_repo else '?'}:{pull.head}")
    ]
    key = "updated_at" if request.args.get("sort") == "updated" else "number"
    descending = request.args.get("direction", "desc") == "desc"
    pulls.sort(key=lambda pull: (getattr(pull, key), pull.number), reverse=descending)
    return page([current_forge().shapes.pull(repo, pull) for pull in pulls])


@rest.post("/repos/<owner>/<name>/pulls")
def _open(owner: str, name: str) -> tuple[Response, int]:
    repo = find_repo(owner, name)
    return jsonify(
        current_forge().shapes.pull(repo, current_forge().open_pull(repo, me(), body_of("title", "head", "base")))
    ), 201


@rest.get("/repos/<owner>/<name>/pulls/<int:number>")
def _get_pull(owner: str, name: str, number: int) -> Response:
    repo = find_repo(owner, name)
    return jsonify(current_forge().shapes.pull(repo, find_pull(repo, number)))


@rest.patch("/repos/<owner>/<name>/pulls/<int:number>")
def _edit_pull(owner: str, name: str, number: int) -> Response:
    repo, body = find_repo(owner, name), body_of()
    pull = find_pull(repo, number)
    if pull.user is not me():
        find_repo(owner, name, "write")
    if "title" in body or "body" in body:
        current_forge().edit_text(
            repo, pull, me(), str(body.get("title") or pull.title), str(body.get("body") or pull.body)
        )
    if "base" in body and body["base"] != pull.base:
        current_forge().retarget(repo, pull, me(), str(body["base"]))
    if "state" in body:
        current_forge().set_state(repo, pull, me(), str(body["state"]))
    return jsonify(current_forge().shapes.pull(repo, pull))


@rest.get("/repos/<owner>/<name>/pulls/<int:number>/commits")
def _commits(owner: str, name: str, number: int) -> Response:
    repo = find_repo(owner, name)
    pull = find_pull(repo, number)
    fork = repository.git(repo.path, "merge-base", pull.base_sha, pull.head_sha, ok=(0, 1))
    if pull.merged:
        fork = repository.git(repo.path, "merge-base", f"{pull.merge_commit_sha}^", pull.head_sha, ok=(0, 1))
    shas = repository.git(repo.path, "rev-list", "--reverse", f"{fork}..{pull.head_sha}").split()[:250]
    return page([commit_shape(repo, sha) for sha in shas])


@rest.get("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def _reviews(owner: str, name: str, number: int) -> Response:
    repo = find_repo(owner, name)
    pull = find_pull(repo, number)
    return page([current_forge().shapes.review(repo, pull, review) for review in pull.reviews])


@rest.post("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def _review(owner: str, name: str, number: int) -> Response:
    repo = find_repo(owner, name)
    pull = find_pull(repo, number)
    return jsonify(current_forge().shapes.review(repo, pull, current_forge().review(repo, pull, me(), body_of())))


@rest.put("/repos/<owner>/<name>/pulls/<int:number>/reviews/<int:id>/dismissals")
def _dismiss(owner: str, name: str, number: int, id: int) -> Response:
    repo = find_repo(owner, name, "write")
    pull = find_pull(repo, number)
    review = next((review for review in pull.reviews if review.id == id), None)
    if review is None:
        raise ApiError(404, "Not Found")
    current_forge().dismiss(repo, pull, review, me())
    return jsonify(current_forge().shapes.review(repo, pull, review))


@rest.put("/repos/<owner>/<name>/pulls/<int:number>/merge")
def _merge(owner: str, name: str, number: int) -> Response:
    repo = find_repo(owner, name, "write")
    try:
        merge_sha = current_forge().merge(repo, find_pull(repo, number), me(), body_of())
    except repository.Conflict as conflict:
        raise ApiError(405, "Pull Request is not mergeable") from conflict
    return jsonify({"sha": merge_sha, "merged": True, "message": "Pull Request successfully merged"})
