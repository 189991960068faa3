"""Our comments are known by a mark in their first line, which nobody's words can end or forge."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.own_comment import OwnComment, end_of, mark, mark_end, recognise, topic_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
ENDED = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)


def test_a_mark_is_written_as_versions_before_wrote_it() -> None:
    assert mark("plan", "Plans") == '<!-- gitops-bot {"topic": "plan", "v": 1} -->\nPlans'


@pytest.mark.parametrize("topic", ["plan", "apply:r1", "answer:1:0", "odd --> topic", 'a "b"', "é"])
@pytest.mark.parametrize("body", ["", "Plans", "Plans\nof `db`\n", "<!-- more -->"])
def test_what_was_marked_is_recognised_with_what_it_says(topic: str, body: str) -> None:
    assert recognise(topic, "5", mark(topic, body), AT) == OwnComment("5", body, AT)


def test_a_forge_that_writes_other_line_ends_changes_nothing() -> None:
    text = mark("plan", "Plans\nof db").replace("\n", "\r\n")
    assert recognise("plan", "5", text, AT) == OwnComment("5", "Plans\nof db", AT)


@pytest.mark.parametrize("text", ["", "Plans", f"> {mark('plan', '')}", mark("apply:r1", ""), mark("plans", "")])
def test_what_does_not_begin_with_the_mark_of_the_topic_is_not_it(text: str) -> None:
    assert recognise("plan", "5", text, AT) is None


def test_no_topic_ends_the_mark_early() -> None:
    assert mark("-->", "").count(">") == 1
    assert '"topic": "--%3e"' in mark("-->", "")


@pytest.mark.parametrize("topic", ["plan", "apply:0123456789ab", 'x --> <b>"', "answer:1#2:3:0"])
def test_a_topic_is_known_again(topic: str) -> None:
    assert topic_of(mark(topic, "words\nand more")) == topic


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        f"words {mark('plan', '')}",
        "<!-- gitops-bot {broken} -->\nwords",
        '<!-- gitops-bot {"v": 1} -->\nwords',
        '<!-- gitops-bot {"topic": 5} -->\nwords',
        '<!-- other {"topic": "plan"} -->\nwords',
    ],
)
def test_what_bears_no_mark_has_no_topic(text: str) -> None:
    assert topic_of(text) is None


def test_an_end_is_read_as_it_was_written_by_whatever_clock() -> None:
    body = mark_end("words  \n\n", ENDED)
    assert body == "words\n\n<!-- ended 1767323045 -->"
    assert end_of(body) == end_of(f"{body} \n") == "1767323045"
    assert end_of(mark_end("words", ENDED.astimezone())) == "1767323045"
    assert end_of(mark_end("words", ENDED + timedelta(seconds=1))) == "1767323046"


@pytest.mark.parametrize("body", ["words", "<!-- ended 1 -->\nwords", "<!-- ended -->", "ended 1"])
def test_what_says_no_end_at_its_end_has_none(body: str) -> None:
    assert end_of(body) is None
