"""Repositories, forks and branches that change under the bot, on a real Gitea."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import Refused, Transient
from bot.core.pull import CheckState, PullState, Repository, ReviewState, Status
from bot.ports import Host
from bot.steps.say.topics import say
from tests.git.listing import ls_remote
from tests.gitea.conftest import Hosts
from tests.gitea.people import BOT, KEEPER
from tests.gitea.running import Place
from tests.sandbox.running import until

DONE = Status("plan", CheckState.SUCCESS, "done")
LONG_AGO = datetime.now(UTC) - timedelta(days=1)


def renamed(place: Place) -> str:
    name = f"{place.repo.partition('/')[2]}-new"
    return str(place.person("alice").api("PATCH", place.path, name=name)["full_name"])


def fork(place: Place) -> tuple[int, str]:
    """A pull request of carol's from her fork; its number and the fork's name."""
    carol = place.person("carol")
    made = str(carol.api("POST", f"{place.path}/forks", name=f"fork-of-{place.repo.partition('/')[2]}")["full_name"])
    clone = place.clone.parent / "carol"
    carol.git(place.clone.parent, "clone", "--quiet", f"{carol.url}/{made}.git", str(clone))
    carol.git(clone, "checkout", "--quiet", "-b", "theirs")
    carol.commit(clone, {"README.md": "carol's\n"}, "From outside")
    carol.git(clone, "push", "--quiet", "origin", "theirs")
    pull = carol.api("POST", f"{place.path}/pulls", head=f"{made}:theirs", base="main", title="From outside")
    return int(pull["number"]), made


def test_a_renamed_repository_is_read_under_its_old_name(place: Place, host: Host, repository: Repository) -> None:
    number = place.open()
    name = renamed(place)
    found = host.repository(place.repo)
    assert (found.key, found.name) == (repository.key, name)
    assert host.pull(repository, number).repository == found
    assert [pull.number for pull in host.open_pulls(repository)] == [number]


def test_nothing_is_written_under_an_old_name(place: Place, host: Host, repository: Repository) -> None:
    pull = host.pull(repository, place.open())
    renamed(place)
    for write in (
        lambda: say(host, repository, pull.number, "plan", "words"),
        lambda: host.status(repository, pull.head.sha, DONE),
        lambda: host.merge(pull, "x"),
    ):
        with pytest.raises(Transient, match="another name"):
            write()
    now = host.pull(host.repository(place.repo), pull.number)
    assert now.state is PullState.OPEN
    assert say(host, now.repository, pull.number, "plan", "words")


def test_a_transferred_repository_keeps_its_key(place: Place, host: Host, repository: Repository) -> None:
    keeper, owner = place.person(KEEPER), f"{place.repo.partition('/')[0]}-new"
    keeper.api("POST", "/orgs", username=owner)
    keeper.api("POST", f"{place.path}/transfer", new_owner=owner)
    found = host.repository(place.repo)
    assert (found.key, found.name.partition("/")[0]) == (repository.key, owner)


def test_an_archived_repository_is_left_out_and_takes_no_writes(
    place: Place, hosts: Hosts, repository: Repository
) -> None:
    host, owner = hosts(repos=f"{place.repo.partition('/')[0]}/*"), place.repo
    pull = host.pull(repository, place.open())
    assert [one.name for one in host.repositories()] == [owner]
    place.person("alice").api("PATCH", place.path, archived=True)
    assert not host.repositories()
    assert not hosts(repos=owner).repositories()
    for write in (lambda: say(host, repository, pull.number, "plan", "words"), lambda: host.merge(pull, "x")):
        with pytest.raises(Refused, match="archived"):
            write()


def test_a_repository_that_we_may_no_longer_see_is_refused(place: Place, host: Host, repository: Repository) -> None:
    number = place.open()
    place.person(KEEPER).api("DELETE", f"{place.path}/collaborators/{BOT}")
    for read in (
        lambda: host.repository(place.repo),
        lambda: host.pull(repository, number),
        lambda: host.open_pulls(repository),
        lambda: say(host, repository, number, "plan", "words"),
    ):
        with pytest.raises(Refused, match="may not see it"):
            read()


def test_a_deleted_repository_is_refused_and_its_name_gives_another_key(
    place: Place, host: Host, repository: Repository
) -> None:
    keeper = place.person(KEEPER)
    keeper.api("DELETE", place.path)
    with pytest.raises(Refused, match="does not know"):
        host.repository(place.repo)
    owner, _, name = place.repo.partition("/")
    keeper.api("POST", f"/orgs/{owner}/repos", name=name, auto_init=True)
    place.give(BOT, "admin")
    assert host.repository(place.repo).key != repository.key


def test_a_pull_request_whose_fork_was_deleted_is_still_one_of_a_fork(
    place: Place, host: Host, repository: Repository
) -> None:
    number, name = fork(place)
    before = host.pull(repository, number)
    assert before.fork
    place.person("carol").api("DELETE", f"/repos/{name}")
    after = host.pull(repository, number)
    assert after.fork
    assert after.head.sha == before.head.sha
    assert after.author == "carol"


def test_a_fork_of_the_same_owner_and_branch_is_not_taken_for_ours(
    place: Place, host: Host, repository: Repository
) -> None:
    theirs, _ = fork(place)
    place.push("theirs", {"README.md": "ours\n"})
    assert host.open_pull(repository, "theirs", "main", "Ours", "").number != theirs


def test_a_pull_request_whose_branch_was_deleted_can_still_be_read(
    place: Place, host: Host, repository: Repository
) -> None:
    number = place.open()
    before = host.pull(repository, number)
    place.person("alice").git(place.clone, "push", "--quiet", "origin", ":change")
    after = until(lambda: (now := host.pull(repository, number)).state is not PullState.OPEN and now)
    assert after.head.sha == before.head.sha


def test_a_force_push_shows_as_another_head_and_voids_no_commit_of_a_review(
    place: Place, host: Host, repository: Repository
) -> None:
    number = place.open()
    before = host.pull(repository, number)
    place.person("bob").api("POST", f"{place.path}/pulls/{number}/reviews", event="APPROVED", body="good")
    alice = place.person("alice")
    alice.git(place.clone, "reset", "--quiet", "--hard", "main")
    sha = alice.commit(place.clone, {"README.md": "forced\n"}, "Something else")
    alice.git(place.clone, "push", "--quiet", "--force", "origin", "change")
    now = host.pull(repository, number)
    assert (now.head.sha, now.head.name) == (sha, "change")
    [review] = host.reviews(repository, number)
    assert (review.state, review.commit) == (ReviewState.APPROVED, before.head.sha)
    with pytest.raises(Refused, match="head out of date"):
        host.merge(before, "x")


def test_a_branch_that_asks_for_approvals_is_not_merged_without_even_by_an_admin(
    place: Place, host: Host, repository: Repository
) -> None:
    rule = {"rule_name": "main", "required_approvals": 1, "enable_push": True}
    place.person(KEEPER).api("POST", f"{place.path}/branch_protections", **rule)
    pull = host.pull(repository, place.open())
    with pytest.raises(Refused, match="approvals"):
        host.merge(pull, "x")
    place.person("bob").api("POST", f"{place.path}/pulls/{pull.number}/reviews", event="APPROVED", body="good")
    assert host.merge(pull, "x") == host.pull(repository, pull.number).merge_commit


def test_a_required_context_may_be_a_glob(place: Place, host: Host, repository: Repository) -> None:
    rule = {"rule_name": "main", "enable_status_check": True, "status_check_contexts": ["ci/{unit,l*}", "scan"]}
    place.person(KEEPER).api("POST", f"{place.path}/branch_protections", **rule)
    pull = host.pull(repository, place.open())
    for name, state in (("ci/unit", "success"), ("ci/lint", "warning"), ("other", "success")):
        place.person("bob").api("POST", f"{place.path}/statuses/{pull.head.sha}", context=name, state=state)
    assert [(check.name, check.state, check.required) for check in host.checks(pull)] == [
        ("ci/lint", CheckState.FAILURE, True),
        ("ci/unit", CheckState.SUCCESS, True),
        ("other", CheckState.SUCCESS, False),
        ("scan", CheckState.PENDING, True),
    ]


@pytest.mark.parametrize(
    ("style", "parents"), [("squash", 1), ("rebase", 1), ("rebase-merge", 2), ("fast-forward-only", 1)]
)
def test_a_merge_is_made_in_every_style(
    place: Place, host: Host, repository: Repository, style: str, parents: int
) -> None:
    keys = {"rebase": "allow_rebase", "rebase-merge": "allow_rebase_explicit", "squash": "allow_squash_merge"}
    keys |= {"merge": "allow_merge_commits", "fast-forward-only": "allow_fast_forward_only_merge"}
    allowed = {key: name == style for name, key in keys.items()}
    place.person("alice").api("PATCH", place.path, default_merge_style=style, **allowed)
    landed = host.merge(host.pull(repository, place.open()), "x")
    assert len(place.person("alice").api("GET", f"{place.path}/git/commits/{landed}")["parents"]) == parents


def test_a_draft_is_neither_mergeable_nor_in_conflict(place: Place, host: Host, repository: Repository) -> None:
    pull = host.pull(repository, place.open(title="WIP: Change"))
    assert (pull.draft, pull.mergeable) == (True, None)
    with pytest.raises(Refused, match="Work in progress"):
        host.merge(pull, "x")


def test_a_conflict_is_told_from_a_check_that_is_not_done(place: Place, host: Host, repository: Repository) -> None:
    number = place.open()
    assert host.pull(repository, number).mergeable is True
    place.push("main", {"README.md": "otherwise\ntwo\nthree\n"})
    assert until(lambda: host.pull(repository, number).mergeable is False)


def test_gits_credentials_are_for_one_repository_only(host: Host, repository: Repository) -> None:
    remote = host.remote(repository)
    listed = ls_remote(remote, url=remote.url.removesuffix(".git") + "-other.git")
    assert listed.returncode
    assert "could not read Username" in listed.stderr
