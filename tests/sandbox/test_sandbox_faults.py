"""Bad days on request: slow, failing before or after the effect, asking to wait, down."""

import pytest
import requests

from tests.sandbox.running import Place


def _fails(place: Place, number: int, body: str) -> requests.Response:
    with pytest.raises(requests.HTTPError) as refused:
        place.bob.comment(place.repo, number, body)
    return refused.value.response


def test_a_fault_before_keeps_the_effect_from_happening_and_one_after_loses_the_answer(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    for kind in ("before", "after"):
        place.forge.faults(fail=[{"method": "POST", "path": "/comments$", "status": 502, "kind": kind}])
        assert _fails(place, number, kind).status_code == 502
    assert [comment["body"] for comment in place.alice.comments(place.repo, number)] == ["after"]
    place.bob.comment(place.repo, number, "used up")


def test_a_limit_names_its_time(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    place.forge.faults(fail=[{"status": 403, "retry_after": 7, "times": 2}])
    for _ in range(2):
        answer = _fails(place, number, "x")
        assert (answer.status_code, answer.headers["Retry-After"]) == (403, "7")
        assert "secondary rate limit" in answer.json()["message"]
    place.bob.comment(place.repo, number, "again")


def test_a_fault_hits_only_what_it_names(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    place.forge.faults(fail=[{"method": "GET", "path": "/pulls/", "times": 1}])
    place.bob.comment(place.repo, number, "not hit")
    with pytest.raises(requests.HTTPError):
        place.bob.pull(place.repo, number)
    place.bob.pull(place.repo, number)


def test_down_is_down_until_it_is_up_again(place: Place) -> None:
    place.forge.faults(down=True)
    for _ in range(2):
        with pytest.raises(requests.HTTPError, match="503"):
            place.alice.pulls(place.repo)
    place.forge.faults()
    assert place.alice.pulls(place.repo) == []


def test_a_slow_forge_is_slow_for_each_and_blocks_nobody(place: Place) -> None:
    pulls = f"{place.forge.url}/api/v3/repos/{place.repo}/pulls"
    credentials = {"Authorization": f"token {place.alice.token}"}
    place.forge.faults(latency_ms=5000)
    for _ in range(2):
        with pytest.raises(requests.ReadTimeout):
            requests.get(pulls, headers=credentials, timeout=1)
    place.forge.faults()
    assert requests.get(pulls, headers=credentials, timeout=20).ok


def test_requests_are_written_down(place: Place) -> None:
    place.forge.forget_requests()
    place.bob.pulls(place.repo)
    [seen] = place.forge.requests()
    assert (seen["method"], seen["path"], seen["status"], seen["user"]) == (
        "GET",
        f"/api/v3/repos/{place.repo}/pulls",
        200,
        "bob",
    )
