"""What piles up on a pull request is folded away when the next of its kind is said."""

import pytest

from bot.core.own_comment import CommentPlace, OwnComment
from bot.core.pull import Pull
from bot.hosts.github.github import GitHub
from bot.steps.say import topics
from tests.hosts.on_sandbox import AppPlace, token_host


def folded(app_place: AppPlace, pull: Pull) -> list[str]:
    """The last lines of those comments that are folded away, as outdated."""
    found = app_place.place.alice.comments(app_place.place.repo, pull.number)
    return [one["body"].splitlines()[-1] for one in found if one["minimized"] == {"reason": "outdated"}]


def say(host: GitHub, pull: Pull, topic: str, words: str, known: str | None = None) -> str:
    return topics.say(host, pull.repository, pull.number, topic, words, known).id


@pytest.mark.parametrize("as_app", [True, False])
def test_an_answer_folds_the_answers_to_earlier_comments(app_place: AppPlace, as_app: bool) -> None:
    pull, place = app_place.pull(), app_place.place
    host = app_place.host() if as_app else token_host(place)
    place.alice.comment(place.repo, pull.number, "/help\n/aply")
    say(host, pull, "answer:1:0", "help")
    say(host, pull, "answer:7#1:1:1", "misread")
    assert not folded(app_place, pull)
    place.bob.comment(place.repo, pull.number, "/apply")
    say(host, pull, "answer:2:0", "refused")
    assert folded(app_place, pull) == ["help", "misread"]


def test_an_apply_folds_earlier_applies_and_nothing_else(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    for topic in ("plan", "apply:1", "closed", "answer:1:0"):
        say(host, pull, topic, topic)
    place = app_place.place
    place.bob.comment(place.repo, pull.number, place.alice.comments(place.repo, pull.number)[1]["body"])
    say(host, pull, "apply:2", "apply:2")
    assert folded(app_place, pull) == ["apply:1"]
    say(host, pull, "apply:3", "apply:3")
    assert folded(app_place, pull) == ["apply:1", "apply:2"]


@pytest.mark.parametrize("found_first", [True, False])
def test_an_apply_that_still_goes_on_is_shown_again_with_its_next_words(app_place: AppPlace, found_first: bool) -> None:
    pull, host = app_place.pull(), app_place.host()
    first = say(host, pull, "apply:1", "running")
    say(host, pull, "apply:2", "running too")
    assert folded(app_place, pull) == ["running"]
    if found_first:
        say(host, pull, "apply:1", "applied", first)
    else:
        place = CommentPlace(pull.number, "apply:1", OwnComment(first, "running", host.now()))
        host.write_comment(pull.repository, place, "applied")
    assert not folded(app_place, pull)


def test_an_edited_comment_folds_nothing(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    first = say(host, pull, "apply:1", "one")
    app_place.place.forge.forget_requests()
    say(host, pull, "apply:1", "two", first)
    say(host, pull, "plan", "three")
    assert not app_place.asked("graphql")


def test_many_older_ones_take_one_request(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    for number in range(3):
        say(host, pull, f"apply:{number}", f"{number}")
    app_place.asked()
    say(host, pull, "apply:9", "last")
    assert len(app_place.asked("graphql")) == 1
    assert folded(app_place, pull) == ["0", "1", "2"]


@pytest.mark.parametrize("status", [403, 502])
def test_a_comment_is_said_whether_or_not_older_ones_can_be_folded(app_place: AppPlace, status: int) -> None:
    pull, host = app_place.pull(), app_place.host()
    say(host, pull, "apply:1", "one")
    app_place.place.forge.faults(fail=[{"path": "/graphql$", "status": status, "times": 1}])
    say(host, pull, "apply:2", "two")
    assert not folded(app_place, pull)
    say(host, pull, "apply:3", "three")
    assert folded(app_place, pull) == ["one", "two"]


def test_a_page_to_read_stays_until_the_next_one(app_place: AppPlace) -> None:
    pull, place, host = app_place.pull(), app_place.place, app_place.host()
    place.alice.comment(place.repo, pull.number, "/help")
    say(host, pull, "page:1:0", "help")
    place.bob.comment(place.repo, pull.number, "/apply")
    say(host, pull, "answer:2:0", "refused")
    assert not folded(app_place, pull)
    say(host, pull, "page:3:0", "help again")
    assert folded(app_place, pull) == ["help"]
