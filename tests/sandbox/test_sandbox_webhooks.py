"""Webhooks: signed, in order, kept, and delivered again under the same id."""

from collections.abc import Iterator

import pytest

from tests.sandbox.receiving import SECRET, Receiver, receiving
from tests.sandbox.running import Place, until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as box:
        yield box


def test_what_happens_is_told_signed_and_in_order(place: Place, receiver: Receiver) -> None:
    place.alice.add_hook(place.repo, receiver.url, SECRET)
    number = place.propose({"a.txt": "a\n"})
    place.alice.push(place.clone, {"a.txt": "b\n"}, "change", "Again")
    place.bob.comment(place.repo, number, "/plan")
    place.bob.approve(place.repo, number)
    place.bob.merge(place.repo, number)
    wanted = [
        "push",
        "pull_request opened",
        "push",
        "pull_request synchronize",
        "issue_comment created",
        "pull_request_review submitted",
        "pull_request closed",
        "push",
    ]
    until(lambda: len(receiver.received) >= len(wanted))
    assert receiver.names() == wanted
    assert all(one.signed for one in receiver.received)
    assert len({one.id for one in receiver.received}) == len(wanted)


def test_drafts_and_new_bases_are_told(place: Place, receiver: Receiver) -> None:
    place.alice.push(place.clone, {"b.txt": "b\n"}, "release", "Other base")
    number = place.propose({"a.txt": "a\n"}, draft=True)
    place.alice.add_hook(place.repo, receiver.url, SECRET)
    place.control("POST", f"/pulls/{number}/draft", login="alice", draft=False)
    place.alice.api("PATCH", f"/repos/{place.repo}/pulls/{number}", base="release")
    place.alice.api("PATCH", f"/repos/{place.repo}/pulls/{number}", title="Another title")
    place.alice.close(place.repo, number)
    place.alice.reopen(place.repo, number)
    until(lambda: len(receiver.received) >= 5)
    assert [name.removeprefix("pull_request ") for name in receiver.names()] == [
        "ready_for_review",
        "edited",
        "edited",
        "closed",
        "reopened",
    ]
    assert receiver.received[1].payload["changes"] == {"base": {"ref": {"from": "main"}}}
    assert "base" not in receiver.received[2].payload["changes"]


def test_a_delivery_is_sent_again_under_its_id(place: Place, receiver: Receiver) -> None:
    hook = place.alice.add_hook(place.repo, receiver.url, SECRET)
    receiver.status = 500
    place.propose({"a.txt": "a\n"})
    path = f"/repos/{place.repo}/hooks/{hook}/deliveries"
    until(lambda: [d for d in place.alice.api("GET", path) if d["status_code"] == 500][1:])
    newest = place.alice.api("GET", path)[0]
    receiver.status = 200
    place.alice.api("POST", f"{path}/{newest['id']}/attempts")
    until(lambda: len(receiver.received) >= 3)
    assert receiver.received[-1].id == receiver.received[-2].id == newest["guid"]
    assert receiver.received[-1].payload == receiver.received[-2].payload
    until(lambda: place.alice.api("GET", path)[0]["status_code"] == 200)


def test_lost_webhooks_are_listed_but_never_come(place: Place, receiver: Receiver) -> None:
    hook = place.alice.add_hook(place.repo, receiver.url, SECRET)
    number = place.propose({"a.txt": "a\n"})
    until(lambda: len(receiver.received) == 2)
    place.forge.faults(lose_webhooks=1)
    place.bob.comment(place.repo, number, "lost")
    place.bob.comment(place.repo, number, "found")
    until(lambda: len(receiver.received) == 3)
    assert receiver.received[-1].payload["comment"]["body"] == "found"
    listed = place.alice.api("GET", f"/repos/{place.repo}/hooks/{hook}/deliveries")
    assert [one["status_code"] for one in listed][:2] == [200, 0]


def test_only_events_asked_for_are_sent_and_a_dead_receiver_harms_nobody(place: Place, receiver: Receiver) -> None:
    dead = {"url": "http://127.0.0.1:1/", "secret": SECRET}
    alive = {"url": receiver.url, "secret": SECRET}
    place.alice.api("POST", f"/repos/{place.repo}/hooks", config=dead, events=["*"])
    place.alice.api("POST", f"/repos/{place.repo}/hooks", config=alive, events=["pull_request"])
    place.propose({"a.txt": "a\n"})
    until(lambda: receiver.received)
    assert receiver.names() == ["pull_request opened"]
