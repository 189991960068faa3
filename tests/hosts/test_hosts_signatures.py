"""Nothing is read that GitHub did not sign."""

import json

import pytest

from tests.hosts.signed import PULL, github, headers, payload, signature

BODY = json.dumps(payload(action="opened", pull_request=PULL)).encode()


def test_a_signed_webhook_is_taken() -> None:
    taken = github().parse(headers("pull_request", BODY), BODY)
    assert (taken.id, taken.repository) == ("72d3162e-cc78-11e3-81ab-4c9367dc0958", "acme/infra")
    assert taken.event


def test_headers_are_read_in_any_case() -> None:
    for written in (str.lower, str.upper, str.title):
        told = {written(name): value for name, value in headers("pull_request", BODY).items()}
        assert github().parse(told, BODY).event


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "sha256=",
        signature(BODY).removeprefix("sha256="),
        signature(BODY).upper(),
        signature(BODY, "another secret"),
        signature(BODY, ""),
        signature(BODY + b" "),
        signature(BODY, digest="sha1"),
        "sha256=" + signature(BODY, digest="sha1").removeprefix("sha1="),
        signature(BODY) + "0",
        "sha256=ä",
    ],
)
def test_a_wrong_signature_is_turned_away(wrong: str) -> None:
    with pytest.raises(PermissionError):
        github().parse(headers("pull_request", BODY, **{"X-Hub-Signature-256": wrong}), BODY)


def test_a_webhook_with_the_old_signature_only_is_turned_away() -> None:
    told = headers("pull_request", BODY, **{"X-Hub-Signature": signature(BODY, digest="sha1")})
    del told["X-Hub-Signature-256"]
    with pytest.raises(PermissionError):
        github().parse(told, BODY)


def test_the_signature_is_checked_before_a_byte_is_read() -> None:
    with pytest.raises(PermissionError):
        github().parse({}, b"\xff no JSON at all")


@pytest.mark.parametrize("id", ["", "a" * 81, "a b", "a\nb", "../x", "ä"])
def test_a_delivery_without_a_proper_id_is_no_webhook(id: str) -> None:
    with pytest.raises(ValueError, match="X-GitHub-Delivery"):
        github().parse(headers("pull_request", BODY, **{"X-GitHub-Delivery": id}), BODY)
