"""GitHub's REST API, as far as the bot and the people of the demo need it. Mounted under /api/v3."""

import subprocess
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request

from bot.sandbox import repository
from bot.sandbox.forge import Forge, Wrong
from bot.sandbox.state import ROLES, Hook, Pull, Repo, User

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


def _repo(owner: str, name: str, role: str = "read") -> Repo:
    repo = forge().world.repo(f"{owner}/{name}")
    if repo is None or repo.role(_me().login) == "none":
        raise Wrong(404, "Not Found")
    if ROLES.index(repo.role(_me().login)) < ROLES.index(role):
        raise Wrong(403, "Resource not accessible by personal access token")
    return repo


def _pull(repo: Repo, number: int) -> Pull:
    if number not in repo.pulls:
        raise Wrong(404, "Not Found")
    return repo.pulls[number]


def _me() -> User:
    user: User = g.user
    return user


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Wrong(400, "Problems parsing JSON")
    return body


def _page(items: Sequence[Any]) -> Response:
    """One page of items, with GitHub's Link header."""
    per_page = min(MOST, request.args.get("per_page", PAGE, type=int))
    page = max(1, request.args.get("page", 1, type=int))
    last = max(1, -(-len(items) // per_page))
    shown = list(items[(page - 1) * per_page : page * per_page])
    answer = jsonify(shown)
    links = [("next", page + 1), ("last", last)] if page < last else []
    links += [("prev", page - 1), ("first", 1)] if page > 1 else []
    words = [f'<{_url(page=number, per_page=per_page)}>; rel="{rel}"' for rel, number in links]
    if words:
        answer.headers["Link"] = ", ".join(words)
    return answer


def _url(**changed: int) -> str:
    arguments = request.args.to_dict() | {key: str(value) for key, value in changed.items()}
    return f"{forge().shapes.url}{request.path}?" + "&".join(f"{key}={value}" for key, value in arguments.items())


@rest.get("/user")
def _user() -> Response:
    return jsonify(forge().shapes.user(_me()))


@rest.get("/users/<login>")
def _somebody(login: str) -> Response:
    found = forge().world.users.get(login)
    if found is None:
        raise Wrong(404, "Not Found")
    return jsonify(forge().shapes.user(found))


@rest.get("/rate_limit")
def _rate_limit() -> Response:
    core = {"limit": 5000, "remaining": 5000, "reset": 0, "used": 0}
    return jsonify({"resources": {"core": core, "search": core, "graphql": core}, "rate": core})


@rest.get("/user/repos")
def _repos() -> Response:
    mine = [repo for repo in forge().world.repos.values() if repo.roles.get(_me().login, "none") != "none"]
    return _page([forge().shapes.repo(repo, _me()) for repo in mine])


@rest.get("/repos/<owner>/<name>")
def _repository(owner: str, name: str) -> Response:
    return jsonify(forge().shapes.repo(_repo(owner, name), _me()))


@rest.post("/repos/<owner>/<name>/forks")
def _fork(owner: str, name: str) -> tuple[Response, int]:
    parent, world = _repo(owner, name), forge().world
    path = world.directory / "repositories" / f"{_me().login}--{name}.git"
    fork = Repo(world.new_id(), _me().login, name, path, parent.private, parent.default_branch, parent=parent)
    repository.create(fork)
    head = repository.branch_sha(parent, parent.default_branch)
    if head:
        repository.bring(fork, parent, head, f"refs/heads/{parent.default_branch}")
    world.repos[fork.full_name.lower()] = fork
    return jsonify(forge().shapes.repo(fork, _me())), 202


@rest.get("/repos/<owner>/<name>/collaborators/<login>/permission")
def _permission(owner: str, name: str, login: str) -> Response:
    repo = _repo(owner, name, "write")
    user = forge().world.users.get(login)
    if user is None:
        raise Wrong(404, f"{login} is not a user")
    role = repo.role(login)
    coarse = {"triage": "read", "maintain": "write"}.get(role, role)
    return jsonify({"permission": coarse, "role_name": role, "user": forge().shapes.user(user)})


@rest.get("/repos/<owner>/<name>/branches/<path:branch>")
def _branch(owner: str, name: str, branch: str) -> Response:
    repo = _repo(owner, name)
    sha = repository.branch_sha(repo, branch)
    if sha is None:
        raise Wrong(404, "Branch not found")
    contexts = repo.required.get(branch, [])
    level = "everyone" if contexts else "off"
    checks = [{"context": context, "app_id": None} for context in contexts]
    required = {"enforcement_level": level, "contexts": contexts, "checks": checks}
    protection = {"enabled": bool(contexts), "required_status_checks": required}
    return jsonify(
        {"name": branch, "commit": {"sha": sha, "url": ""}, "protected": bool(contexts), "protection": protection}
    )


@rest.post("/repos/<owner>/<name>/git/refs")
def _make_ref(owner: str, name: str) -> tuple[Response, int]:
    repo, body = _repo(owner, name, "write"), _body()
    before = repository.refs(repo)
    repository.set_ref(repo, str(body["ref"]), str(body["sha"]))
    forge().pushed(repo, before, _me())
    return jsonify({"ref": body["ref"], "object": {"sha": body["sha"], "type": "commit"}}), 201


@rest.delete("/repos/<owner>/<name>/git/refs/<path:ref>")
def _delete_ref(owner: str, name: str, ref: str) -> tuple[str, int]:
    repo = _repo(owner, name, "write")
    before = repository.refs(repo)
    repository.git(repo.path, "update-ref", "-d", f"refs/{ref}")
    forge().pushed(repo, before, _me())
    return "", 204


@rest.get("/repos/<owner>/<name>/commits/<sha>")
def _commit(owner: str, name: str, sha: str) -> Response:
    return jsonify(_commit_shape(_repo(owner, name), sha))


@rest.get("/repos/<owner>/<name>/commits/<sha>/status")
def _combined(owner: str, name: str, sha: str) -> Response:
    repo = _repo(owner, name)
    latest = {status.context: status for status in repo.statuses.get(sha, [])}
    states = {status.state for status in latest.values()}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    shapes = [forge().shapes.status(repo, sha, status) for status in latest.values()]
    return jsonify({"state": state, "sha": sha, "total_count": len(shapes), "statuses": shapes})


@rest.get("/repos/<owner>/<name>/commits/<sha>/statuses")
def _statuses(owner: str, name: str, sha: str) -> Response:
    repo = _repo(owner, name)
    return _page([forge().shapes.status(repo, sha, status) for status in reversed(repo.statuses.get(sha, []))])


@rest.get("/repos/<owner>/<name>/commits/<sha>/check-runs")
def _check_runs(owner: str, name: str, sha: str) -> Response:
    runs = _repo(owner, name).check_runs.get(sha, [])
    return jsonify({"total_count": len(runs), "check_runs": runs})


@rest.post("/repos/<owner>/<name>/statuses/<sha>")
def _set_status(owner: str, name: str, sha: str) -> tuple[Response, int]:
    repo = _repo(owner, name, "write")
    return jsonify(forge().shapes.status(repo, sha, forge().status(repo, sha, _me(), _body()))), 201


@rest.get("/repos/<owner>/<name>/pulls")
def _pulls(owner: str, name: str) -> Response:
    repo = _repo(owner, name)
    wanted = request.args.get("state", "open")
    head, base = request.args.get("head"), request.args.get("base")
    pulls = [
        pull
        for pull in repo.pulls.values()
        if wanted in ("all", pull.state)
        and (base is None or pull.base == base)
        and (head is None or head == f"{pull.head_repo.owner if pull.head_repo else '?'}:{pull.head}")
    ]
    key = "updated_at" if request.args.get("sort") == "updated" else "number"
    descending = request.args.get("direction", "desc") == "desc"
    pulls.sort(key=lambda pull: (getattr(pull, key), pull.number), reverse=descending)
    return _page([forge().shapes.pull(repo, pull) for pull in pulls])


@rest.post("/repos/<owner>/<name>/pulls")
def _open(owner: str, name: str) -> tuple[Response, int]:
    repo = _repo(owner, name)
    return jsonify(forge().shapes.pull(repo, forge().open(repo, _me(), _body()))), 201


@rest.get("/repos/<owner>/<name>/pulls/<int:number>")
def _get_pull(owner: str, name: str, number: int) -> Response:
    repo = _repo(owner, name)
    return jsonify(forge().shapes.pull(repo, _pull(repo, number)))


@rest.patch("/repos/<owner>/<name>/pulls/<int:number>")
def _edit_pull(owner: str, name: str, number: int) -> Response:
    repo, body = _repo(owner, name), _body()
    pull = _pull(repo, number)
    pull.title, pull.body = str(body.get("title", pull.title)), str(body.get("body", pull.body))
    if "base" in body and body["base"] != pull.base:
        forge().retarget(repo, pull, _me(), str(body["base"]))
    if "state" in body:
        forge().set_state(repo, pull, _me(), str(body["state"]))
    return jsonify(forge().shapes.pull(repo, pull))


@rest.get("/repos/<owner>/<name>/pulls/<int:number>/commits")
def _commits(owner: str, name: str, number: int) -> Response:
    repo = _repo(owner, name)
    pull = _pull(repo, number)
    fork = repository.git(repo.path, "merge-base", pull.base_sha, pull.head_sha, ok=(0, 1))
    if pull.merged:
        fork = repository.git(repo.path, "merge-base", f"{pull.merge_commit_sha}^", pull.head_sha, ok=(0, 1))
    shas = repository.git(repo.path, "rev-list", "--reverse", f"{fork}..{pull.head_sha}").split()[:250]
    return _page([_commit_shape(repo, sha) for sha in shas])


@rest.get("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def _reviews(owner: str, name: str, number: int) -> Response:
    repo = _repo(owner, name)
    pull = _pull(repo, number)
    return _page([forge().shapes.review(repo, pull, review) for review in pull.reviews])


@rest.post("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def _review(owner: str, name: str, number: int) -> Response:
    repo = _repo(owner, name)
    pull = _pull(repo, number)
    return jsonify(forge().shapes.review(repo, pull, forge().review(repo, pull, _me(), _body())))


@rest.put("/repos/<owner>/<name>/pulls/<int:number>/reviews/<int:id>/dismissals")
def _dismiss(owner: str, name: str, number: int, id: int) -> Response:
    repo = _repo(owner, name, "write")
    pull = _pull(repo, number)
    review = next((review for review in pull.reviews if review.id == id), None)
    if review is None:
        raise Wrong(404, "Not Found")
    forge().dismiss(repo, pull, review, _me())
    return jsonify(forge().shapes.review(repo, pull, review))


@rest.put("/repos/<owner>/<name>/pulls/<int:number>/merge")
def _merge(owner: str, name: str, number: int) -> Response:
    repo = _repo(owner, name, "write")
    try:
        landed = forge().merge(repo, _pull(repo, number), _me(), _body())
    except repository.Conflict as conflict:
        raise Wrong(405, "Pull Request is not mergeable") from conflict
    return jsonify({"sha": landed, "merged": True, "message": "Pull Request successfully merged"})


@rest.get("/repos/<owner>/<name>/issues/comments")
def _all_comments(owner: str, name: str) -> Response:
    repo, since = _repo(owner, name), request.args.get("since", "")
    comments = [comment for comment in repo.comments.values() if comment.updated_at >= since]
    key = "updated_at" if request.args.get("sort") == "updated" else "created_at"
    comments.sort(key=lambda comment: (getattr(comment, key), comment.id))
    if request.args.get("direction") == "desc":
        comments.reverse()
    return _page([forge().shapes.comment(repo, comment) for comment in comments])


@rest.get("/repos/<owner>/<name>/issues/<int:number>/comments")
def _comments(owner: str, name: str, number: int) -> Response:
    repo, since = _repo(owner, name), request.args.get("since", "")
    comments = [c for c in repo.comments.values() if c.number == number and c.updated_at >= since]
    return _page([forge().shapes.comment(repo, comment) for comment in comments])


@rest.post("/repos/<owner>/<name>/issues/<int:number>/comments")
def _add_comment(owner: str, name: str, number: int) -> tuple[Response, int]:
    repo = _repo(owner, name)
    comment = forge().comment(repo, number, _me(), str(_body().get("body", "")))
    return jsonify(forge().shapes.comment(repo, comment)), 201


@rest.route("/repos/<owner>/<name>/issues/comments/<int:id>", methods=["GET", "PATCH", "DELETE"])
def _comment(owner: str, name: str, id: int) -> Response | tuple[str, int]:
    repo = _repo(owner, name)
    comment = repo.comments.get(id)
    if comment is None:
        raise Wrong(404, "Not Found")
    if request.method != "GET" and comment.user is not _me():
        _repo(owner, name, "write")
    if request.method == "PATCH":
        forge().edit_comment(repo, comment, _me(), str(_body()["body"]))
    if request.method == "DELETE":
        del repo.comments[id]
        return "", 204
    return jsonify(forge().shapes.comment(repo, comment))


@rest.route("/repos/<owner>/<name>/issues/comments/<int:id>/reactions", methods=["GET", "POST"])
def _reactions(owner: str, name: str, id: int) -> Response | tuple[Response, int]:
    comment = _repo(owner, name).comments.get(id)
    if comment is None:
        raise Wrong(404, "Not Found")
    if request.method == "GET":
        return _page(comment.reactions)
    content = str(_body().get("content"))
    mine = [r for r in comment.reactions if r["content"] == content and r["user"]["login"] == _me().login]
    if mine:
        return jsonify(mine[0]), 200
    made = {"id": forge().world.new_id(), "content": content, "user": forge().shapes.user(_me())}
    comment.reactions.append(made)
    return jsonify(made), 201


@rest.route("/repos/<owner>/<name>/hooks", methods=["GET", "POST"])
def _hooks(owner: str, name: str) -> Response | tuple[Response, int]:
    repo = _repo(owner, name, "admin")
    if request.method == "GET":
        return _page([forge().shapes.hook(repo, hook) for hook in repo.hooks.values()])
    body = _body()
    hook = Hook(
        forge().world.new_id(), body["config"]["url"], body["config"].get("secret", ""), body.get("events") or ["push"]
    )
    repo.hooks[hook.id] = hook
    return jsonify(forge().shapes.hook(repo, hook)), 201


@rest.get("/repos/<owner>/<name>/hooks/<int:id>/deliveries")
def _deliveries(owner: str, name: str, id: int) -> Response:
    hook = _repo(owner, name, "admin").hooks[id]
    return _page(
        [{"id": d.id, "guid": d.guid, "event": d.event, "status_code": d.status} for d in reversed(hook.deliveries)]
    )


@rest.post("/repos/<owner>/<name>/hooks/<int:id>/deliveries/<int:delivery>/attempts")
def _redeliver(owner: str, name: str, id: int, delivery: int) -> tuple[Response, int]:
    hook = _repo(owner, name, "admin").hooks[id]
    forge().hooks.again(hook, next(d for d in hook.deliveries if d.id == delivery))
    return jsonify({}), 202


def _commit_shape(repo: Repo, sha: str) -> dict[str, Any]:
    try:
        facts = repository.git(repo.path, "show", "-s", "--format=%H%x00%an%x00%ae%x00%cn%x00%ce%x00%P%x00%B", sha)
    except subprocess.CalledProcessError as unknown:
        raise Wrong(422, f"No commit found for SHA: {sha}") from unknown
    full, author, author_email, committer, committer_email, parents, message = facts.split("\0", 6)
    world, shapes = forge().world, forge().shapes
    return {
        "sha": full,
        "url": f"{shapes.api}/repos/{repo.full_name}/commits/{full}",
        "html_url": f"{shapes.url}/{repo.full_name}/commit/{full}",
        "commit": {
            "message": message,
            "author": {"name": author, "email": author_email},
            "committer": {"name": committer, "email": committer_email},
        },
        "author": shapes.user(world.user_by_email(author_email)),
        "committer": shapes.user(world.user_by_email(committer_email)),
        "parents": [{"sha": parent} for parent in parents.split()],
    }
