"""The forge's pages for people: what is open, and a pull request with everything one does on it."""

import subprocess
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.forge import checks, repository
from sandbox.forge.current import current_forge
from sandbox.forge.forge import ApiError
from sandbox.forge.markdown import render_markdown
from sandbox.forge.state import Pull, Repo, User

pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/_static")

ACTING = "acting_as"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def _find(owner: str, name: str, number: int) -> tuple[Repo, Pull]:
    repo = current_forge().forge_state.repo(f"{owner}/{name}")
    if repo is None or number not in repo.pulls:
        raise ApiError(404, "Not Found")
    return repo, repo.pulls[number]


def _acting_user(repo: Repo) -> User:
    """Who the reader acts as: chosen on the page, else the first who may write."""
    users = current_forge().forge_state.users
    chosen = users.get(request.cookies.get(ACTING, ""))
    people = [user for user in users.values() if user.type == "User"]
    return chosen or next((user for user in people if repo.role(user.login) != "none"), people[0])


@pages.after_request
def _add_policy(answer: Response) -> Response:
    """What a comment might smuggle in is not run, nor fetched."""
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


@pages.get("/")
def _home() -> str:
    forge_state = current_forge().forge_state
    return render_template("home.html", repos=list(forge_state.repos.values()), apps=list(forge_state.apps.values()))


@pages.get("/<owner>/<name>/pull/<int:number>")
def _pull(owner: str, name: str, number: int) -> str:
    repo, pull = _find(owner, name, number)
    return render_template("pull.html", **_page_fields(repo, pull))


@pages.get("/<owner>/<name>/pull/<int:number>/changes")
def _changes(owner: str, name: str, number: int) -> Response:
    """A number that is another when anything changed; the page asks for it."""
    return jsonify(current_forge().forge_state.changes)


@pages.post("/<owner>/<name>/pull/<int:number>")
def _act(owner: str, name: str, number: int) -> AnyResponse:
    repo, pull = _find(owner, name, number)
    answer = redirect(url_for("pages._pull", owner=owner, name=name, number=number))
    form = request.form
    if form.get("as"):
        answer.set_cookie(ACTING, form["as"], samesite="Strict")
        return answer
    try:
        target = _perform(repo, pull, _acting_user(repo), form.get("do", ""), form)
    except (ApiError, repository.Conflict, subprocess.CalledProcessError) as error:
        return Response(render_template("pull.html", **_page_fields(repo, pull, _reason(error))), 422)
    return redirect(target) if target else answer


def _reason(error: Exception) -> str:
    if isinstance(error, repository.Conflict):
        return f"There is a conflict in {', '.join(map(str, error.args))}."
    return str(error) if isinstance(error, ApiError) else "git cannot do that."


def _perform(repo: Repo, pull: Pull, me: User, action: str, form: Any) -> str | None:
    """Do what a button says; where to go next, if not back."""
    forge = current_forge()
    if action == "comment" and form.get("body", "").strip():
        forge.comment(repo, pull.number, me, form["body"].replace("\r\n", "\n"))
    elif action in ("approve", "request_changes"):
        forge.review(repo, pull, me, {"event": action.upper(), "body": form.get("body", "")})
    elif action in ("merge", "squash", "rebase"):
        _require_write(repo, me)
        forge.merge(repo, pull, me, {"merge_method": action})
    elif action in ("close", "reopen"):
        if me is not pull.user:
            _require_write(repo, me)
        forge.set_state(repo, pull, me, "closed" if action == "close" else "open")
    elif action == "rerun":
        _require_write(repo, me)
        _rerun(repo, pull, me, form.get("check", ""))
    elif action == "push":
        _require_write(repo, me)
        _push(repo, pull, me, form["path"], form["content"].replace("\r\n", "\n"))
    elif action == "revert":
        _require_write(repo, me)
        revert = _revert(repo, pull, me)
        return url_for("pages._pull", owner=repo.owner, name=repo.name, number=revert.number)
    return None


def _require_write(repo: Repo, me: User) -> None:
    if repo.role(me.login) not in ("write", "maintain", "admin"):
        raise ApiError(403, f"{me.login} may only read here")


def _rerun(repo: Repo, pull: Pull, me: User, check: str) -> None:
    """One check run by its id, or all of the Apps that have some on the head."""
    runs = checks.latest(repo, pull.head_sha)
    if check:
        checks.rerequest(current_forge(), repo, repo.check_runs[int(check)], me)
        return
    for app in {run.app.id: run.app for run in runs if run.app}.values():
        checks.rerequest_all(current_forge(), repo, app, pull.head_sha, me)


def _push(repo: Repo, pull: Pull, me: User, path: str, content: str) -> None:
    """One changed file on the pull's branch."""
    source = pull.head_repo or repo
    before = repository.refs(source)
    commit = repository.commit_file(source, pull.head_sha, path, content, me)
    repository.set_ref(source, f"refs/heads/{pull.head}", commit)
    current_forge().record_push(source, before, me)


def _revert(repo: Repo, pull: Pull, me: User) -> Pull:
    """GitHub's own button: a pull request with the inverse of what was merged."""
    base = repository.branch_sha(repo, pull.base) or ""
    commit = repository.commit_revert(repo, pull.merge_commit_sha or "", base, me)
    branch = f"revert-{pull.number}-{pull.head}"
    before = repository.refs(repo)
    repository.set_ref(repo, f"refs/heads/{branch}", commit)
    current_forge().record_push(repo, before, me)
    return current_forge().open_pull(repo, me, {"head": branch, "base": pull.base, "title": f'Revert "{pull.title}"'})


def _page_fields(repo: Repo, pull: Pull, refusal: str = "") -> dict[str, Any]:
    """Everything the page shows."""
    timeline: list[tuple[str, str, int, object]] = [
        ("comment", c.created_at, c.id, c) for c in repo.comments.values() if c.number == pull.number
    ]
    timeline += [("review", r.submitted_at, r.id, r) for r in pull.reviews]
    fork = repository.git(repo.path, "merge-base", pull.base_sha, pull.head_sha, ok=(0, 1, 128)) or pull.base_sha
    if pull.merged:
        fork = repository.git(repo.path, "rev-parse", f"{pull.merge_commit_sha}^")
    statuses = {status.context: status for status in repo.statuses.get(pull.head_sha, [])}
    return {
        "repo": repo,
        "pull": pull,
        "me": _acting_user(repo),
        "people": [user for user in current_forge().forge_state.users.values() if user.type == "User"],
        "timeline": [(kind, post) for kind, _, _, post in sorted(timeline, key=lambda row: (row[1], row[2]))],
        "checks": sorted(checks.latest(repo, pull.head_sha), key=lambda run: run.name),
        "statuses": sorted(statuses.values(), key=lambda status: status.context),
        "commits": repository.git(repo.path, "log", "--format=%h %an: %s", f"{fork}..{pull.head_sha}").splitlines(),
        "files": repository.git(repo.path, "diff", "--name-only", fork, pull.head_sha).splitlines(),
        "diff": repository.git(repo.path, "diff", fork, pull.head_sha).splitlines(),
        "all_files": repository.git(repo.path, "ls-tree", "-r", "--name-only", pull.head_sha).splitlines(),
        "changes": current_forge().forge_state.changes,
        "render_markdown": render_markdown,
        "refusal": refusal,
    }
