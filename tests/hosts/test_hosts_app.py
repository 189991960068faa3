"""The GitHub host as an App: how it signs in, and what it does when a token or an installation ends."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef, PullKey
from bot.core.pull import Role
from bot.hosts.github.rights import PERMISSIONS
from bot.steps.say.topics import say
from tests.git.listing import ls_remote
from tests.hosts.on_sandbox import MANIFEST, AppPlace, token_host


def test_an_app_is_the_bot_of_its_name(app_place: AppPlace) -> None:
    assert app_place.host().whoami() == f"{app_place.app['slug']}[bot]"


def test_one_token_serves_many_requests(app_place: AppPlace) -> None:
    host = app_place.host()
    repository = host.repository(app_place.place.repo)
    app_place.asked()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: host.open_pulls(repository), range(8)))
    assert not app_place.asked("/access_tokens")


def test_a_token_with_less_than_ten_minutes_left_is_renewed(app_place: AppPlace) -> None:
    app_place.place.forge.end_tokens(seconds=599)
    host = app_place.host()
    repository = host.repository(app_place.place.repo)
    app_place.asked()
    host.open_pulls(repository)
    host.remote(repository)
    assert len(app_place.asked("/access_tokens")) >= 2
    app_place.place.forge.end_tokens(seconds=660)
    host.open_pulls(repository)
    app_place.asked()
    host.open_pulls(repository)
    assert not app_place.asked("/access_tokens")


def test_a_token_that_ended_in_mid_run_is_renewed_and_the_request_repeated(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    say(host, pull.repository, pull.number, "plan", "one")
    app_place.place.forge.end_tokens()
    app_place.asked()
    say(host, pull.repository, pull.number, "apply:1", "two")
    plan = say(host, pull.repository, pull.number, "plan", "three")
    host.react(pull.repository, CommentRef(pull.key, plan.id), "eyes")
    assert len(app_place.asked("/access_tokens")) == 1
    bodies = [comment["body"].splitlines()[-1] for comment in app_place.place.alice.comments(app_place.place.repo, 1)]
    assert bodies == ["three", "two"]


def test_a_token_that_is_never_taken_is_asked_for_once_more_and_then_named(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    host.open_pulls(pull.repository)
    app_place.place.forge.faults(fail=[{"status": 401, "path": "/pulls", "times": 9}])
    app_place.asked()
    with pytest.raises(Transient, match="the App's token"):
        host.open_pulls(pull.repository)
    assert len(app_place.asked("/pulls")) == 2


def test_git_is_given_a_token_that_works(app_place: AppPlace) -> None:
    host = app_place.host()
    remote = host.remote(host.repository(app_place.place.repo))
    app_place.place.forge.end_tokens()
    assert ls_remote(remote).returncode
    host.repository(app_place.place.repo)  # whose 401 makes a new token
    fresh = host.remote(host.repository(app_place.place.repo))
    assert not ls_remote(fresh).returncode


def test_a_repository_that_the_app_was_not_given_is_refused_by_name(app_place: AppPlace) -> None:
    app_place.install(repos=["acme/other"])
    with pytest.raises(Refused, match=f"not installed at {app_place.place.repo}.*/apps/"):
        app_place.host().repository(app_place.place.repo)
    assert not app_place.host().repositories()


def test_a_suspended_installation_is_said_to_be_one(app_place: AppPlace) -> None:
    app_place.install(suspended_at="2026-01-02T03:04:05Z")
    with pytest.raises(Refused, match="let it work again"):
        app_place.host().repository(app_place.place.repo)
    assert not app_place.host("*").repositories()
    app_place.install(suspended_at=None)


def test_a_role_is_not_guessed_where_the_app_is_not_installed(app_place: AppPlace) -> None:
    host = app_place.host()
    repository = host.repository(app_place.place.repo)
    assert host.role(repository, "alice") is Role.ADMIN
    app_place.install(repos=["acme/other"])
    with pytest.raises(Transient):
        app_place.host().role(repository, "alice")


def test_an_app_that_is_installed_anew_is_found_again(app_place: AppPlace) -> None:
    host = app_place.host()
    repository = host.repository(app_place.place.repo)
    app_place.install(gone=True)
    app_place.install(repos=None)
    app_place.place.forge.end_tokens()
    with pytest.raises(Transient, match="installed anew"):
        host.open_pulls(repository)
    assert not host.open_pulls(repository)


def test_repositories_of_globs_come_from_the_installations(app_place: AppPlace) -> None:
    place = app_place.place
    place.forge.repository("elsewhere", "theirs", {})
    app_place.install(repos=[place.repo])
    assert [repository.name for repository in app_place.host("*").repositories()] == [place.repo]
    assert not app_place.host("*", f"!{place.repo}").repositories()


@pytest.mark.parametrize(
    ("permissions", "named"),
    [
        ({"checks": "read"}, "checks: write (it has read)"),
        ({"issues": "read"}, "issues: write"),
        ({"pull_requests": "none"}, "pull requests: write"),
        ({"contents": "read"}, "contents: write"),
        ({"statuses": "none"}, "statuses: read"),
    ],
)
def test_each_right_that_an_installation_lacks_is_named(
    app_place: AppPlace, permissions: dict[str, str], named: str
) -> None:
    host = app_place.host()
    repository = host.repository(app_place.place.repo)
    assert not host.missing_rights(repository)
    app_place.install(permissions=dict(PERMISSIONS) | permissions)
    [lacking] = host.missing_rights(repository)
    assert named in lacking


def test_each_event_that_is_not_sent_is_named(app_place: AppPlace) -> None:
    deaf = app_place.place.forge.app("acme", MANIFEST | {"name": "deaf", "default_events": ["push"]})
    app_place.place.forge.install(deaf["id"], "acme", repos=[app_place.place.repo])
    host = AppPlace(app_place.place, deaf).host()
    lacking = host.missing_rights(host.repository(app_place.place.repo))
    assert "the event issue_comment" in lacking
    assert "the event push" not in lacking


FINE = {"contents": "write", "pull_requests": "write", "issues": "write", "statuses": "write", "metadata": "read"}


@pytest.mark.parametrize(
    ("less", "named"),
    [
        ({}, ()),
        ({"contents": "read"}, ("contents: write",)),
        ({"pull_requests": "read", "statuses": "none"}, ("pull requests: write", "commit statuses: write")),
        ({"issues": "none", "pull_requests": "none"}, ("pull requests: write", "issues: write")),
    ],
)
def test_each_right_that_a_fine_grained_token_lacks_is_named(
    app_place: AppPlace, less: dict[str, str], named: tuple[str, ...]
) -> None:
    place = app_place.place
    host = token_host(place, place.forge.fine_token("gitops-bot", permissions=FINE | less))
    repository = host.repository(place.repo)
    place.forge.forget_requests()
    assert host.missing_rights(repository) == named
    assert not place.alice.pulls(place.repo)


def test_a_classic_token_without_the_scope_is_told_so(app_place: AppPlace) -> None:
    place = app_place.place
    host = token_host(place, place.forge.fine_token("gitops-bot", scopes="read:user"))
    assert host.missing_rights(host.repository(place.repo)) == ("the scope repo",)


def test_what_is_forbidden_names_the_rights_that_would_do(app_place: AppPlace) -> None:
    host = app_place.host()
    repository = host.repository(app_place.place.repo)
    app_place.install(permissions={"metadata": "read", "pull_requests": "read"})
    app_place.place.forge.end_tokens()
    with pytest.raises(Refused, match="issues=write or pull_requests=write"):
        host.react(repository, CommentRef(PullKey.of(repository.key, 1), "1"), "eyes")
