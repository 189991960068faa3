"""What is told while it happens: a log's lines, a run's rows; few streams at once, and none keeps a webhook out."""

import json
import threading
from collections.abc import Callable

import pytest

from bot.core.run import State
from bot.server.streams import Streams
from tests.server.house import House, a_row
from tests.server.reading import page_at

Event = tuple[str, str, object]


def events(text: str) -> list[Event]:
    """(kind, id, content) of each."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in lines:
            found.append((lines["event"], lines["id"], json.loads(lines["data"])))
    return found


def place(house: House, state: State = State.RUNNING) -> str:
    row = a_row("r1", state=state)
    house.add_run("r1", row, state=State.DONE if state.ended else state)
    return row.project.place


def written(house: House, text: str) -> None:
    path = house.doors.log_path("r1", "infra/network:default")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as log:
        log.write(text)


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house()


def told(house: House, query: str = "", **headers: str) -> list[Event]:
    answer = house.get(f"/runs/r1/log/events?place=infra/network:default{query}", headers=headers)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    return events(answer.text)


def test_an_ended_log_is_told_from_where_the_page_ended(house: House) -> None:
    place(house, State.DONE)
    written(house, "one\ntwo\nthree")
    assert told(house, "&from=4") == [("log", "13", {"text": "two\nthree", "left_out": 0}), ("end", "13", None)]


def test_a_browser_that_comes_again_goes_on_where_it_was(house: House) -> None:
    place(house, State.DONE)
    written(house, "one\ntwo\n")
    assert told(house, "&from=0", **{"Last-Event-ID": "4"})[0] == ("log", "8", {"text": "two\n", "left_out": 0})


@pytest.mark.parametrize("where", ["-1", "x", "9" * 30, "٣"])
def test_a_place_that_is_none_is_the_beginning(house: House, where: str) -> None:
    place(house, State.DONE)
    written(house, "one\n")
    assert told(house, f"&from={where}")[0] == ("log", "4", {"text": "one\n", "left_out": 0})


def test_lines_are_told_as_they_come(house: House) -> None:
    place(house)
    written(house, "begin\nhalf a li")
    with house.session.get(
        f"{house.address}/runs/r1/log/events?place=infra/network:default",
        headers={"Authorization": "Bearer correct horse battery staple"},
        stream=True,
        timeout=20,
    ) as answer:
        lines = answer.iter_lines(decode_unicode=True)
        assert next(line for line in lines if line.startswith("data")) == 'data: {"text": "begin\\n", "left_out": 0}'
        written(house, "ne\n")
        assert (
            next(line for line in lines if line.startswith("data")) == 'data: {"text": "half a line\\n", "left_out": 0}'
        )


def test_what_is_far_behind_is_left_out_and_said_so(house: House) -> None:
    place(house, State.DONE)
    written(house, "x" * 99 + "\n")
    written(house, ("y" * 99 + "\n") * 20_000)
    first = told(house)[0][2]
    assert isinstance(first, dict)
    assert first["left_out"] > 900_000


def test_colours_and_what_hides_are_taken_out(house: House) -> None:
    place(house, State.DONE)
    written(house, "\x1b[31mred\x1b[0m \u202eevil\x00\n")
    assert told(house)[0][2] == {"text": "red \ufffdevil\ufffd\n", "left_out": 0}


def test_rows_that_change_are_told_and_an_ended_run_says_so(house: House) -> None:
    place(house, State.DONE)
    assert events(house.get("/runs/r1/events").text) == [("end", "0", None)]
    house.add_run("r2", a_row("r2", state=State.RUNNING), state=State.RUNNING)
    assert events(house.get("/runs/r2/events").text) == [("rows", "1", None)]


def test_a_page_is_not_told_of_what_it_was_rendered_with(house: House) -> None:
    house.add_run("r1", a_row("r1", state=State.RUNNING), state=State.RUNNING)
    (address,) = (found for _, a in page_at(house, "/runs/r1").elements if (found := a.get("data-row-events")))
    assert events(house.get(address).text) == []
    assert events(house.get(address.replace("from=1", "from=0")).text) == [("rows", "1", None)]


@pytest.mark.parametrize("path", ["/runs/r1/events", "/runs/r1/log/events?place=infra/network:default"])
def test_streams_are_closed_to_strangers(house: House, path: str) -> None:
    place(house, State.DONE)
    assert house.get(path, token=None).status_code == 401


def test_a_run_or_place_that_is_not_there_is_not_found(house: House) -> None:
    assert house.get("/runs/none/events").status_code == 404
    assert house.get("/runs/none/log/events?place=x").status_code == 404


def test_however_many_watch_a_webhook_finds_a_thread(house: House) -> None:
    place(house)
    written(house, "begin\n")
    watchers = [threading.Thread(target=told, args=(house,)) for _ in range(12)]
    for watcher in watchers:
        watcher.start()
    assert house.deliver("d1").status_code == 202
    for watcher in watchers:
        watcher.join()


def test_one_stream_too_many_gets_what_there_is_and_does_not_wait() -> None:
    streams = Streams(1)
    first = streams.events(lambda at: None, "0")
    next(first)
    polls: list[str] = []
    assert list(streams.events(polls.append, "0")) == ["retry: 500\n\n"]
    assert polls == ["0"]
    first.close()
    second = streams.events(lambda at: None, "0")
    next(second)
    second.close()
