"""Apps on the sandbox, by the public client library and by webhooks, as they are on GitHub."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from github import Auth, Github, GithubException, GithubIntegration

from tests.sandbox.receiving import Receiver, receiving
from tests.sandbox.running import Place, until
from tests.staging import ForgeClient

PERMISSIONS = {"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "statuses": "read"}
MANIFEST = {"name": "Test App", "default_permissions": PERMISSIONS, "default_events": ["pull_request"]}
OPTIONS: dict[str, Any] = {"seconds_between_requests": 0, "seconds_between_writes": 0, "retry": None}


@pytest.fixture(scope="module")
def app(sandbox: ForgeClient) -> Mapping[str, Any]:
    return sandbox.app("acme", MANIFEST)


@pytest.fixture
def integration(place: Place, app: Mapping[str, Any]) -> GithubIntegration:
    place.forge.end_tokens()
    place.forge.install(app["id"], "acme", repos=None)
    return GithubIntegration(auth=Auth.AppAuth(app["id"], app["pem"]), base_url=f"{place.forge.url}/api/v3", **OPTIONS)


@pytest.fixture
def github(place: Place, integration: GithubIntegration) -> Github:
    found = integration.get_repo_installation(*place.repo.split("/"))
    return Github(
        auth=integration.auth.get_installation_auth(found.id, requester=integration.requester),
        base_url=f"{place.forge.url}/api/v3",
        **OPTIONS,
    )


def signed(app: Mapping[str, Any], **changed: Any) -> str:
    now = int(time.time())
    return jwt.encode({"iat": now, "exp": now + 60, "iss": str(app["id"])} | changed, app["pem"], algorithm="RS256")


def status_of(place: Place, path: str, token: str) -> int:
    url = f"{place.forge.url}/api/v3{path}"
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def test_an_app_signs_in_and_sees_its_installations(integration: GithubIntegration, app: Mapping[str, Any]) -> None:
    assert (integration.get_app().slug, integration.get_app().id) == ("test-app", app["id"])
    [found] = integration.get_installations()
    assert found.permissions["checks"] == "write"


def test_a_signature_must_be_the_apps_own_and_young(place: Place, app: Mapping[str, Any]) -> None:
    other = place.forge.app("acme", MANIFEST | {"name": "another"})
    assert status_of(place, "/app", signed(app)) == 200
    assert status_of(place, "/app", signed(app | {"pem": other["pem"]})) == 401
    assert status_of(place, "/app", signed(app, exp=int(time.time()) - 1)) == 401
    assert status_of(place, "/app", signed(app, exp=int(time.time()) + 700)) == 401
    assert status_of(place, "/app", place.bot.token) == 401
    assert status_of(place, f"/repos/{place.repo}", signed(app)) == 401


def test_a_token_works_where_the_app_is_installed_and_until_it_ends(
    place: Place, integration: GithubIntegration, github: Github, app: Mapping[str, Any]
) -> None:
    assert github.get_repo(place.repo).full_name == place.repo
    elsewhere = place.forge.repository("elsewhere", "secret", {}, private=True)
    with pytest.raises(GithubException) as hidden:
        github.get_repo(elsewhere)
    assert hidden.value.status == 404
    place.forge.end_tokens(seconds=0.2)
    with pytest.raises(GithubException) as ended:
        github.get_repo(place.repo)
    assert ended.value.status == 401
    made = integration.get_access_token(integration.get_repo_installation(*place.repo.split("/")).id)
    assert made.expires_at < datetime.now(UTC) + timedelta(seconds=2)
    until(lambda: status_of(place, f"/repos/{place.repo}", made.token) == 401)


def test_what_the_app_may_not_is_refused_with_what_would_do(
    place: Place, github: Github, app: Mapping[str, Any]
) -> None:
    number = place.propose({"a.txt": "a\n"})
    place.forge.install(app["id"], "acme", permissions={"metadata": "read", "pull_requests": "read"})
    with pytest.raises(GithubException) as refused:
        github.get_repo(place.repo).get_pull(number).create_issue_comment("x")
    assert refused.value.status == 403
    assert (refused.value.headers or {})["x-accepted-github-permissions"] == "issues=write; pull_requests=write"


def test_a_check_run_is_made_ended_and_read(place: Place, github: Github) -> None:
    repo, sha = github.get_repo(place.repo), place.head(place.propose({"a.txt": "a\n"}))
    run = repo.create_check_run("lint", sha, status="in_progress")
    line = {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "hm"}
    for _ in range(2):
        run.edit(conclusion="neutral", output={"title": "t", "summary": "s", "annotations": [line]})
    [found] = repo.get_commit(sha).get_check_runs(check_name="lint")
    assert (found.conclusion, found.app.slug, found.output.annotations_count) == ("neutral", "test-app", 2)
    assert [annotation.path for annotation in found.get_annotations()] == ["a.txt", "a.txt"]
    repo.create_check_run("lint", sha)
    assert repo.get_commit(sha).get_check_runs().totalCount == 1
    assert repo.get_commit(sha).get_check_runs(filter="all").totalCount == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "completed"},
        {"conclusion": "fine"},
        {"output": {"title": "t", "summary": "s", "annotations": [{"path": "a.txt"}]}},
        {"output": {"summary": "s"}},
        {"output": {"title": "t", "summary": "s" * 65536}},
    ],
)
def test_a_check_run_that_github_would_not_take_is_refused(
    place: Place, github: Github, fields: dict[str, Any]
) -> None:
    sha = place.head(place.propose({"a.txt": "a\n"}))
    with pytest.raises(GithubException) as refused:
        github.get_repo(place.repo).create_check_run("lint", sha, **fields)
    assert refused.value.status == 422


def test_only_apps_make_check_runs_and_each_changes_its_own(place: Place, github: Github) -> None:
    sha = place.head(place.propose({"a.txt": "a\n"}))
    run = github.get_repo(place.repo).create_check_run("lint", sha)
    for method, path in (("POST", "/check-runs"), ("PATCH", f"/check-runs/{run.id}")):
        with pytest.raises(requests.HTTPError, match="403"):
            place.bob.api(method, f"/repos/{place.repo}{path}", name="lint", head_sha=sha)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as box:
        yield box


def test_an_app_hears_of_its_events_and_of_re_run_alone(place: Place, receiver: Receiver) -> None:
    both = [
        place.forge.app("acme", MANIFEST | {"name": f"hears {n}", "hook_attributes": {"url": receiver.url}})
        for n in (1, 2)
    ]
    installation = place.forge.install(both[0]["id"], "acme", repos=[place.repo])
    number = place.propose({"a.txt": "a\n"})
    place.bob.comment(place.repo, number, "not subscribed")
    until(lambda: receiver.received)
    auth = Auth.AppAuth(both[0]["id"], both[0]["pem"])
    url = f"{place.forge.url}/api/v3"
    own = GithubIntegration(auth=auth, base_url=url, **OPTIONS).get_github_for_installation(installation)
    own.get_repo(place.repo).create_check_run("lint", place.head(number))
    page = f"{place.forge.url}/{place.repo}/pull/{number}"
    requests.post(page, data={"do": "rerun"}, timeout=30).raise_for_status()
    until(lambda: len(receiver.received) >= 2)
    assert receiver.names() == ["pull_request opened", "check_suite rerequested"]
    told = receiver.received[1].payload
    assert told["installation"]["id"] == installation
    assert [pull["number"] for pull in told["check_suite"]["pull_requests"]] == [number]
    place.forge.install(both[0]["id"], "acme", gone=True)


def test_a_comment_is_minimized_and_shown_again(place: Place, github: Github) -> None:
    number = place.propose({"a.txt": "a\n"})
    comment = github.get_repo(place.repo).get_pull(number).create_issue_comment("old words")
    assert comment.minimize()
    page = requests.get(f"{place.forge.url}/{place.repo}/pull/{number}", timeout=30).text
    assert "marked as outdated" in page
    assert comment.unminimize()
    assert "marked as" not in requests.get(f"{place.forge.url}/{place.repo}/pull/{number}", timeout=30).text
    with pytest.raises(GithubException):
        comment.minimize("BORING")


def test_a_pulls_page_shows_checks_with_their_lines(place: Place, github: Github, app: Mapping[str, Any]) -> None:
    number = place.propose({"a.txt": "a\n"})
    line = {"path": "a.txt", "start_line": 3, "end_line": 3, "annotation_level": "failure", "message": "<b>wrong</b>"}
    output = {"title": "1 failed", "summary": "- `infra`", "annotations": [line]}
    github.get_repo(place.repo).create_check_run("plan", place.head(number), conclusion="failure", output=output)
    page = requests.get(f"{place.forge.url}/{place.repo}/pull/{number}", timeout=30).text
    for words in ("1 failed", "a.txt:3", "&lt;b&gt;wrong", "Re-run all checks", "Test App"):
        assert words in page
    assert "Test App" in requests.get(place.forge.url, timeout=30).text
    assert "checks: write" in requests.get(f"{place.forge.url}/apps/{app['slug']}", timeout=30).text
