"""The promises of the Host port, kept by every forge: what it reads."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef
from bot.core.own_comment import topic_of
from bot.core.pull import CheckState, PullState, ReviewState, Role
from bot.steps.say.topics import say
from tests.contract.acting import Ground
from tests.git.listing import ls_remote, ls_remote_as_nobody

SOON = timedelta(seconds=90)


def test_roles_are_read_live(ground: Ground) -> None:
    host, repository = ground.host(), ground.repository()
    given = {"alice": "admin", "bob": "maintain", "carol": "read"}
    for who, role in given.items():
        assert host.role(repository, who) is ground.roles[role]
    ground.give("carol", "triage")
    ground.give("bob", "write")
    assert [host.role(repository, who) for who in ("bob", "carol")] == [Role.WRITE, ground.roles["triage"]]


@pytest.mark.parametrize("nobody", ["mallory", "nobody-of-that-name", "ghost", "../../user"])
def test_nobody_in_particular_has_no_role(ground: Ground, nobody: str) -> None:
    assert ground.host().role(ground.repository(), nobody) is Role.NONE


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_role_that_cannot_be_read_is_never_guessed(ground: Ground, status: int) -> None:
    host, repository = ground.host(), ground.repository()
    ground.fail(status, times=9)
    with pytest.raises(Transient):
        host.role(repository, "alice")


def test_everyone_who_made_the_commits_is_a_contributor(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.push("change", {"bob.txt": "x"}, email="bob@users.example.test")
    found = host.contributors(pull.repository, pull.number)
    assert (found.logins, found.unknown) == ({"alice", "bob"}, ())


def test_a_co_author_is_a_contributor(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.push("change", {"x.txt": "x"}, message="Do\n\nCo-authored-by: Bob <7+bob@users.noreply.example.test>")
    assert host.contributors(pull.repository, pull.number).logins == {"alice", "bob"}


def test_a_co_author_is_found_by_an_ordinary_address(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.push("change", {"x.txt": "x"}, message="Do\n\nco-authored-by: B <BOB@users.example.test>")
    found = host.contributors(pull.repository, pull.number)
    assert (found.logins, found.unknown) == ({"alice", "bob"}, ())


@pytest.mark.parametrize("words", ["Bob <b@b.test>", "Bob", "<ob@users.example.test>", "Bob <bob@users>"])
def test_a_commit_with_a_co_author_whom_nobody_knows_is_named(ground: Ground, words: str) -> None:
    pull, host = ground.open(), ground.host()
    sha = ground.push("change", {"x.txt": "x"}, message=f"Do\n\nCo-authored-by: {words}")
    found = host.contributors(pull.repository, pull.number)
    assert (found.logins, found.unknown) == ({"alice"}, (sha[:7],))


def test_a_commit_under_an_unknown_address_is_named(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    sha = ground.push("change", {"x.txt": "x"}, email="who@nowhere.test")
    found = host.contributors(pull.repository, pull.number)
    assert (found.logins, found.unknown) == ({"alice"}, (sha[:7],))


def test_no_commit_is_overlooked_among_many_and_more_than_the_forge_lists_are_refused(ground: Ground) -> None:
    first = ground.push("change", {"x.txt": "x"}, email="who@nowhere.test")
    ground.many_commits("change", 251)
    pull, host = ground.open(), ground.host()
    if ground.most_commits is None:
        assert host.contributors(pull.repository, pull.number).unknown == (first[:7],)
        return
    with pytest.raises(Refused, match=str(ground.most_commits)):
        host.contributors(pull.repository, pull.number)


def test_a_required_check_that_nobody_reported_is_pending(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.require("ci", "lint")
    ground.status(pull.head.sha, "lint", "success")
    ground.status(pull.head.sha, "other", "error")
    ground.check_run(pull.head.sha, "scan", "timed_out")
    ground.check_run(pull.head.sha, "build", None)
    assert {check.name: (check.state, check.required) for check in host.checks(pull)} == {
        "ci": (CheckState.PENDING, True),
        "lint": (CheckState.SUCCESS, True),
        "other": (CheckState.FAILURE, False),
        "scan": (CheckState.FAILURE, False),
        "build": (CheckState.PENDING, False),
    }


def test_of_two_checks_of_one_name_the_worse_counts(ground: Ground) -> None:
    if not ground.check_runs:
        pytest.skip("a forge that has statuses only has one of a name")
    pull, host = ground.open(), ground.host()
    ground.status(pull.head.sha, "ci", "failure")
    ground.check_run(pull.head.sha, "ci", "success")
    assert [check.state for check in host.checks(pull)] == [CheckState.FAILURE]


def test_no_check_is_overlooked_among_many(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    for number in range(101):
        ground.check_run(pull.head.sha, f"job {number}", "success" if number < 100 else "failure")
        ground.status(pull.head.sha, f"ci {number}", "success" if number < 100 else "failure")
    failed = [check.name for check in host.checks(pull) if check.state is CheckState.FAILURE]
    assert failed == ["ci 100", "job 100"]


def test_reviews_say_which_commit_they_were_given_on(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    first = ground.review("bob", pull, "approve")
    newer = ground.push("change", {"x.txt": "x"})
    ground.review("bob", pull, "request_changes")
    ground.dismiss(pull, first)
    found = host.reviews(pull.repository, pull.number)
    assert [(review.author, review.state, review.commit) for review in found] == [
        ("bob", ReviewState.DISMISSED, pull.head.sha),
        ("bob", ReviewState.CHANGES_REQUESTED, newer),
    ]
    assert all(abs(review.at - datetime.now(UTC)) < SOON for review in found)


def test_the_forges_clock_is_told_without_asking_for_it(ground: Ground) -> None:
    host, pull = ground.host(), ground.open()
    written = ground.comment("alice", pull, "words")
    comment = host.comment(ground.repository(), CommentRef(pull.key, written))
    assert abs(host.now() - comment.at) < timedelta(minutes=2)


def test_comments_since_then_are_everybodys_and_ours(ground: Ground) -> None:
    pull, other, host = ground.open(), ground.open("other"), ground.host()
    say(host, pull.repository, pull.number, "plan", "ours")
    one = ground.comment("bob", pull, "/plan")
    two = ground.comment("carol", other, "/apply")
    own, *found = host.comments(pull.repository, datetime.now(UTC) - SOON)
    assert (own.ref.pull, own.author, topic_of(own.body)) == (pull.key, host.whoami(), "plan")
    assert [(comment.ref, comment.author, comment.body) for comment in found] == [
        (CommentRef(pull.key, one), "bob", "/plan"),
        (CommentRef(other.key, two), "carol", "/apply"),
    ]
    assert not host.comments(pull.repository, datetime.now(UTC) + SOON)
    assert host.comment(pull.repository, found[0].ref) == found[0]


def test_a_pull_request_from_a_fork_is_known_as_one(ground: Ground) -> None:
    assert ground.open().fork is False
    fork = ground.open_from_fork()
    assert (fork.fork, fork.author, fork.head.name) == (True, "carol", "theirs")


def test_open_pull_requests_are_listed_and_no_others(ground: Ground) -> None:
    still, gone, merged = ground.open("still"), ground.open("gone"), ground.open("merged")
    ground.close(gone)
    ground.merge_as("bob", merged)
    host, repository = ground.host(), ground.repository()
    assert [pull.number for pull in host.open_pulls(repository)] == [still.number]
    assert ground.again(merged).state is PullState.MERGED
    assert ground.again(gone).state is PullState.CLOSED


def test_git_reaches_the_repository_with_credentials_that_are_not_in_the_address(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    remote = host.remote(pull.repository)
    assert "@" not in remote.url
    ref = remote.pulls.format(number=pull.number)
    assert ls_remote_as_nobody(remote, ref).returncode
    assert ls_remote(remote, ref).stdout.split()[0] == pull.head.sha


def test_commits_that_we_make_are_known_to_the_forge_as_ours(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.push("change", {"x.txt": "x"}, email=host.remote(pull.repository).author[1])
    assert host.contributors(pull.repository, pull.number).logins == {"alice", host.whoami()}


def test_repositories_are_those_that_the_globs_allow(ground: Ground) -> None:
    def names(*globs: str) -> set[str]:
        return {repository.name for repository in ground.host(*globs).repositories()}

    assert ground.repo in names("acme/*")
    assert ground.repo not in names("acme/*", f"!{ground.repo}")
    assert names(ground.repo.upper()) == {ground.repo}
    assert names("other/*") == set()


def test_a_repository_that_the_forge_does_not_show_hides_no_other(ground: Ground) -> None:
    found = ground.host("acme/missing", ground.repo).repositories()
    assert [repository.name for repository in found] == [ground.repo]


def test_a_repository_that_is_not_allowed_is_refused(ground: Ground) -> None:
    with pytest.raises(Refused, match="REPOS"):
        ground.host("other/*").repository(ground.repo)
    with pytest.raises(Refused):
        ground.host("acme/*").repository("acme/missing")


def test_rights_that_our_credentials_lack_are_named(ground: Ground) -> None:
    host, repository = ground.host(), ground.repository()
    assert not host.missing_rights(repository)
    ground.give(host.whoami(), "read")
    assert "write" in " ".join(host.missing_rights(repository))


def test_reading_survives_a_hiccup(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.fail(502, times=2)
    assert host.pull(pull.repository, pull.number) == pull


def test_a_forge_that_asks_to_wait_is_not_waited_for_but_named(ground: Ground) -> None:
    host, repository = ground.host(), ground.repository()
    for status in (403, 429, 503):
        ground.fail(status, times=9, retry_after=600)
        with pytest.raises(Transient) as raised:
            host.open_pulls(repository)
        assert raised.value.after == 600


def test_a_forge_that_is_down_is_transient(ground: Ground) -> None:
    host, repository = ground.host(), ground.repository()
    ground.fail(503, times=99)
    with pytest.raises(Transient):
        host.open_pulls(repository)
    ground.mend()
    assert not host.open_pulls(repository)
