"""What GitHub says, in our words; what it garbles, as ValueError; the rest, as nothing of interest."""

import copy
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.core.event import Commented, JobRequested, MergeGroup, PullChange, PullChanged, Pushed, Reviewed
from bot.core.keys import CommentRef, PullKey
from bot.core.pull import PullState
from bot.hosts.github import webhook
from tests.hosts.signed import COMMENT, PULL, REPOSITORY, SECRET, delivered, github, headers, payload

ISSUE = {"number": 4, "pull_request": {"url": "x"}}
TIP = "c" * 40


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("opened", PullChange.OPENED),
        ("synchronize", PullChange.PUSHED),
        ("reopened", PullChange.REOPENED),
        ("ready_for_review", PullChange.READY),
        ("converted_to_draft", PullChange.DRAFTED),
        ("closed", PullChange.CLOSED),
    ],
)
def test_what_happens_to_a_pull_request_has_a_word(action: str, change: PullChange) -> None:
    event = delivered("pull_request", payload(action=action, pull_request=PULL)).event
    assert isinstance(event, PullChanged)
    assert (event.change, event.sender, event.pull.number) == (change, "alice", 4)
    assert (event.pull.repository.key, event.pull.head.sha, event.pull.fork) == ("github:7", "a" * 40, False)


@pytest.mark.parametrize("action", ["labeled", "assigned", "locked", "review_requested", "", None, "new one"])
def test_other_things_that_happen_to_a_pull_request_are_of_no_interest(action: str | None) -> None:
    assert delivered("pull_request", payload(action=action, pull_request=PULL)).event is None


def test_only_an_edit_of_the_base_is_of_interest() -> None:
    def edited(**changes: object) -> object:
        return delivered("pull_request", payload(action="edited", pull_request=PULL, changes=changes)).event

    retargeted = edited(base={"ref": {"from": "old"}})
    assert isinstance(retargeted, PullChanged)
    assert retargeted.change is PullChange.RETARGETED
    assert edited(title={"from": "x"}) is None
    assert delivered("pull_request", payload(action="edited", pull_request=PULL)).event is None


def test_a_merge_is_told_with_what_landed() -> None:
    merged = PULL | {"state": "closed", "merged": True, "merge_commit_sha": TIP, "merged_by": {"login": "bob"}}
    event = delivered("pull_request", payload(action="closed", pull_request=merged)).event
    assert isinstance(event, PullChanged)
    assert (event.pull.state, event.pull.merge_commit, event.pull.merged_by) == (PullState.MERGED, TIP, "bob")


@pytest.mark.parametrize("repo", [None, REPOSITORY | {"id": 8, "full_name": "mallory/infra"}])
def test_a_pull_request_from_elsewhere_or_from_nowhere_is_a_forks(repo: object) -> None:
    event = delivered(
        "pull_request", payload(action="opened", pull_request=PULL | {"head": PULL["head"] | {"repo": repo}})
    ).event
    assert isinstance(event, PullChanged)
    assert event.pull.fork


def test_a_deleted_account_is_nobody() -> None:
    event = delivered("pull_request", payload(action="opened", pull_request=PULL | {"user": None})).event
    assert isinstance(event, PullChanged)
    assert event.pull.author == "ghost"


def test_a_new_comment_on_a_pull_request_is_told() -> None:
    event = delivered("issue_comment", payload(action="created", issue=ISSUE, comment=COMMENT)).event
    assert isinstance(event, Commented)
    told = event.comment
    assert told.ref == CommentRef(PullKey.of(event.repository.key, 4), "9")
    assert (told.author, told.body, told.author_is_bot, told.edited) == ("bob", "/plan", False, False)


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_a_comment_that_another_person_changes_has_us_look_again(action: str) -> None:
    changed = payload(action=action, issue=ISSUE, comment=COMMENT) | {"sender": {"login": "mallory"}}
    assert isinstance(delivered("issue_comment", changed).event, Reviewed)


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_a_comment_edited_later_is_no_command(action: str) -> None:
    edited = payload(action=action, issue=ISSUE, comment=COMMENT) | {"sender": COMMENT["user"]}
    assert delivered("issue_comment", edited).event is None


def test_a_comment_on_an_issue_is_of_no_interest() -> None:
    assert delivered("issue_comment", payload(action="created", issue={"number": 4}, comment=COMMENT)).event is None


@pytest.mark.parametrize(
    "more",
    [
        {"user": {"login": "renovate[bot]", "type": "Bot"}},
        {"user": {"login": "ours", "type": "Bot"}},
        {"user": {"login": "someone[bot]", "type": "User"}},
        {"performed_via_github_app": {"id": 1}},
    ],
)
def test_a_bots_comment_is_marked_as_one(more: dict[str, object]) -> None:
    event = delivered("issue_comment", payload(action="created", issue=ISSUE, comment=COMMENT | more)).event
    assert isinstance(event, Commented)
    assert event.comment.author_is_bot


@pytest.mark.parametrize("action", ["submitted", "dismissed", "edited"])
def test_a_review_is_told_by_the_pulls_number(action: str) -> None:
    event = delivered("pull_request_review", payload(action=action, pull_request=PULL, review={})).event
    assert isinstance(event, Reviewed)
    assert (event.repository.name, event.number) == ("acme/infra", 4)


@pytest.mark.parametrize(
    ("ref", "after", "told"),
    [
        ("refs/heads/main", TIP, "main"),
        ("refs/heads/a/b", TIP, "a/b"),
        ("refs/tags/v1", TIP, None),
        ("refs/heads/main", "0" * 40, None),
        ("refs/heads/main", "0" * 64, None),
    ],
)
def test_a_push_to_a_branch_is_told_but_no_tag_and_no_deletion(ref: str, after: str, told: str | None) -> None:
    event = delivered("push", payload(ref=ref, after=after)).event
    assert (event.branch if isinstance(event, Pushed) else None) == told


def test_a_merge_queue_asks_for_checks() -> None:
    event = delivered("merge_group", payload(action="checks_requested", merge_group={"head_sha": TIP})).event
    assert isinstance(event, MergeGroup)
    assert event.sha == TIP
    assert (event.parent, event.branch, event.number) == ("", "", None)
    assert delivered("merge_group", payload(action="destroyed", merge_group={"head_sha": TIP})).event is None


@pytest.mark.parametrize(
    ("ref", "number"),
    [("release/1/pr-7-abc0", 7), ("main/pr-7-abc0", None), ("release/1/pr-x-abc0", None), ("release/1/pr-7", None)],
)
def test_a_merge_queue_names_its_pull_request_in_a_ref_of_its_own_branch(ref: str, number: int | None) -> None:
    group = {"head_sha": TIP, "head_ref": f"refs/heads/gh-readonly-queue/{ref}", "base_ref": "refs/heads/release/1"}
    event = delivered("merge_group", payload(action="checks_requested", merge_group=group | {"base_sha": TIP})).event
    assert isinstance(event, MergeGroup)
    assert (event.parent, event.branch, event.number) == (TIP, "release/1", number)


@pytest.mark.parametrize("kind", ["ping", "star", "", "issues"])
def test_other_events_are_of_no_interest(kind: str) -> None:
    assert delivered(kind, payload(zen="x", action="created")).event is None


@pytest.mark.parametrize("repos", [("other/*",), ("acme/*", "!acme/infra"), ("acme/infra-2",), ("!acme/other",)])
def test_other_repositories_are_of_no_interest(repos: tuple[str, ...]) -> None:
    taken = delivered("pull_request", payload(action="opened", pull_request=PULL), *repos)
    assert (taken.repository, taken.event) == ("acme/infra", None)


def test_an_event_of_no_repository_is_of_no_interest() -> None:
    assert delivered("ping", {"zen": "x"}, "*").event is None


def test_payloads_come_as_forms_too() -> None:
    body = urlencode({"payload": json.dumps(payload(action="opened", pull_request=PULL))}).encode()
    told = headers("pull_request", body, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert isinstance(github().parse(told, body).event, PullChanged)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 100_000, b"payload={}"])
def test_what_is_no_object_is_no_webhook(body: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        delivered("pull_request", body)


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("pull_request", payload(action="opened", pull_request=PULL)),
    ("issue_comment", payload(action="created", issue=ISSUE, comment=COMMENT)),
    ("pull_request_review", payload(action="submitted", pull_request=PULL)),
    ("push", payload(ref="refs/heads/main", after=TIP)),
    ("merge_group", payload(action="checks_requested", merge_group={"head_sha": TIP})),
]


@pytest.mark.parametrize(("kind", "whole"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_payload_with_any_field_missing_or_garbled_is_an_event_or_a_value_error(
    kind: str, whole: dict[str, Any]
) -> None:
    for path in _paths(whole):
        for garbled in (None, [], {}, "x", 3.5, [[]]):
            try:
                delivered(kind, _changed(whole, path, garbled))
            except ValueError:
                continue


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [("pull_request", "pull_request"), ("issue_comment", "comment"), ("push", "after"), ("merge_group", "merge_group")],
)
def test_a_missing_field_is_named(kind: str, lacking: str) -> None:
    whole = dict(KINDS)[kind]
    with pytest.raises(ValueError, match=lacking):
        delivered(kind, {key: value for key, value in whole.items() if key != lacking})


def _paths(value: object, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [at]
    return [at] * bool(at) + [path for key, inner in value.items() for path in _paths(inner, (*at, key))]


def _changed(whole: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    made = copy.deepcopy(whole)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


APP = 77
OWN = {"app": {"id": APP}, "pull_requests": [{"number": 4, "base": {"repo": {"id": REPOSITORY["id"]}}}]}


@pytest.mark.parametrize("kind", ["check_run", "check_suite"])
def test_re_run_asks_for_a_plan(kind: str) -> None:
    event = rerun(kind, OWN)
    assert isinstance(event, JobRequested)
    assert (event.number, event.kind, event.by, event.repository.key) == (4, "plan", "alice", "github:7")


@pytest.mark.parametrize(
    "check",
    [
        OWN | {"app": {"id": 78}},
        OWN | {"app": None},
        OWN | {"pull_requests": []},
        OWN | {"pull_requests": [{"number": 4, "base": {"repo": {"id": 8}}}]},
    ],
)
def test_re_run_of_what_is_not_ours_or_of_no_pull_request_of_ours_is_of_no_interest(check: dict[str, Any]) -> None:
    assert rerun("check_run", check) is None


def test_what_else_happens_to_check_runs_is_of_no_interest() -> None:
    assert rerun("check_run", OWN, action="completed") is None
    assert delivered("check_run", payload(action="rerequested", check_run=OWN)).event is None  # we are no App


def rerun(kind: str, check: object, action: str = "rerequested") -> object:
    """What a signed webhook becomes where we are an App."""
    body = json.dumps(payload(action=action) | {kind: check}).encode()
    return webhook.parse(headers(kind, body), body, SECRET, lambda name: True, APP).event
