"""Our comments are known by a mark in their first line, which nobody's words can end or forge."""

from datetime import UTC, datetime

import pytest

from bot.core.own_comment import OwnComment, mark, recognise

AT = datetime(2026, 3, 1, tzinfo=UTC)


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
