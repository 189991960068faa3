"""Merging in three styles, and what keeps a pull request from being merged."""

import pytest
import requests

from tests.sandbox.running import Place


def _refused(place: Place, number: int, sha: str | None = None) -> str:
    with pytest.raises(requests.HTTPError) as refused:
        place.bob.merge(place.repo, number, sha=sha)
    return str(refused.value)


@pytest.mark.parametrize(("method", "parents", "subjects"), [("merge", 2, 4), ("squash", 1, 2), ("rebase", 1, 3)])
def test_each_style_lands_as_on_github(place: Place, method: str, parents: int, subjects: int) -> None:
    number = place.propose({"a.txt": "a\n"})
    place.alice.push(place.clone, {"b.txt": "b\n"}, "change", "Second")
    landed = place.bob.merge(place.repo, number, method)
    pull = place.alice.pull(place.repo, number)
    assert (pull["merged"], pull["state"], pull["merge_commit_sha"]) == (True, "closed", landed)
    assert pull["merged_by"]["login"] == "bob"
    place.alice.git(place.clone, "fetch", "--quiet", "origin")
    assert place.alice.git(place.clone, "rev-parse", "origin/main") == landed
    assert len(place.alice.git(place.clone, "show", "-s", "--format=%P", landed).split()) == parents
    assert len(place.alice.git(place.clone, "log", "--format=%s", landed).splitlines()) == subjects
    assert {"a.txt", "b.txt"} <= set(place.alice.git(place.clone, "ls-tree", "--name-only", landed).splitlines())


def test_a_rebase_keeps_the_authors_and_their_messages(place: Place) -> None:
    place.alice.push(place.clone, {"main.txt": "x\n"}, "main", "Meanwhile")
    place.alice.git(place.clone, "checkout", "--quiet", "-b", "change", "HEAD^")
    place.alice.push(place.clone, {"a.txt": "a\n"}, "change", "First: with a colon\n\nand a body")
    number = place.alice.open_pull(place.repo, "change", "main", "Change")
    landed = place.bob.merge(place.repo, number, "rebase")
    place.alice.git(place.clone, "fetch", "--quiet", "origin")
    told = place.alice.git(place.clone, "show", "-s", "--format=%an %cn %B", landed)
    assert told == "alice bob First: with a colon\n\nand a body"


def test_a_pinned_merge_lands_only_at_its_head(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    old = place.head(number)
    place.alice.push(place.clone, {"a.txt": "b\n"}, "change", "Second")
    assert _refused(place, number, sha=old).startswith("409 ")
    place.bob.merge(place.repo, number, sha=place.head(number))


def test_a_conflict_is_not_mergeable(place: Place) -> None:
    number = place.propose({"README.md": "change\n"})
    place.alice.git(place.clone, "checkout", "--quiet", "main")
    place.alice.push(place.clone, {"README.md": "main\n"}, "main", "Otherwise")
    assert place.alice.pull(place.repo, number)["mergeable"] is False
    assert _refused(place, number).startswith("405 ")


def test_a_draft_is_not_mergeable_until_it_is_ready(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"}, draft=True)
    assert _refused(place, number).startswith("405 ")
    place.control("POST", f"/pulls/{number}/draft", login="alice", draft=False)
    place.bob.merge(place.repo, number)


def test_a_required_status_is_waited_for(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    place.control("PUT", "/required/main", contexts=["ci"])
    path = f"/repos/{place.repo}/statuses/{place.head(number)}"
    assert '"ci" is expected' in _refused(place, number).replace("\\", "")
    place.bob.api("POST", path, context="ci", state="failure")
    assert _refused(place, number).startswith("405 ")
    place.bob.api("POST", path, context="ci", state="success")
    place.bob.merge(place.repo, number)


def test_what_is_merged_or_closed_is_not_merged_again(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    place.bob.close(place.repo, number)
    assert _refused(place, number).startswith("405 ")
    place.bob.reopen(place.repo, number)
    place.bob.merge(place.repo, number)
    assert _refused(place, number).startswith("405 ")


def test_a_style_that_the_repository_forbids_is_refused(place: Place) -> None:
    place.control("PUT", "/methods", methods=["squash"])
    assert _refused(place, place.propose({"a.txt": "a\n"})).startswith("405 ")
