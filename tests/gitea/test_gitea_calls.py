"""How the Gitea host behaves on the wire, on bad days and with servers that answer otherwise than ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef, PullKey
from bot.core.pull import Branch, CheckState, Pull, PullState, Repository, Status
from bot.hosts.gitea import host
from bot.ports import Host
from bot.steps.say.topics import say
from tests.gitea.line import Line, answering
from tests.gitea.signed import ALICE, COMMENT, PULL, REPOSITORY, SECTION

INFRA = Repository("gitea:7", "acme/infra", "main", private=True)
TIP = "c" * 40
COMMENT_REF = CommentRef(PullKey.of(INFRA.key, 4), "9")
PULLED = Pull(INFRA, 4, "", "alice", PullState.OPEN, False, False, Branch("main", TIP), Branch("change", TIP), "")


@pytest.fixture
def line() -> Iterator[Line]:
    with answering() as told:
        yield told


def gitea(line: Line, path: str = "") -> Host:
    return host(SECTION | {"url": line.url + path}, ["acme/*"])


def pulls(*numbers: int) -> list[dict[str, object]]:
    return [PULL | {"number": number} for number in numbers]


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_before_gitea_names_its_time(line: Line, status: int) -> None:
    line.answers = [(status, {"Retry-After": "61"}, {"message": "slow down"})]
    with pytest.raises(Transient) as raised:
        gitea(line).repository("acme/infra")
    assert raised.value.after == 61
    assert len(line.asked) == 1


def test_reading_is_tried_again(line: Line) -> None:
    line.answers = [(502, {}, {}), (503, {}, {}), (200, {}, REPOSITORY)]
    assert gitea(line).repository("acme/infra").name == "acme/infra"
    assert len(line.asked) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_never_sent_twice(line: Line, status: int) -> None:
    line.answers = [(status, {}, {"message": "Server Error"})]
    with pytest.raises(Transient):
        gitea(line).react(INFRA, COMMENT_REF, "eyes")
    assert len(line.asked) == 1


def test_nobody_on_the_line_is_transient() -> None:
    with pytest.raises(Transient, match="cannot be reached"):
        host(SECTION | {"url": "http://127.0.0.1:1"}, ["acme/*"]).repository("acme/infra")


@pytest.mark.parametrize("body", [b"<html>please sign in</html>", b'{"id": 7, "full_na', b"[{", b"[]", b"null", b"{}"])
def test_an_answer_that_is_not_giteas_is_transient(line: Line, body: bytes) -> None:
    line.answers = [(200, {"Content-Type": "text/html"}, body)]
    with pytest.raises(Transient):
        gitea(line).repository("acme/infra")


def test_a_server_below_a_path_is_asked_there(line: Line) -> None:
    line.answers = [(200, {}, REPOSITORY)]
    for path in ("/git", "/git/", "/git/api/v1"):
        gitea(line, path).repository("acme/infra")
    assert set(line.asked) == {"GET /git/api/v1/repos/acme/infra"}


def test_the_token_goes_to_no_other_server(line: Line) -> None:
    with answering() as other:
        line.answers = [(301, {"Location": f"{other.url}/api/v1/repos/acme/infra"}, {})]
        other.answers = [(200, {}, REPOSITORY)]
        with pytest.raises(Refused, match="GITEA__URL"):
            gitea(line).repository("acme/infra")
        assert not other.asked


def test_a_sign_in_page_is_no_repository(line: Line) -> None:
    line.answers = [(302, {"Location": "/user/login"}, b"")]
    with pytest.raises(Refused, match="GITEA__URL"):
        gitea(line).repository("acme/infra")


def test_two_names_that_lead_to_each_other_come_to_an_end(line: Line) -> None:
    line.answers = [(301, {"Location": "/api/v1/repos/acme/infra"}, {})]
    with pytest.raises((Refused, Transient)):
        gitea(line).repository("acme/infra")
    assert len(line.asked) < 10


def test_no_netrc_replaces_the_token(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mallory password hush\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    line.answers = [(200, {"Set-Cookie": "i_like_gitea=x; Path=/"}, REPOSITORY)]
    forge = gitea(line)
    for _ in range(2):
        forge.repository("acme/infra")
    assert [sent["Authorization"] for sent in line.headers] == ["token t", "token t"]
    assert "Cookie" not in line.headers[-1]


def test_pages_are_counted_where_the_server_gives_fewer_than_asked_for(line: Line) -> None:
    total = {"X-Total-Count": "5"}
    line.answers = [(200, total, pulls(1, 2)), (200, total, pulls(3, 4)), (200, total, pulls(5))]
    assert [pull.number for pull in gitea(line).open_pulls(INFRA)] == [1, 2, 3, 4, 5]
    assert len(line.asked) == 3


def test_a_page_of_things_that_are_not_for_us_is_not_the_last(line: Line) -> None:
    total = {"X-Total-Count": "60"}
    line.answers = [(200, total, []), (200, total, pulls(60))]
    line.answers.append((200, total, []))
    assert [pull.number for pull in gitea(line).open_pulls(INFRA)] == [60]


def test_a_list_that_comes_whole_is_read_once(line: Line) -> None:
    line.answers = [(200, {"X-Total-Count": "2"}, pulls(1, 2))]
    assert len(gitea(line).open_pulls(INFRA)) == 2
    assert len(line.asked) == 1


def test_a_list_without_a_total_is_read_to_its_end_and_never_twice(line: Line) -> None:
    line.answers = [(200, {}, pulls(1)), (200, {}, pulls(2)), (200, {}, [])]
    assert [pull.number for pull in gitea(line).open_pulls(INFRA)] == [1, 2]
    line.answers = [(200, {}, pulls(1, 2))]
    assert [pull.number for pull in gitea(line).open_pulls(INFRA)] == [1, 2]


def test_what_a_branch_demands_is_asked_of_that_very_branch(line: Line) -> None:
    line.answers = [(200, {"X-Total-Count": "0"}, {"statuses": None}), (200, {}, {})]
    base = Branch("release/1#2?x=%2e", TIP)
    pull = Pull(INFRA, 4, "", "alice", PullState.OPEN, False, False, base, Branch("change", TIP), "")
    assert not gitea(line).checks(pull)
    assert line.asked[-1] == "GET /api/v1/repos/acme/infra/branches/release/1%232%3Fx%3D%252e"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("success", CheckState.SUCCESS),
        ("skipped", CheckState.SUCCESS),
        ("pending", CheckState.PENDING),
        ("", CheckState.PENDING),
        *((word, CheckState.FAILURE) for word in ("failure", "error", "warning", "some new word")),
    ],
)
def test_a_state_that_we_do_not_know_is_no_success(line: Line, word: str, state: CheckState) -> None:
    statuses = {"statuses": [{"context": "ci", "status": word}]}
    line.answers = [(200, {"X-Total-Count": "1"}, statuses), (200, {}, {})]
    [check] = gitea(line).checks(PULLED)
    assert check.state is state


def test_contexts_are_not_demanded_by_a_rule_that_is_switched_off(line: Line) -> None:
    rule = {"enable_status_check": False, "status_check_contexts": ["ci"]}
    line.answers = [(200, {"X-Total-Count": "0"}, {"statuses": []}), (200, {}, rule)]
    assert not gitea(line).checks(PULLED)


def test_a_merge_that_lands_while_its_answer_is_lost_is_found(line: Line) -> None:
    merged = PULL | {"state": "closed", "merged": True, "merge_commit_sha": TIP}
    head = Branch("change", str(PULL["head"]["sha"]))  # type: ignore[index]  # an object of JSON
    pull = Pull(INFRA, 4, "", "alice", PullState.OPEN, False, False, Branch("main", TIP), head, "")
    line.answers = [(200, {}, REPOSITORY | {"allow_squash_merge": True}), (504, {}, {}), (200, {}, merged)]
    assert gitea(line).merge(pull, "x") == TIP


def test_only_a_check_that_is_not_done_is_asked_again(line: Line) -> None:
    later = (405, {}, {"message": "Please try again later"})
    refused = (405, {}, {"message": "Does not have enough approvals"})
    line.answers = [(200, {}, REPOSITORY), later, later, refused, (200, {}, PULL)]
    with pytest.raises(Refused, match="enough approvals"):
        gitea(line).merge(PULLED, "x")
    assert sum(asked.endswith("/merge") for asked in line.asked) == 3


def test_a_clock_that_differs_from_ours_is_the_one_that_counts(line: Line) -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    zone = ahead.astimezone(tz=None).isoformat(timespec="seconds")
    own = {"login": "gitops-bot", "id": 1}
    line.answers = [(200, {}, own), (200, {"X-Total-Count": "0"}, []), (201, {}, {"id": 5, "updated_at": zone})]
    forge = gitea(line)
    assert say(forge, INFRA, 4, "plan", "words").written_at == ahead.replace(microsecond=0)


def test_since_is_asked_for_in_utc(line: Line) -> None:
    line.answers = [(200, {"X-Total-Count": "1"}, [COMMENT]), (200, {}, ALICE | {"login": "gitops-bot"})]
    since = datetime.fromisoformat("2026-01-02T08:00:00+05:45")
    [found] = gitea(line).comments(INFRA, since)
    assert found.at.tzinfo is UTC
    assert (found.at, found.edited) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), False)
    assert "since=2026-01-02T02%3A15%3A00Z" in line.asked[0]


def test_giteas_own_accounts_are_bots_and_people_are_not(line: Line) -> None:
    line.answers = [(200, {}, COMMENT | {"user": {"id": -2, "login": "gitea-actions"}}), (200, {}, COMMENT)]
    assert [gitea(line).comment(INFRA, COMMENT_REF).author_is_bot for _ in range(2)] == [True, False]


@pytest.mark.parametrize("url", ["/runs/1", "javascript:alert(1)", "ftp://bot.test/1", ""])
def test_a_status_links_to_pages_only(line: Line, url: str) -> None:
    line.answers = [(201, {}, {})]
    gitea(line).status(INFRA, TIP, Status("plan", CheckState.SUCCESS, "done", url))
    assert b"target_url" not in line.sent[-1]


@pytest.mark.parametrize("state", ["PENDING", "REQUEST_REVIEW", ""])
def test_a_review_that_is_not_submitted_is_none(line: Line, state: str) -> None:
    raw = {"user": ALICE, "state": state, "commit_id": TIP}
    line.answers = [(200, {"X-Total-Count": "1"}, [raw])]
    assert gitea(line).reviews(INFRA, 4) == []
