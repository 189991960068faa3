"""The comparison with what GitHub publishes finds what GitHub would not take, and what the sandbox makes up."""

from typing import Any

import pytest

from tests.hosts.published.description import description, wrong_answer, wrong_request
from tests.hosts.published.fixture import breaches

REPO = "/api/v3/repos/acme/infra"
STATUS = f"{REPO}/statuses/{'a' * 40}"
FOLD = "mutation($a0: MinimizeCommentInput!) { a0: minimizeComment(input: $a0) { clientMutationId } }"
NOTE = {"path": "main.tf", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "no"}


def asked(method: str, path: str, body: object = None, *query: tuple[str, str]) -> dict[str, Any]:
    return {"method": method, "path": path, "query": query, "body": body, "status": 500, "answer": None, "fault": True}


@pytest.mark.parametrize(
    "exchange",
    [
        asked("GET", f"{REPO}/pulls", None, ("state", "open"), ("per_page", "100")),
        asked("GET", f"{REPO}/branches/feature/x"),
        asked("POST", STATUS, {"state": "pending", "context": "gitops-bot/plan"}),
        asked("POST", f"{REPO}/check-runs", {"name": "x", "head_sha": "a", "output": {"title": "", "summary": ""}}),
        asked(
            "POST", "/api/graphql", {"query": FOLD, "variables": {"a0": {"subjectId": "IC_1", "classifier": "SPAM"}}}
        ),
    ],
)
def test_what_github_takes_is_taken(exchange: dict[str, Any]) -> None:
    assert not breaches(exchange)


@pytest.mark.parametrize(
    ("exchange", "words"),
    [
        (asked("GET", f"{REPO}/pull/4"), "no such operation"),
        (asked("DELETE", f"{REPO}/pulls/4"), "no such operation"),
        (asked("GET", f"{REPO}/pulls/four"), "pull_number: : 'four' is not of type 'integer'"),
        (asked("GET", f"{REPO}/pulls", None, ("state", "opened")), "'opened' is not one of"),
        (asked("GET", f"{REPO}/pulls", None, ("limit", "50")), "limit is none of GitHub's"),
        (asked("GET", f"{REPO}/pulls", {"state": "open"}), "takes no body"),
        (asked("POST", STATUS), "the body is missing"),
        (asked("POST", STATUS, {"state": "bogus"}), "'bogus' is not one of"),
        (asked("POST", STATUS, {"context": "x"}), "'state' is a required property"),
        (asked("POST", STATUS, {"state": "error", "contxt": "x"}), "contxt is none of GitHub's fields"),
        (asked("PATCH", f"{REPO}/check-runs/1", {"status": "completed"}), "'conclusion' is a required property"),
        (
            asked(
                "PATCH",
                f"{REPO}/check-runs/1",
                {"output": {"title": "", "summary": "", "annotations": [NOTE | {"line": 1}]}},
            ),
            "output.annotations.[]line is none of GitHub's fields",
        ),
        (
            asked("PATCH", f"{REPO}/check-runs/1", {"output": {"summary": "", "annotations": [NOTE] * 51}}),
            "output.annotations: ",
        ),
        (asked("POST", "/api/graphql", {"query": FOLD.replace("input: $a0", "id: $a0")}), 'Unknown argument "id"'),
        (
            asked(
                "POST", "/api/graphql", {"query": FOLD, "variables": {"a0": {"subjectId": "x", "classifier": "OLD"}}}
            ),
            "'OLD' does not exist in 'ReportedContentClassifiers'",
        ),
    ],
)
def test_what_github_does_not_take_is_found(exchange: dict[str, Any], words: str) -> None:
    assert words.replace("'", '"') in "\n".join(wrong_request(exchange)).replace("'", '"')


def test_an_answer_that_github_would_not_give_is_found() -> None:
    reaction = {"id": 1, "node_id": "R", "content": "eyes", "user": None, "created_at": "2026-01-02T03:04:05Z"}
    exchange = asked("POST", f"{REPO}/issues/comments/4/reactions", {"content": "eyes"}) | {"status": 201}
    assert not wrong_answer(exchange | {"answer": reaction})
    assert "'ok' is not one of" in " ".join(wrong_answer(exchange | {"answer": reaction | {"content": "ok"}}))
    assert wrong_answer(exchange | {"status": 204, "answer": reaction}) == ["GitHub does not answer 204"]
    del reaction["id"]
    assert wrong_answer(exchange | {"answer": reaction}) == [": 'id' is missing"]


def test_the_description_says_whose_it_is() -> None:
    assert description()["info"]["license"]["name"] == "MIT"
