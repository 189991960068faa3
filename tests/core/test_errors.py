"""What an error carries for whoever says it: words, the tool's last output, and when to try again."""

import pytest

from bot.core.errors import ToolFailed, Transient, Unwelcome


@pytest.mark.parametrize(("error", "output"), [(ToolFailed("it broke"), ""), (ToolFailed("it broke", "last"), "last")])
def test_a_tool_that_failed_leaves_its_last_words(error: ToolFailed, output: str) -> None:
    assert (str(error), error.output) == ("it broke", output)


@pytest.mark.parametrize(("error", "after"), [(Transient("busy"), None), (Transient("busy", 30), 30)])
def test_what_passes_is_tried_again_when_the_other_side_named_a_time(error: Transient, after: float | None) -> None:
    assert (str(error), error.after) == ("busy", after)


def test_a_forge_that_does_not_take_our_token_is_waited_for() -> None:
    assert isinstance(Unwelcome("no"), Transient)
