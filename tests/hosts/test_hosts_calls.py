"""How the GitHub host behaves on the wire, on bad days. Rate limits and retries as GitHub's documents ask."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef, PullKey
from bot.core.pull import Branch, CheckState, Contributors, Pull, PullState, Repository, Status
from bot.hosts.github import host
from bot.ports import Host
from bot.steps.say.topics import say
from tests.hosts.signed import COMMENT, PULL, REPOSITORY, SECTION

INFRA = Repository("github:7", "acme/infra", "main", private=True)
TIP = "c" * 40
COMMENT_REF = CommentRef(PullKey.of(INFRA.key, 4), "9")


@dataclass
class Line:
    """A server that answers as told, the last answer for ever. `asked` and `sent` are what came.

    `of` are answers by the end of a path, for what is asked at the same time.
    """

    url: str = ""
    answers: list[tuple[int, dict[str, str], object]] = field(default_factory=list)
    of: dict[str, tuple[int, dict[str, str], object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    def next(self, path: str) -> tuple[int, dict[str, str], object]:
        own = next((answer for end, answer in self.of.items() if path.endswith(end)), None)
        return own or (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


@pytest.fixture
def line() -> Iterator[Line]:
    told = Line()

    class Answers(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            told.asked.append(f"{self.command} {self.path.partition('?')[0]}")
            told.sent.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            status, headers, content = told.next(self.path.partition("?")[0])
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815  # http.server's names

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/api/v3"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def github(line: Line) -> Host:
    return host(SECTION | {"api_url": line.url}, ["acme/*"])


def test_a_secondary_limit_names_its_time(line: Line) -> None:
    line.answers = [(403, {"Retry-After": "61"}, {"message": "You have exceeded a secondary rate limit"})]
    with pytest.raises(Transient) as raised:
        github(line).repository("acme/infra")
    assert raised.value.after == 61
    assert len(line.asked) == 1


def test_a_spent_limit_is_waited_for_until_the_hour_that_github_names(line: Line) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 300)}
    line.answers = [(403, spent, {"message": "API rate limit exceeded for user ID 1."})]
    with pytest.raises(Transient) as raised:
        github(line).repository("acme/infra")
    assert 290 < (raised.value.after or 0) <= 300


def test_too_many_requests_are_transient(line: Line) -> None:
    line.answers = [(429, {"Retry-After": "7"}, {"message": "slow down"})]
    with pytest.raises(Transient) as raised:
        github(line).react(INFRA, COMMENT_REF, "eyes")
    assert raised.value.after == 7
    assert line.asked == ["POST /api/v3/repos/acme/infra/issues/comments/9/reactions"]


def test_reading_is_not_held_up_by_a_limit(line: Line) -> None:
    line.answers = [(429, {"Retry-After": "2"}, {"message": "slow down"})]
    with pytest.raises(Transient):
        github(line).repository("acme/infra")
    assert len(line.asked) == 1


def test_what_is_forbidden_is_refused_in_githubs_words(line: Line) -> None:
    line.answers = [(403, {}, {"message": "Resource not accessible by personal access token"})]
    with pytest.raises(Refused, match="Resource not accessible"):
        github(line).repository("acme/infra")


def test_a_token_that_github_does_not_take_is_named(line: Line) -> None:
    line.answers = [(401, {}, {"message": "Bad credentials"})]
    with pytest.raises(Transient, match="GITHUB__TOKEN"):
        github(line).whoami()


def test_reading_is_tried_again(line: Line) -> None:
    line.answers = [(502, {}, {}), (503, {}, {}), (200, {}, REPOSITORY)]
    assert github(line).repository("acme/infra").name == "acme/infra"
    assert len(line.asked) == 3


def test_reading_is_given_up_as_transient(line: Line) -> None:
    line.answers = [(502, {}, {"message": "Server Error"})]
    with pytest.raises(Transient, match="502"):
        github(line).repository("acme/infra")
    assert len(line.asked) == 4


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_never_sent_twice(line: Line, status: int) -> None:
    line.answers = [(status, {}, {"message": "Server Error"})]
    with pytest.raises(Transient):
        github(line).react(INFRA, COMMENT_REF, "eyes")
    assert len(line.asked) == 1


def test_nobody_on_the_line_is_transient() -> None:
    with pytest.raises(Transient, match="cannot be reached"):
        host(SECTION | {"api_url": "http://127.0.0.1:1/api/v3"}, ["acme/*"]).repository("acme/infra")


@pytest.mark.parametrize("body", [b"<html>please sign in</html>", b'{"id": 7, "full_na', b"[{"])
def test_an_answer_that_is_no_json_is_transient(line: Line, body: bytes) -> None:
    line.answers = [(200, {"Content-Type": "text/html"}, body)]
    with pytest.raises(Transient):
        github(line).repository("acme/infra")


MOVED = {"message": "Moved Permanently", "url": "https://forge.test/api/v3/repositories/7"}


def commit(author: str | None, committer: str | None) -> dict[str, object]:
    return {"sha": TIP, "author": author and {"login": author}, "committer": committer and {"login": committer}}


@pytest.mark.parametrize("status", [301, 307, 308])
def test_what_is_written_to_a_renamed_repository_is_not_taken_for_written(line: Line, status: int) -> None:
    line.answers = [(status, {"Location": f"{line.url}/repositories/7/statuses/x"}, MOVED)]
    with pytest.raises(Transient, match="another name"):
        github(line).status(INFRA, TIP, Status("plan", CheckState.SUCCESS, "done"))
    assert len(line.asked) == 1


def test_a_list_of_a_renamed_repository_is_not_read_without_its_filter(line: Line) -> None:
    next_page = {"Link": f'<{line.url}/repositories/7/pulls?page=2>; rel="next"'}
    line.answers = [(301, {"Location": f"{line.url}/repositories/7/pulls"}, MOVED), (200, next_page, []), (500, {}, {})]
    with pytest.raises(Transient, match="another name"):
        github(line).open_pulls(INFRA)


def test_a_renamed_repository_is_found_under_its_new_name(line: Line) -> None:
    renamed = REPOSITORY | {"full_name": "acme/platform"}
    line.answers = [(301, {"Location": f"{line.url}/repositories/7"}, MOVED), (200, {}, renamed)]
    assert github(line).repository("acme/infra").name == "acme/platform"


def test_an_address_that_leads_elsewhere_is_named(line: Line) -> None:
    line.answers = [(301, {"Location": "https://forge.test/api/v3/user"}, MOVED)]
    with pytest.raises(Refused, match="GITHUB__API_URL"):
        github(line).whoami()


@pytest.mark.parametrize("said", ["Requires authentication", "Must specify two-factor authentication OTP code."])
def test_whatever_is_wrong_with_the_token_it_is_named(line: Line, said: str) -> None:
    line.answers = [(401, {}, {"message": said})]
    with pytest.raises(Transient, match="GITHUB__TOKEN"):
        github(line).whoami()


def test_a_refusal_says_what_did_not_hold(line: Line) -> None:
    wrong = [{"code": "custom", "message": "No commits between main and x"}, {"field": "base", "code": "invalid"}]
    line.answers = [(200, {}, []), (422, {}, {"message": "Validation Failed", "errors": wrong})]
    with pytest.raises(Refused, match="Validation Failed: No commits between main and x, base is invalid"):
        github(line).open_pull(INFRA, "x", "main", "Back", "")


def test_who_writes_as_the_merge_button_is_unknown(line: Line) -> None:
    line.answers = [(200, {}, [commit("web-flow", "web-flow")])]
    assert github(line).contributors(INFRA, 4) == Contributors(frozenset(), (TIP[:7],))


def test_the_merge_button_is_no_contributor(line: Line) -> None:
    line.answers = [(200, {}, [commit("bob", "web-flow"), commit("bob", "carol"), commit("bob", None)])]
    assert github(line).contributors(INFRA, 4) == Contributors(frozenset({"bob", "carol"}), (TIP[:7],))


def test_what_a_branch_demands_is_asked_of_that_very_branch(line: Line) -> None:
    line.answers = [(200, {}, {"statuses": [], "check_runs": []})]
    base, head = Branch("release/1#2?x=%2e", TIP), Branch("change", TIP)
    github(line).checks(Pull(INFRA, 4, "", "alice", PullState.OPEN, False, False, base, head, ""))
    assert "GET /api/v3/repos/acme/infra/branches/release/1%232%3Fx%3D%252e" in line.asked


def test_comments_on_issues_are_left_out_even_where_the_repository_is_called_pull(line: Line) -> None:
    there = {"issue_url": f"{line.url}/repos/acme/pull/issues/4"}
    issue = COMMENT | there | {"html_url": "https://forge.test/acme/pull/issues/4#issuecomment-9"}
    pull = COMMENT | there | {"id": 10, "html_url": "https://forge.test/acme/pull/pull/4#issuecomment-10"}
    line.answers = [(200, {}, [issue, pull]), (200, {}, {"login": "ours", "id": 1})]
    found = github(line).comments(Repository("github:8", "acme/pull", "main", True), datetime(2026, 1, 1, tzinfo=UTC))
    assert [comment.ref.id for comment in found] == ["10"]


def test_no_topic_ends_its_marker_early(line: Line) -> None:
    told = {"id": 5, "updated_at": "2026-01-02T03:04:05Z"}
    line.answers = [(200, {}, []), (201, {}, told)]
    say(github(line), INFRA, 4, "x --> <script>\nhi --!> ", "words")
    marker, _, rest = json.loads(line.sent[-1])["body"].partition("\n")
    assert (marker.index(">"), rest) == (len(marker) - 1, "words")


@pytest.mark.parametrize("url", ["/runs/1", "javascript:alert(1)", "ftp://bot.test/1", ""])
def test_a_status_links_to_pages_only(line: Line, url: str) -> None:
    line.answers = [(201, {}, {})]
    github(line).status(INFRA, TIP, Status("plan", CheckState.SUCCESS, "done", url))
    assert "target_url" not in json.loads(line.sent[-1])


def test_a_comment_whose_text_was_changed_is_known_as_edited(line: Line) -> None:
    own = COMMENT | {"issue_url": f"{line.url}/repos/acme/infra/issues/4"}
    line.answers = [(200, {}, own | {"updated_at": "2026-01-02T03:04:06Z"}), (200, {}, own)]
    assert [github(line).comment(INFRA, COMMENT_REF).edited for _ in range(2)] == [True, False]


def test_a_merged_pull_request_is_known_where_the_answer_does_not_say_merged(line: Line) -> None:
    told = {key: value for key, value in PULL.items() if key != "merged"}
    merged = told | {"state": "closed", "merged_at": "2026-01-02T03:04:05Z", "merge_commit_sha": TIP}
    line.answers = [(200, {}, merged)]
    found = github(line).pull(INFRA, 4)
    assert (found.number, found.state, found.merge_commit) == (4, PullState.MERGED, TIP)


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        ("success", CheckState.SUCCESS),
        ("skipped", CheckState.SUCCESS),
        ("neutral", CheckState.SUCCESS),
        (None, CheckState.PENDING),
        *((word, CheckState.FAILURE) for word in ("failure", "cancelled", "timed_out", "action_required", "stale")),
        ("some new word", CheckState.FAILURE),
    ],
)
def test_a_conclusion_that_we_do_not_know_is_no_success(line: Line, conclusion: str | None, state: CheckState) -> None:
    runs = {"check_runs": [{"name": "ci", "conclusion": conclusion}]}
    line.of = {"/status": (200, {}, {"statuses": []}), "/main": (200, {}, {}), "/check-runs": (200, {}, runs)}
    base, head = Branch("main", TIP), Branch("change", TIP)
    [check] = github(line).checks(Pull(INFRA, 4, "", "alice", PullState.OPEN, False, False, base, head, ""))
    assert check.state is state


def test_a_review_that_is_not_submitted_yet_is_none(line: Line) -> None:
    line.answers = [(200, {}, [{"user": {"login": "bob"}, "state": "PENDING", "commit_id": TIP}])]
    assert github(line).reviews(INFRA, 4) == []


def test_check_runs_that_the_token_may_not_read_matter_only_where_one_is_required(line: Line) -> None:
    base, head = Branch("main", TIP), Branch("change", TIP)
    pull = Pull(INFRA, 4, "", "alice", PullState.OPEN, False, False, base, head, "")
    forbidden = (403, {}, {"message": "Resource not accessible by personal access token"})
    line.of = {"/status": (200, {}, {"statuses": []}), "/main": (200, {}, {}), "/check-runs": forbidden}
    assert github(line).checks(pull) == []
    demanding = {"protection": {"required_status_checks": {"contexts": ["ci"]}}}
    line.of["/main"] = (200, {}, demanding)
    with pytest.raises(Refused, match="Resource not accessible"):
        github(line).checks(pull)
