"""What is told of a command that failed: its last words, and how a long error began."""

from bot.tools.terraform.output import LAST_LINES, last_lines


def test_an_error_longer_than_what_is_shown_keeps_its_beginning() -> None:
    text = "Applying\nError: local-exec provisioner error\n\nexit status 3\n" + "word\n" * 500
    told = last_lines(text).splitlines()
    assert told[:3] == ["Error: local-exec provisioner error", "", "exit status 3"]
    assert "…" in told
    assert len(told) == LAST_LINES


def test_a_short_text_is_told_whole() -> None:
    assert last_lines("one\ntwo\n") == "one\ntwo"
