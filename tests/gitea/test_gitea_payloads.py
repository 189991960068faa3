"""Signatures, and payloads of versions that are not here to send them, as well as such as nobody should send."""

import copy
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.core.event import Commented, PullChange, PullChanged, Pushed, Reviewed
from tests.gitea.signed import ALICE, COMMENT, PULL, REPOSITORY, delivered, gitea, headers, payload, signature

BODY = json.dumps(payload(action="opened", pull_request=PULL)).encode()
TIP = "c" * 40
KINDS: dict[str, dict[str, Any]] = {
    "pull_request": payload(action="edited", pull_request=PULL, changes={"title": {"from": "WIP: Change"}}),
    "issue_comment": payload(action="created", is_pull=True, issue={"number": 4}, comment=COMMENT),
    "pull_request_approved": payload(action="reviewed", pull_request=PULL, review={"type": "x", "content": ""}),
    "push": payload(ref="refs/heads/main", after=TIP),
}


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "sha256=" + signature(BODY),
        signature(BODY).upper(),
        signature(BODY, "another secret"),
        signature(BODY, ""),
        signature(BODY + b" "),
        signature(BODY, digest="sha1"),
        signature(BODY) + "0",
        "ä",
    ],
)
def test_a_wrong_signature_is_turned_away(wrong: str) -> None:
    with pytest.raises(PermissionError):
        gitea().parse(headers("pull_request", BODY, **{"X-Gitea-Signature": wrong}), BODY)


def test_a_webhook_with_another_forges_signature_only_is_turned_away() -> None:
    told = headers("pull_request", BODY, **{"X-Hub-Signature-256": f"sha256={signature(BODY)}"})
    del told["X-Gitea-Signature"]
    with pytest.raises(PermissionError):
        gitea().parse(told, BODY)


def test_the_signature_is_checked_before_json_is_read() -> None:
    with pytest.raises(PermissionError):
        gitea().parse({}, b"\xff no JSON at all")


@pytest.mark.parametrize("body", [b"payload=", b"payload=%7B%7D", b"a=1&payload=%7B%7D", b"&".join([b"a=1"] * 99)])
def test_a_form_that_is_not_signed_is_turned_away(body: bytes) -> None:
    told = headers("push", body, **{"Content-Type": "application/x-www-form-urlencoded"})
    with pytest.raises(PermissionError):
        gitea().parse(told, body)


def test_of_a_form_what_is_in_it_is_signed() -> None:
    body = urlencode({"payload": BODY}).encode()
    told = headers("pull_request", BODY, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert isinstance(gitea().parse(told, body).event, PullChanged)


def test_headers_are_read_in_any_case() -> None:
    for written in (str.lower, str.upper, str.title):
        assert (
            gitea().parse({written(name): value for name, value in headers("pull_request", BODY).items()}, BODY).event
        )


@pytest.mark.parametrize("id", ["", "a" * 81, "a b", "a\nb", "../x", "ä"])
def test_a_delivery_without_a_proper_id_is_no_webhook(id: str) -> None:
    with pytest.raises(ValueError, match="X-Gitea-Delivery"):
        gitea().parse(headers("pull_request", BODY, **{"X-Gitea-Delivery": id}), BODY)


def test_an_older_pull_request_without_newer_fields_is_read() -> None:
    old = {key: value for key, value in PULL.items() if key not in ("draft", "merged", "mergeable")}
    event = delivered("pull_request", payload(action="synchronized", pull_request=old)).event
    assert isinstance(event, PullChanged)
    assert (event.change, event.pull.draft, event.pull.mergeable) == (PullChange.PUSHED, False, None)


def test_older_users_have_a_username_only() -> None:
    sender = {"id": 11, "username": "alice"}
    whole = payload(action="opened", pull_request=PULL | {"user": sender}) | {"sender": sender}
    event = delivered("pull_request", whole).event
    assert isinstance(event, PullChanged)
    assert (event.sender, event.pull.author) == ("alice", "alice")


def test_an_older_comment_says_by_its_issue_that_it_is_on_a_pull_request() -> None:
    old = payload(action="created", issue={"number": 4, "pull_request": {"merged": False}}, comment=COMMENT)
    event = delivered("issue_comment", old).event
    assert isinstance(event, Commented)
    assert (event.comment.ref.pull.number, event.comment.at) == (4, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert delivered("issue_comment", old | {"issue": {"number": 4, "pull_request": None}}).event is None


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_a_comment_that_another_person_changes_has_us_look_again(action: str) -> None:
    changed = payload(action=action, is_pull=True, issue={"number": 7}, comment=COMMENT)
    assert delivered("issue_comment", changed | {"sender": COMMENT["user"]}).event is None
    by_another = changed | {"sender": {"id": 13, "login": "mallory"}}
    assert isinstance(delivered("issue_comment", by_another).event, Reviewed)


@pytest.mark.parametrize(
    "kind",
    ["pull_request_approved", "pull_request_rejected", "pull_request_comment", "pull_request_review_approved"],
)
def test_a_review_is_told_under_every_name_that_it_has_had(kind: str) -> None:
    event = delivered(kind, payload(action="reviewed", pull_request=PULL)).event
    assert isinstance(event, Reviewed)
    assert event.number == 4


def test_the_secret_that_old_versions_put_into_the_body_counts_for_nothing() -> None:
    body = json.dumps(payload(action="opened", pull_request=PULL, secret="between the forge and us")).encode()
    with pytest.raises(PermissionError):
        gitea().parse(headers("pull_request", body, **{"X-Gitea-Signature": ""}), body)


@pytest.mark.parametrize(
    ("old", "new", "draft", "change"),
    [
        ("WIP: x", "x", False, PullChange.READY),
        ("[wip] x", "y", False, PullChange.READY),
        ("Draft: x", "x", False, PullChange.READY),
        ("x", "WIP: x", True, PullChange.DRAFTED),
        ("WIP: x", "WIP: y", True, None),
        ("x", "y", False, None),
        ("x", "x", False, None),
    ],
)
def test_a_draft_is_known_by_its_title(old: str, new: str, draft: bool, change: PullChange | None) -> None:
    pull = PULL | {"title": new, "draft": draft}
    event = delivered(
        "pull_request", payload(action="edited", pull_request=pull, changes={"title": {"from": old}})
    ).event
    assert (event.change if isinstance(event, PullChanged) else None) is change


def test_a_new_description_is_of_no_interest() -> None:
    changed = payload(action="edited", pull_request=PULL, changes={"body": {"from": "x"}})
    assert delivered("pull_request", changed).event is None


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


@pytest.mark.parametrize("kind", ["create", "delete", "repository", "fork", "", "issues", "status", "wiki"])
def test_other_events_are_of_no_interest(kind: str) -> None:
    assert delivered(kind, payload(action="created", issue={})).event is None


@pytest.mark.parametrize("repos", [("other/*",), ("acme/*", "!acme/infra"), ("acme/infra-2",)])
def test_other_repositories_are_of_no_interest(repos: tuple[str, ...]) -> None:
    taken = delivered("pull_request", payload(action="opened", pull_request=PULL), *repos)
    assert (taken.repository, taken.event) == ("acme/infra", None)


def test_an_event_of_no_repository_is_of_no_interest() -> None:
    assert delivered("package", {"sender": ALICE}, "*").event is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_object_is_no_webhook(body: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        delivered("pull_request", body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_payload_with_any_field_missing_or_garbled_is_an_event_or_a_value_error(kind: str) -> None:
    for path in _paths(KINDS[kind]):
        for garbled in (None, [], {}, "x", 3.5, [[]]):
            try:
                delivered(kind, _changed(KINDS[kind], path, garbled))
            except ValueError:
                continue


@pytest.mark.parametrize(("kind", "lacking"), [("pull_request", "pull_request"), ("issue_comment", "comment")])
def test_a_missing_field_is_named(kind: str, lacking: str) -> None:
    with pytest.raises(ValueError, match=lacking):
        delivered(kind, {key: value for key, value in KINDS[kind].items() if key != lacking})


def test_the_repository_of_a_webhook_has_the_forge_in_its_key() -> None:
    event = delivered("push", payload(ref="refs/heads/main", after=TIP)).event
    assert isinstance(event, Pushed)
    assert (event.repository.key, event.repository.forge) == (f"gitea:{REPOSITORY['id']}", "gitea")


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
