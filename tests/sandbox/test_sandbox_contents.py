"""What happened in a repository can be kept and put back: a test begins where something was left."""

from typing import Any

from tests.sandbox.running import Place


def seen(place: Place, number: int) -> dict[str, Any]:
    """What people see of a pull request."""
    return {
        "pull": place.alice.pull(place.repo, number),
        "comments": place.alice.comments(place.repo, number),
        "reviews": place.alice.api("GET", f"/repos/{place.repo}/pulls/{number}/reviews"),
        "statuses": place.alice.statuses(place.repo, place.head(number)),
    }


def furnished(place: Place) -> tuple[int, int]:
    """A merged pull request with all that belongs to one, and an open one."""
    merged = place.propose({"a.txt": "a\n"}, "first")
    comment = place.bob.comment(place.repo, merged, "well done")
    place.alice.api("POST", f"/repos/{place.repo}/issues/comments/{comment}/reactions", content="heart")
    place.bob.approve(place.repo, merged)
    place.alice.api("POST", f"/repos/{place.repo}/statuses/{place.head(merged)}", state="success", context="ci")
    place.bob.merge(place.repo, merged)
    return merged, place.propose({"b.txt": "b\n"}, "second")


def test_what_was_kept_is_there_again(place: Place) -> None:
    pulls = furnished(place)
    before, kept = [seen(place, number) for number in pulls], place.control("GET", "/contents")
    place.alice.close(place.repo, pulls[1])
    place.bob.comment(place.repo, pulls[0], "one too many")
    assert [seen(place, number) for number in pulls] != before
    place.control("PUT", "/contents", **kept)
    assert [seen(place, number) for number in pulls] == before


def test_what_comes_after_has_newer_ids(place: Place) -> None:
    number, _ = furnished(place)
    kept = place.control("GET", "/contents")
    comment = next(iter(kept["comments"].values()))
    later = comment | {"id": 1_000_000}
    place.control("PUT", "/contents", **kept | {"comments": {"1000000": later}})
    assert place.bob.comment(place.repo, number, "newer") > 1_000_000
