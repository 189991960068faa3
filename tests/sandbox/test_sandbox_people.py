"""Who may do what by the API, and how pull requests, reviews and comments answer."""

import pytest
import requests

from tests.sandbox.running import Place
from tests.staging import Person


def _status(person: Person, method: str, path: str, **json: object) -> int:
    with pytest.raises(requests.HTTPError) as refused:
        person.api(method, path, **json)
    return int(refused.value.response.status_code)


def test_nothing_is_shown_without_a_good_token(place: Place) -> None:
    path = f"{place.forge.url}/api/v3/repos/{place.repo}"
    for headers in ({}, {"Authorization": "token "}, {"Authorization": "token guessed"}, {"Authorization": "Basic x"}):
        assert requests.get(path, headers=headers, timeout=5).status_code == 401


def test_strangers_see_nothing_and_readers_change_nothing(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    path, head = f"/repos/{place.repo}", place.head(number)
    assert _status(place.mallory, "GET", path) == 404
    assert _status(place.mallory, "POST", f"{path}/issues/{number}/comments", body="x") == 404
    assert _status(place.carol, "PUT", f"{path}/pulls/{number}/merge") == 403
    assert _status(place.carol, "PATCH", f"{path}/pulls/{number}", state="closed") == 403
    assert _status(place.carol, "POST", f"{path}/statuses/{head}", state="success") == 403
    assert _status(place.carol, "GET", f"{path}/collaborators/bob/permission") == 403
    assert _status(place.bob, "GET", f"{path}/hooks") == 403
    comment = place.bob.comment(place.repo, number, "bob's")
    assert _status(place.carol, "PATCH", f"{path}/issues/comments/{comment}", body="mine now") == 403
    place.carol.comment(place.repo, number, "readers may talk")


def test_permissions_are_told_coarse_and_fine(place: Place) -> None:
    found = place.alice.api("GET", f"/repos/{place.repo}/collaborators/bob/permission")
    assert (found["permission"], found["role_name"]) == ("write", "maintain")
    assert _status(place.alice, "GET", f"/repos/{place.repo}/collaborators/nobody/permission") == 404


def test_nobody_approves_their_own_pull_request(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    path = f"/repos/{place.repo}/pulls/{number}/reviews"
    assert _status(place.alice, "POST", path, event="APPROVE") == 422
    assert _status(place.alice, "POST", path, event="REQUEST_CHANGES") == 422
    place.alice.review(place.repo, number, "COMMENT", "talking to myself")


def test_a_dismissed_review_says_so(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    review = place.bob.approve(place.repo, number)
    place.alice.api("PUT", f"/repos/{place.repo}/pulls/{number}/reviews/{review}/dismissals", message="no")
    [found] = place.alice.api("GET", f"/repos/{place.repo}/pulls/{number}/reviews")
    assert (found["state"], found["commit_id"]) == ("DISMISSED", place.head(number))


def test_a_comment_has_a_largest_size(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    path = f"/repos/{place.repo}/issues/{number}/comments"
    made = place.alice.comment(place.repo, number, "ä" * 65536)
    assert _status(place.alice, "POST", path, body="x" * 65537) == 422
    assert _status(place.alice, "PATCH", f"/repos/{place.repo}/issues/comments/{made}", body="x" * 65537) == 422
    assert _status(place.alice, "POST", path, body="") == 422


def test_what_makes_no_sense_is_refused_and_not_a_crash(place: Place) -> None:
    path = f"/repos/{place.repo}"
    for method, what, json in (
        ("POST", "/pulls", {"title": "x"}),
        ("POST", "/pulls", {"title": "x", "head": "nowhere", "base": "main"}),
        ("POST", "/pulls", {"title": "x", "head": "main", "base": "main"}),
        ("POST", "/statuses/" + "0" * 40, {"state": "success"}),
        ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": "0" * 39 + "1"}),
        ("GET", "/commits/" + "0" * 40, {}),
    ):
        assert _status(place.alice, method, path + what, **json) == 422
    for method, what in (("GET", "/pulls/99"), ("GET", "/hooks/9/deliveries"), ("GET", "/branches/nowhere")):
        assert _status(place.alice, method, path + what) == 404


def test_a_pull_request_from_a_fork_follows_the_fork(place: Place) -> None:
    for _ in range(2):
        place.carol.api("POST", f"/repos/{place.repo}/forks")
    fork = f"carol/{place.repo.partition('/')[2]}"
    clone = place.carol.clone(fork, place.directory / "carol")
    place.carol.push(clone, {"a.txt": "a\n"}, "theirs", "From outside")
    number = place.carol.open_pull(place.repo, "carol:theirs", "main", "From outside")
    newer = place.carol.push(clone, {"a.txt": "b\n"}, "theirs", "Again")
    pull = place.alice.pull(place.repo, number)
    assert (pull["head"]["sha"], pull["head"]["repo"]["full_name"], pull["head"]["repo"]["fork"]) == (newer, fork, True)
    place.bob.merge(place.repo, number)
    place.alice.git(place.clone, "pull", "--quiet", "origin", "main")
    assert (place.clone / "a.txt").read_text() == "b\n"


def test_lists_come_in_pages(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    for word in range(5):
        place.alice.comment(place.repo, number, f"word {word}")
    path = f"{place.forge.url}/api/v3/repos/{place.repo}/issues/{number}/comments?per_page=2"
    seen: list[str] = []
    while path:
        answer = requests.get(path, headers={"Authorization": f"Bearer {place.alice.token}"}, timeout=5)
        seen += [comment["body"] for comment in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
    assert seen == [f"word {word}" for word in range(5)]
