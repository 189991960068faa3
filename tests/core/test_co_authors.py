"""Whom a commit's message names beside its author."""

import pytest

from bot.core.co_authors import co_author_addresses


@pytest.mark.parametrize(
    ("message", "addresses"),
    [
        ("Mend it\n\nCo-authored-by: Bob <bob@example.com>", ["bob@example.com"]),
        ("Mend it\n\nco-AUTHORED-by: Bob <Bob@Example.COM>\nmore", ["bob@example.com"]),
        (" \tCo-authored-by:<a@b>\r\nCo-authored-by: C <c@d>", ["a@b", "c@d"]),
        ("Co-authored-by: Bob\nCo-authored-by: <not an address>", [None, None]),
        ("Co-authored-by: <a@> <b@c> <d@e>", ["b@c"]),
        ("Co-authored-by: a <<b@c>>", ["b@c"]),
        ("Not Co-authored-by: Bob <bob@example.com>\nCo-authored by: <b@c>", []),
        ("", []),
    ],
)
def test_every_co_author_of_a_message_counts_also_one_without_an_address(
    message: str, addresses: list[str | None]
) -> None:
    assert list(co_author_addresses(message)) == addresses
