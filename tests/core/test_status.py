"""A commit status as every forge takes it."""

import pytest

from bot.core.pull import CheckState, Status


@pytest.mark.parametrize(
    ("description", "short"),
    [("", ""), ("é" * 140, "é" * 140), ("a" * 141, "a" * 139 + "…"), ("a" * 500, "a" * 139 + "…")],
)
def test_a_description_is_cut_to_140_characters_and_says_so(description: str, short: str) -> None:
    assert Status("gitops-bot/plan", CheckState.PENDING, description).short_description == short


@pytest.mark.parametrize(
    ("url", "web_url"),
    [
        ("https://bot.example/1", "https://bot.example/1"),
        ("http://localhost/1", "http://localhost/1"),
        ("file:///x", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_are_told(url: str | None, web_url: str | None) -> None:
    assert Status("gitops-bot/plan", CheckState.PENDING, "", url).web_url == web_url
