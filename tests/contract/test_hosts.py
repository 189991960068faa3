"""The promises of the Host port, one sentence each, kept by every forge: what it writes."""

from pathlib import Path

import pytest

from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef
from bot.core.own_comment import CommentPlace
from bot.core.pull import Check, CheckState, PullState, Status
from bot.hosts import __path__ as hosts_path
from bot.steps.say.topics import say
from tests.contract import forges
from tests.contract.acting import Ground


def test_every_host_in_the_folder_is_held_to_this() -> None:
    hosts = {path.name.removesuffix(".py") for path in Path(hosts_path[0]).iterdir() if path.name[0] not in "_."}
    proven = {path.stem.partition("_")[0] for path in Path(forges.__path__[0]).glob("[a-z]*.py")}
    assert hosts == proven


def test_a_topic_has_one_comment_which_is_edited(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    first = say(host, pull.repository, pull.number, "plan", "one")
    second = say(host, pull.repository, pull.number, "plan", "two", first.id)
    say(host, pull.repository, pull.number, "apply", "another topic")
    assert second.id == first.id
    assert [body.splitlines()[-1] for _, body in ground.said(pull)] == ["two", "another topic"]


def test_a_comment_that_we_know_is_edited_in_one_request_and_a_deleted_one_is_refused(ground: Ground) -> None:
    host, pull = ground.host(), ground.open()
    said = say(host, ground.repository(), pull.number, "plan", "one")
    place = CommentPlace(pull.number, "plan", said)
    ground.writes()
    again = host.write_comment(ground.repository(), place, "two")
    assert (again.id, ground.writes()) == (said.id, ["PATCH"])
    assert say(host, ground.repository(), pull.number, "plan", "two").id == said.id
    ground.remove(said.id)
    with pytest.raises(Refused):
        host.write_comment(ground.repository(), place, "three")


def test_who_has_looked_and_found_none_posts_at_once(ground: Ground) -> None:
    host, pull = ground.host(), ground.open()
    place = host.find_comment(pull.repository, pull.number, "plan")
    assert place == CommentPlace(pull.number, "plan")
    ground.writes()
    said = host.write_comment(pull.repository, place, "one")
    assert ground.writes() == ["POST"]
    assert host.find_comment(pull.repository, pull.number, "plan").comment == said
    assert host.find_comment(pull.repository, pull.number, "plan", said.id).comment == said
    assert host.find_comment(pull.repository, pull.number, "apply", said.id).comment is None
    assert say(host, pull.repository, pull.number, "plan", "two").id == said.id


def test_our_comment_is_found_again_by_a_host_that_has_forgotten_it(ground: Ground) -> None:
    pull = ground.open()
    first = say(ground.host(), pull.repository, pull.number, "plan", "one")
    assert say(ground.host(), pull.repository, pull.number, "plan", "two").id == first.id
    assert len(ground.said(pull)) == 1


def test_our_comment_is_found_behind_a_hundred_others(ground: Ground) -> None:
    pull = ground.open()
    for number in range(100):
        ground.comment("bob", pull, f"talk {number}")
    first = say(ground.host(), pull.repository, pull.number, "plan", "one")
    assert say(ground.host(), pull.repository, pull.number, "plan", "two").id == first.id


def test_a_topic_that_begins_like_another_is_another(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    one = say(host, pull.repository, pull.number, "plan", "x")
    two = say(host, pull.repository, pull.number, "plan 2", "x")
    three = say(host, pull.repository, pull.number, 'a --> "b" <b>', "x")
    assert len({one.id, two.id, three.id}) == 3
    assert say(host, pull.repository, pull.number, 'a --> "b" <b>', "y").id == three.id


def test_a_comment_that_somebody_deleted_is_written_anew(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    first = say(host, pull.repository, pull.number, "plan", "one")
    ground.remove(first.id)
    second = say(host, pull.repository, pull.number, "plan", "two", first.id)
    assert second.id != first.id
    assert len(ground.said(pull)) == 1


def test_somebody_elses_comment_with_our_marker_stays_theirs(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    first = say(host, pull.repository, pull.number, "plan", "ours")
    [(_, body)] = ground.said(pull)
    ground.remove(first.id)
    theirs = ground.comment("bob", pull, body)
    say(host, pull.repository, pull.number, "plan", "ours again", theirs)
    say(host, pull.repository, pull.number, "plan", "and again")
    assert [login for login, _ in ground.said(pull)] == ["bob", host.whoami()]
    assert ground.said(pull)[0][1] == body


def test_what_is_said_already_is_not_written_again(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    first = say(host, pull.repository, pull.number, "plan", "the same\n\nwords")
    ground.writes()
    assert say(host, pull.repository, pull.number, "plan", "the same\n\nwords", first.id) == first
    assert not ground.writes()


def test_an_answer_lost_after_the_comment_was_posted_makes_no_double(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.lose_answers("POST", "/comments$")
    ground.writes()
    with pytest.raises(Transient):
        say(host, pull.repository, pull.number, "plan", "one")
    assert ground.writes() == ["POST"]
    say(host, pull.repository, pull.number, "plan", "one")
    assert len(ground.said(pull)) == 1


def test_a_comment_may_be_as_long_as_the_host_says(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    say(host, pull.repository, pull.number, "a topic of some length " * 4, "x" * host.comment_limit)
    assert len(ground.said(pull)) == 1


def test_a_reaction_given_twice_is_there_once(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    comment = ground.comment("alice", pull, "/plan")
    for reaction in ("eyes", "eyes", "rocket"):
        host.react(pull.repository, CommentRef(pull.key, comment), reaction)
    assert sorted(ground.reactions(comment)) == ["eyes", "rocket"]


def test_a_status_has_one_state_a_name_and_words_cut_to_what_the_forge_takes(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    host.status(pull.repository, pull.head.sha, Status("plan", CheckState.PENDING, "planning", "https://bot.test/1"))
    host.status(pull.repository, pull.head.sha, Status("plan", CheckState.SUCCESS, "ä" * 200))
    assert ground.statuses(pull.head.sha) == {"plan": "ä" * 139 + "…"}
    assert host.checks(pull) == [Check("plan", CheckState.SUCCESS, required=False)]


def test_a_status_without_a_proper_address_is_still_said(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    host.status(pull.repository, pull.head.sha, Status("plan", CheckState.FAILURE, "no", "/runs/1"))
    assert ground.statuses(pull.head.sha) == {"plan": "no"}


def test_a_merge_lands_and_says_what_landed(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    landed = host.merge(pull, "applied before")
    now = ground.again(pull)
    assert (now.state, now.merge_commit, now.merged_by) == (PullState.MERGED, landed, host.whoami())
    assert ground.parents(landed) == 2


def test_a_merge_is_refused_when_the_head_has_moved(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.push("change", {"more.txt": "x"})
    with pytest.raises(Refused, match=ground.moved):
        host.merge(pull, "x")
    assert ground.again(pull).state is PullState.OPEN


def test_a_merge_is_refused_in_the_forges_own_words(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.require("ci")
    with pytest.raises(Refused, match=ground.lacking):
        host.merge(pull, "x")
    ground.require()
    ground.conflict(pull)
    with pytest.raises(Refused, match=ground.conflicting):
        host.merge(pull, "x")


def test_a_merge_is_made_in_the_style_that_the_repository_allows(ground: Ground) -> None:
    ground.allow_only("squash")
    assert ground.parents(ground.host().merge(ground.open(), "x")) == 1


def test_a_merge_whose_answer_was_lost_is_found_to_have_landed(ground: Ground) -> None:
    pull, host = ground.open(), ground.host()
    ground.lose_answers("PUT", "/merge$")
    assert host.merge(pull, "x") == ground.again(pull).merge_commit


def test_a_pull_request_is_opened_once(ground: Ground) -> None:
    ground.push("rollback", {"README.md": "back\n"})
    host, repository = ground.host(), ground.repository()
    first = host.open_pull(repository, "rollback", "main", "Take it back", "because")
    second = host.open_pull(repository, "rollback", "main", "Take it back", "because")
    assert (first.number, first.head.name, first.title) == (second.number, "rollback", "Take it back")
    ground.close(first)
    assert host.open_pull(repository, "rollback", "main", "Take it back", "again").number != first.number


def test_an_answer_lost_after_the_pull_request_was_opened_makes_no_second(ground: Ground) -> None:
    ground.push("rollback", {"README.md": "back\n"})
    host, repository = ground.host(), ground.repository()
    ground.lose_answers("POST", "/pulls$")
    with pytest.raises(Transient):
        host.open_pull(repository, "rollback", "main", "Back", "")
    assert host.open_pull(repository, "rollback", "main", "Back", "").number == 1
    assert len(host.open_pulls(repository)) == 1
