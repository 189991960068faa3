"""Check runs: made and changed by the App that they belong to, asked for again by people.

Called by the doors with the lock of the forge's state held.
"""

from collections.abc import Sequence
from typing import Any

from sandbox.forge.forge import ApiError, Forge
from sandbox.forge.state import App, CheckRun, Repo, User, now

CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
)
MOST_ANNOTATIONS = 50
LEVELS = ("notice", "warning", "failure")
REQUIRED_FIELDS = ("path", "start_line", "end_line", "annotation_level", "message")


def update(forge: Forge, repo: Repo, run: CheckRun, fields: dict[str, Any]) -> None:
    """Put into a check run what a request says; annotations are added. Raises ApiError where GitHub would refuse."""
    status, conclusion = fields.get("status", run.status), fields.get("conclusion")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise ApiError(422, "Invalid request. conclusion is not a member of the list")
    if status not in ("queued", "in_progress", "completed"):
        raise ApiError(422, "Invalid request. status is not a member of the list")
    if fields.get("status") == "completed" and conclusion is None:
        raise ApiError(422, "Invalid request. conclusion is missing")
    run.annotations += _annotations(fields.get("output"))
    run.status, run.conclusion = ("completed", conclusion) if conclusion else (status, None)
    run.completed_at = now() if run.status == "completed" else None
    run.details_url = fields.get("details_url", run.details_url)
    run.external_id = str(fields.get("external_id", run.external_id))
    if output := fields.get("output"):
        run.title, run.summary = output.get("title"), output["summary"]
    repo.check_runs[run.id] = run
    forge.forge_state.changes += 1


def _annotations(output: dict[str, Any] | None) -> list[dict[str, Any]]:
    if output is None:
        return []
    if not isinstance(output.get("title"), str) or not isinstance(output.get("summary"), str):
        raise ApiError(422, "Invalid request. output needs title and summary")
    if len(output["summary"]) > 65535:
        raise ApiError(422, "Invalid request. Only 65535 characters are allowed; summary has more")
    annotations: list[dict[str, Any]] = output.get("annotations") or []
    if len(annotations) > MOST_ANNOTATIONS:
        raise ApiError(422, f"Invalid request. No more than {MOST_ANNOTATIONS} items are allowed in annotations")
    for annotation in annotations:
        missing = [name for name in REQUIRED_FIELDS if annotation.get(name) in (None, "")]
        if missing or annotation["annotation_level"] not in LEVELS or annotation["end_line"] < annotation["start_line"]:
            raise ApiError(422, f"Invalid request. An annotation lacks or garbles {missing or annotation}")
    return list(annotations)


def latest(repo: Repo, sha: str, every: bool = False) -> list[CheckRun]:
    """Of each name and App the newest, or all; newest first."""
    newest: dict[tuple[object, ...], CheckRun] = {}
    for run in sorted((run for run in repo.check_runs.values() if run.head_sha == sha), key=lambda run: run.id):
        app_id = run.app.id if run.app else None
        newest[(app_id, run.name) if not every else (run.id,)] = run
    return sorted(newest.values(), key=lambda run: -run.id)


def rerequest(forge: Forge, repo: Repo, run: CheckRun, user: User) -> None:
    """Somebody presses `Re-run`: the run stays, and its App hears of it. Raises ApiError where there is none."""
    if run.app is None:
        raise ApiError(422, "This check run is not rerequestable")
    shape = shape_of(forge, repo, run)
    forge.send(repo, "check_run", user, run.app, action="rerequested", check_run=shape)


def rerequest_all(forge: Forge, repo: Repo, app: App, sha: str, user: User) -> None:
    """`Re-run all checks` of an App."""
    forge.send(repo, "check_suite", user, app, action="rerequested", check_suite=suite(forge, repo, app, sha))


def suite(forge: Forge, repo: Repo, app: App | None, sha: str) -> dict[str, Any]:
    """The check suite of an App at a commit, as JSON."""
    return {
        "id": int(sha[:8], 16) * 1000 + (app.id if app else 0) % 1000,
        "head_sha": sha,
        "app": app_shape(forge, app),
        "pull_requests": _pulls(forge, repo, sha),
    }


def shape_of(forge: Forge, repo: Repo, run: CheckRun) -> dict[str, Any]:
    """A check run as JSON."""
    url = f"{forge.shapes.api}/repos/{repo.full_name}/check-runs/{run.id}"
    return {
        "id": run.id,
        "node_id": f"CR_{run.id}",
        "name": run.name,
        "head_sha": run.head_sha,
        "status": run.status,
        "conclusion": run.conclusion,
        "details_url": run.details_url,
        "external_id": run.external_id,
        "url": url,
        "html_url": f"{forge.shapes.url}/{repo.full_name}/runs/{run.id}",
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": None,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "app": app_shape(forge, run.app),
        "check_suite": {"id": suite(forge, repo, run.app, run.head_sha)["id"]},
        "pull_requests": _pulls(forge, repo, run.head_sha),
    }


def app_shape(forge: Forge, app: App | None) -> dict[str, Any] | None:
    """An App as JSON; None for none."""
    if app is None:
        return None
    return {
        "id": app.id,
        "node_id": f"A_{app.id}",
        "slug": app.slug,
        "name": app.name,
        "owner": forge.shapes.account(app.owner),
        "external_url": forge.shapes.url,
        "html_url": f"{forge.shapes.url}/apps/{app.slug}",
        "permissions": app.permissions,
        "events": app.hook.events,
        "created_at": app.hook.created_at,
        "updated_at": app.hook.created_at,
        "description": None,
    }


def _pulls(forge: Forge, repo: Repo, sha: str) -> Sequence[dict[str, Any]]:
    """Open ones from the repository itself: GitHub does not tell those from forks."""
    return [
        {
            "id": pull.id,
            "number": pull.number,
            "url": f"{forge.shapes.api}/repos/{repo.full_name}/pulls/{pull.number}",
            "head": {"ref": pull.head, "sha": pull.head_sha, "repo": {"id": repo.id, "name": repo.name, "url": ""}},
            "base": {"ref": pull.base, "sha": pull.base_sha, "repo": {"id": repo.id, "name": repo.name, "url": ""}},
        }
        for pull in repo.pulls.values()
        if pull.state == "open" and pull.head_sha == sha and pull.head_repo is repo
    ]
