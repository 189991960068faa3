"""Forges deliver events: what is true is recorded and answered at once, everything else is turned away."""

import logging
from pathlib import Path

import pytest

from bot.core.event import Pushed
from bot.store import deliveries
from tests.server.house import REPOSITORY, House, forge_signature


def _recorded(house: House) -> tuple:
    with house.doors.store.read() as tx:
        return deliveries.pending(tx)


def test_a_true_delivery_is_recorded_and_wakes_the_intake(house):
    assert house.deliver("d1").status_code == 202
    assert _recorded(house) == (("forge:d1", Pushed(REPOSITORY, "main", "c" * 40)),)
    assert house.woken.is_set()


def test_a_delivery_that_comes_again_is_accepted_and_recorded_once(house):
    assert [house.deliver("d1").status_code for _ in range(3)] == [202, 202, 202]
    assert len(_recorded(house)) == 1


def test_a_delivery_of_no_interest_is_accepted_and_not_recorded(house):
    assert house.deliver("d1", sha=None).status_code == 202
    assert _recorded(house) == ()
    assert not house.woken.is_set()


def test_deliveries_are_recorded_while_the_engine_stands_still(open_house):
    house = open_house(unready_reason=lambda: "the engine is stopping")
    assert house.deliver("d1").status_code == 202
    assert len(_recorded(house)) == 1


def test_a_wrong_signature_is_turned_away_in_one_sentence(house):
    answer = house.deliver("d1", signature="0" * 64)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text == "The signature is missing or is not made with our secret.\n"
    assert _recorded(house) == ()


def test_neither_bodies_nor_signatures_reach_the_log(house, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        house.deliver("d1", sha="e5e5e5e5")
        house.deliver("d2", signature="f6f6f6f6")
    assert "d1" in caplog.text
    assert "e5e5e5e5" not in caplog.text
    assert "f6f6f6f6" not in caplog.text


def test_a_body_that_nobody_can_read_is_a_bad_request(house):
    headers = {"X-Delivery": "d1", "X-Signature": forge_signature(b"{")}
    assert house.post("/webhooks/forge", data=b"{", headers=headers).status_code == 400


def test_a_forge_that_we_do_not_know_is_not_found(house):
    assert house.post("/webhooks/other", data=b"{}").status_code == 404


def test_a_large_delivery_is_taken(house):
    body = b'{"sha": "1"}'.ljust(25 * 1024 * 1024)
    headers = {"X-Delivery": "d1", "X-Signature": forge_signature(body)}
    assert house.post("/webhooks/forge", data=body, headers=headers).status_code == 202


def test_a_body_over_25_mib_is_turned_away(house):
    assert house.post("/webhooks/forge", data=bytes(25 * 1024 * 1024 + 1)).status_code == 413


def test_a_webhook_needs_no_token_and_takes_only_posts(house):
    assert house.get("/webhooks/forge").status_code == 405


def test_a_server_under_a_path_hears_webhooks_with_and_without_it(open_house, tmp_path: Path):
    house = open_house(url="https://example.org/bot/")
    assert house.post("/bot/webhooks/other").status_code == 404
    assert house.post("/webhooks/forge").status_code == 401
    assert house.post("/bot/webhooks/forge").status_code == 401
    assert house.get("/").headers["Location"] == "/bot/runs"
