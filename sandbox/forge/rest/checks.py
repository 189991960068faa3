"""Check runs and suites: made by Apps, read by all, asked for again."""

from flask import Response, jsonify, request

from sandbox.forge import checks
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.rest.commits import commit_shape
from sandbox.forge.rest.shared import body_of, find_repo, grant, me, page, rest
from sandbox.forge.state import App, CheckRun, Repo


@rest.get("/repos/<owner>/<name>/commits/<sha>/check-runs")
def _check_runs(owner: str, name: str, sha: str) -> Response:
    repo, arguments = find_repo(owner, name), request.args
    runs = checks.latest(repo, sha, every=arguments.get("filter") == "all")
    matching = [
        run
        for run in runs
        if arguments.get("check_name") in (None, run.name)
        and arguments.get("app_id") in (None, str(run.app.id if run.app else 0))
    ]
    return page([checks.shape_of(current_forge(), repo, run) for run in matching], "check_runs")


@rest.post("/repos/<owner>/<name>/check-runs")
def _make_check_run(owner: str, name: str) -> tuple[Response, int]:
    repo, body = find_repo(owner, name, "write"), body_of("name", "head_sha")
    commit_shape(repo, str(body["head_sha"]))
    run = CheckRun(current_forge().forge_state.new_id(), _own_app(), str(body["name"]), str(body["head_sha"]))
    checks.update(current_forge(), repo, run, body)
    return jsonify(checks.shape_of(current_forge(), repo, run)), 201


@rest.route("/repos/<owner>/<name>/check-runs/<int:id>", methods=["GET", "PATCH"])
def _check_run(owner: str, name: str, id: int) -> Response:
    repo, run = _find(owner, name, id)
    if request.method == "PATCH":
        if run.app is not _own_app():
            raise ApiError(403, f"Invalid app_id `{_own_app().id}` - check run can only be modified by its own App.")
        checks.update(current_forge(), repo, run, body_of())
    return jsonify(checks.shape_of(current_forge(), repo, run))


@rest.get("/repos/<owner>/<name>/check-runs/<int:id>/annotations")
def _annotations(owner: str, name: str, id: int) -> Response:
    return page(_find(owner, name, id)[1].annotations)


@rest.post("/repos/<owner>/<name>/check-runs/<int:id>/rerequest")
def _rerequest(owner: str, name: str, id: int) -> tuple[Response, int]:
    repo, run = _find(owner, name, id)
    checks.rerequest(current_forge(), repo, run, me())
    return jsonify({}), 201


def _find(owner: str, name: str, id: int) -> tuple[Repo, CheckRun]:
    repo = find_repo(owner, name)
    if id not in repo.check_runs:
        raise ApiError(404, "Not Found")
    return repo, repo.check_runs[id]


def _own_app() -> App:
    installation = grant().installation
    if installation is None:
        raise ApiError(403, "You must authenticate via a GitHub App.")
    return installation.app
