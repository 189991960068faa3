"""Is it alive, is it ready, what does it measure; and that it ends without dropping anybody."""

import re
import threading

import pytest
import requests

from bot.core.errors import Refused
from bot.core.run import Lock, State
from bot.server.app import create_app
from bot.server.serve import Server
from bot.store import comment_slots, locks
from tests.server.house import NOW, PROJECT, PULL, REPOSITORY, House, a_row

PROXIED = {"X-Forwarded-For": "192.0.2.1"}


def _metrics(house: House) -> dict[str, float]:
    text = house.get("/metrics", token=None).text
    return {name: float(value) for name, value in re.findall(r"^(gitops_bot_\S+) (\S+)$", text, re.MULTILINE)}


def test_the_process_lives_whether_it_is_ready_or_not(open_house):
    house = open_house(unready_reason=lambda: "the engine is stopping")
    assert house.get("/healthz", token=None).status_code == 200


def test_ready_or_why_not(open_house):
    reasons = [None, "the engine is stopping"]
    house = open_house(unready_reason=lambda: reasons[-1])
    answer = house.get("/readyz", token=None)
    assert (answer.status_code, answer.text) == (503, "the engine is stopping\ncage: bubblewrap\n")
    reasons.pop()
    answer = house.get("/readyz", token=None)
    assert (answer.status_code, answer.text) == (200, "ok\ncage: bubblewrap\n")


def test_metrics_tell_of_deliveries_runs_rows_locks_and_comments(house):
    house.deliver("d1")
    house.deliver("d1")
    house.deliver("d2", sha=None)
    house.deliver("d3", signature="no")
    house.add_run("r1", a_row("r1", state=State.RUNNING), state=State.RUNNING)
    house.add_run("r2", a_row("r2"))
    with house.doors.store.begin() as tx:
        locks.take(tx, [Lock(REPOSITORY.key, "infra/db:default", PULL.key, "alice", NOW)])
        comment_slots.request_version(tx, "plan", PULL.key)
    measured = _metrics(house)
    for name, value in (
        ('deliveries_total{host="forge",result="recorded"}', 1),
        ('deliveries_total{host="forge",result="known"}', 1),
        ('deliveries_total{host="forge",result="ignored"}', 1),
        ('deliveries_total{host="forge",result="refused"}', 1),
        ('runs{kind="plan",state="running"}', 1),
        ('runs{kind="plan",state="done"}', 1),
        ('open_rows{state="running"}', 1),
        ('open_rows{state="queued"}', 0),
        ("locks", 1),
        ("unsaid_topics", 1),
        ("waiting_deliveries", 1),
        ("frozen", 0),
    ):
        assert measured[f"gitops_bot_{name}"] == value, name
    assert any(name.startswith("gitops_bot_build_info{version=") for name in measured)
    assert measured['gitops_bot_cage{kind="bubblewrap"}'] == 1


def test_two_applications_in_one_process_measure_apart(open_house):
    one, other = open_house(), open_house()
    one.deliver("d1")
    assert not any(name.startswith("gitops_bot_deliveries_total") for name in _metrics(other))


def test_metrics_are_for_this_machine_and_for_the_token(house):
    assert house.get("/metrics", token=None).status_code == 200
    assert house.get("/metrics", token=None, headers=PROXIED).status_code == 401
    assert house.get("/metrics", headers=PROXIED).status_code == 200


def test_a_server_that_closes_finishes_what_it_has_begun(open_house):
    begun, go_on = threading.Event(), threading.Event()
    answers: list[requests.Response] = []

    def slow() -> None:
        begun.set()
        assert go_on.wait(20)

    house = open_house(unready_reason=slow)
    asking = threading.Thread(target=lambda: answers.append(requests.get(f"{house.address}/readyz", timeout=20)))
    asking.start()
    assert begun.wait(20)
    closing = threading.Thread(target=house.server.close)
    closing.start()
    _wait_until_refused(house)
    assert answers == []
    go_on.set()
    asking.join(20)
    closing.join(20)
    assert [answer.status_code for answer in answers] == [200]
    assert not closing.is_alive()


def test_a_server_that_closes_sends_the_rest_of_a_long_answer(house):
    house.add_run("r1", a_row("r1"))
    path = house.doors.log_path("r1", PROJECT.place)
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(30_000_000))
    with house.get(f"/runs/r1/log.txt?place={PROJECT.place}", stream=True) as answer:
        closing = threading.Thread(target=house.server.close)
        closing.start()
        _wait_until_refused(house)
        assert len(answer.content) == 30_000_000
    closing.join(20)
    assert not closing.is_alive()


def test_closing_twice_and_closing_what_never_ran_is_fine(house):
    for _ in range(2):
        house.server.close()
    idle = Server(create_app(house.doors), "127.0.0.1:0")
    idle.close()
    idle.close()
    idle.run()


def test_an_address_that_is_taken_is_refused_in_words(house):
    with pytest.raises(Refused, match="cannot listen on 127.0.0.1"):
        Server(create_app(house.doors), f"127.0.0.1:{house.server.port}")


def test_every_way_to_write_an_address_is_understood(house):
    for listen in (":0", "127.0.0.1:0", "localhost:0", "0.0.0.0:0"):
        server = Server(create_app(house.doors), listen)
        assert server.port > 0
        server.close()


def _wait_until_refused(house: House) -> None:
    for _ in range(1000):
        try:
            requests.get(f"{house.address}/healthz", timeout=20)
        except requests.ConnectionError:
            return
    pytest.fail("it goes on listening")
