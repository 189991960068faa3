"""Comments and webhooks of a size, or in a number, that nobody writes by hand."""

import contextlib

import pytest
import requests

from tests.e2e.acting import ONE, bots_comments
from tests.e2e.shell import shell
from tests.hostile.deliveries import comment_payload, deliver
from tests.hostile.mischief import House, files

MEBIBYTE = 1024 * 1024
MORE = ONE.replace("one", "more")


def planned(house: House) -> int:
    number = house.propose(files({"sound/more.tf": MORE}))
    house.stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    return number


@pytest.mark.parametrize(
    "text",
    ["x" * 5 * MEBIBYTE, "/plan " + "x" * 5 * MEBIBYTE, "/plan\n" * MEBIBYTE, "> " * 2 * MEBIBYTE, "`" * 5 * MEBIBYTE]
    + ["<!--" * MEBIBYTE, "- \n" * 2 * MEBIBYTE, "/plan -p '" + "\\'" * 2 * MEBIBYTE, "\u202e" * MEBIBYTE],
    ids=[
        "words",
        "one long command",
        "a million commands",
        "quotes",
        "backticks",
        "comments",
        "a list",
        "an open quote",
    ]
    + ["marks that turn"],
)
def test_a_comment_of_five_megabytes_is_taken_and_holds_nobody_up(house: House, text: str) -> None:
    number = planned(house)
    comment = house.stage.alice.comment(house.stage.repo, number, "nothing")
    answer = deliver(house.stage, "issue_comment", comment_payload(house.stage, number, comment, text))
    assert answer.status_code == 202
    planned(house)


def test_a_webhook_over_the_limit_is_turned_away_and_the_next_one_is_taken(house: House) -> None:
    with contextlib.suppress(requests.ConnectionError):  # it may hang up before all has been sent
        assert deliver(house.stage, "issue_comment", b"x" * 26 * MEBIBYTE).status_code == 413
    assert deliver(house.stage, "ping", {"zen": "x"}).status_code == 202
    planned(house)


def test_a_webhook_just_under_the_limit_is_taken(house: House) -> None:
    payload = {"repository": {"full_name": "acme/other", "id": 1, "default_branch": "main", "private": False}}
    padded = payload | {"padding": "x" * 24 * MEBIBYTE}
    assert deliver(house.stage, "push", padded).status_code in (202, 400)


def test_of_thousands_of_commands_in_one_comment_twenty_are_taken_and_that_is_said(house: House) -> None:
    number = planned(house)
    body = "\n".join(f"/plan -p nosuch{n}" for n in range(3000))
    house.stage.alice.comment(house.stage.repo, number, body)
    house.stage.wait_for_comment(number, "a comment may hold 20 commands at most")
    house.stage.wait_for("all answers", lambda: len(bots_comments(house.stage, number)) >= 22)
    assert len(bots_comments(house.stage, number)) == 22


def test_one_command_a_thousand_times_is_one_command(house: House) -> None:
    number = planned(house)
    house.stage.alice.comment(house.stage.repo, number, "/plan\n" * 5000)
    house.stage.wait_for("its run", lambda: _plans(house, number) > 1)
    house.stage.alice.comment(house.stage.repo, number, "/help")
    house.stage.wait_for_comment(number, "/rollback")
    assert _plans(house, number) == 2


def _plans(house: House, number: int) -> int:
    return shell(house.stage, "runs", "--pull", f"{house.stage.repo}#{number}", "--json").count('"plan"')


def test_many_comments_at_once_are_all_answered(house: House) -> None:
    number = planned(house)
    for turn in range(30):
        house.stage.alice.comment(house.stage.repo, number, f"/plan -p nosuch{turn}")
    house.stage.wait_for("all answers", lambda: len(bots_comments(house.stage, number)) == 31)
