"""What an error carries for whoever says it: words, the tool's last output, and when to try again."""

from bot.core.errors import ToolFailed, Transient, Unwelcome


def test_a_tool_that_failed_leaves_its_last_words() -> None:
    error = ToolFailed("it broke", "last words")
    assert (str(error), error.output) == ("it broke", "last words")
    assert ToolFailed("it broke").output == ""


def test_a_tool_that_tells_a_line_has_it_in_the_message() -> None:
    error = ToolFailed("it broke", where="main.tf:12")
    assert (str(error), error.output, error.where) == ("it broke (main.tf:12)", "", "main.tf:12")
    assert ToolFailed("it broke").where == ""


def test_what_passes_is_tried_again_when_the_other_side_named_a_time() -> None:
    error = Transient("busy", 30)
    assert (str(error), error.after) == ("busy", 30)
    assert Transient("busy").after is None


def test_a_forge_that_does_not_take_our_token_is_waited_for() -> None:
    assert isinstance(Unwelcome("no"), Transient)
