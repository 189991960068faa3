"""What a real Gitea sends when people act, and what becomes of it."""

from collections.abc import Iterator

import pytest

from bot.core.event import Commented, Event, PullChange, PullChanged, Pushed, Reviewed
from bot.core.keys import CommentRef
from bot.ports import Host
from tests.gitea.conftest import SECRET
from tests.gitea.ear import Ear, listening
from tests.gitea.running import Place

EVENTS = ("push", "pull_request", "pull_request_sync", "pull_request_comment", "pull_request_review", "issue_comment")


@pytest.fixture
def ear(place: Place) -> Iterator[Ear]:
    with listening() as heard:
        config = {"url": heard.url, "content_type": "json", "secret": SECRET}
        place.person("alice").api(
            "POST", f"{place.path}/hooks", type="gitea", active=True, events=list(EVENTS), config=config
        )
        yield heard


def told(ear: Ear, host: Host, event: str) -> Event | None:
    """The next webhook of that kind, as the host understands it."""
    headers, body = ear.next(lambda headers: headers["X-Gitea-Event"] == event)
    return host.parse(headers, body).event


def change(event: Event | None) -> PullChange:
    assert isinstance(event, PullChanged)
    return event.change


def test_opening_pushing_closing_and_reopening_are_told(place: Place, host: Host, ear: Ear) -> None:
    number = place.open()
    opened = told(ear, host, "pull_request")
    assert isinstance(opened, PullChanged)
    assert (opened.change, opened.sender, opened.pull.number) == (PullChange.OPENED, "alice", number)
    assert opened.pull.mergeable is not False
    sha = place.push("change", {"more.txt": "x"})
    pushed = told(ear, host, "pull_request")
    assert isinstance(pushed, PullChanged)
    assert (pushed.change, pushed.pull.head.sha, pushed.pull.fork) == (PullChange.PUSHED, sha, False)
    for state, wanted in (("closed", PullChange.CLOSED), ("open", PullChange.REOPENED)):
        place.person("bob").api("PATCH", f"{place.path}/pulls/{number}", state=state)
        assert change(told(ear, host, "pull_request")) is wanted


def test_a_merge_is_told_as_a_close_of_what_is_merged(place: Place, host: Host, ear: Ear) -> None:
    repository, number = host.repository(place.repo), place.open()
    told(ear, host, "pull_request")
    landed = host.merge(host.pull(repository, number), "x")
    closed = told(ear, host, "pull_request")
    assert isinstance(closed, PullChanged)
    assert (closed.change, closed.pull.merge_commit) == (PullChange.CLOSED, landed)


def test_a_title_makes_a_draft_and_another_makes_it_ready(place: Place, host: Host, ear: Ear) -> None:
    number = place.open(title="WIP: Change")
    opened = told(ear, host, "pull_request")
    assert isinstance(opened, PullChanged)
    assert opened.pull.draft
    for title, wanted in (("Another change", PullChange.READY), ("[WIP] Another", PullChange.DRAFTED)):
        place.person("alice").api("PATCH", f"{place.path}/pulls/{number}", title=title)
        assert change(told(ear, host, "pull_request")) is wanted
    place.person("alice").api("PATCH", f"{place.path}/pulls/{number}", title="WIP: Still")
    assert told(ear, host, "pull_request") is None


def test_another_base_is_told(place: Place, host: Host, ear: Ear) -> None:
    place.push("release", {"release.txt": "1"})
    number = place.open()
    told(ear, host, "pull_request")
    place.person("alice").api("PATCH", f"{place.path}/pulls/{number}", base="release")
    retargeted = told(ear, host, "pull_request")
    assert change(retargeted) is PullChange.RETARGETED
    assert isinstance(retargeted, PullChanged)
    assert retargeted.pull.base.name == "release"


def test_a_comment_on_a_pull_request_is_told_and_one_on_an_issue_is_not(place: Place, host: Host, ear: Ear) -> None:
    number = place.open()
    bob = place.person("bob")
    issue = bob.api("POST", f"{place.path}/issues", title="A question")["number"]
    bob.api("POST", f"{place.path}/issues/{issue}/comments", body="/plan")
    assert told(ear, host, "issue_comment") is None
    made = bob.api("POST", f"{place.path}/issues/{number}/comments", body="/apply")
    said = told(ear, host, "issue_comment")
    assert isinstance(said, Commented)
    assert said.comment == host.comment(
        said.repository, CommentRef(host.pull(said.repository, number).key, str(made["id"]))
    )
    assert (said.comment.author, said.comment.body, said.comment.ref.pull.number) == ("bob", "/apply", number)


def test_an_edited_comment_is_no_command(place: Place, host: Host, ear: Ear) -> None:
    number, bob = place.open(), place.person("bob")
    made = bob.api("POST", f"{place.path}/issues/{number}/comments", body="well")
    assert told(ear, host, "issue_comment")
    bob.api("PATCH", f"{place.path}/issues/comments/{made['id']}", body="/apply")
    assert told(ear, host, "issue_comment") is None


@pytest.mark.parametrize(
    ("verdict", "event"),
    [
        ("APPROVED", "pull_request_approved"),
        ("REQUEST_CHANGES", "pull_request_rejected"),
        ("COMMENT", "pull_request_comment"),
    ],
)
def test_every_review_is_told(place: Place, host: Host, ear: Ear, verdict: str, event: str) -> None:
    number = place.open()
    place.person("bob").api("POST", f"{place.path}/pulls/{number}/reviews", event=verdict, body="look")
    assert told(ear, host, event) == Reviewed(host.repository(place.repo), number)


def test_a_push_to_a_branch_is_told_but_no_tag_and_no_deletion(place: Place, host: Host, ear: Ear) -> None:
    sha = place.push("release", {"x.txt": "x"})
    assert told(ear, host, "push") == Pushed(host.repository(place.repo), "release", sha, "alice")
    alice = place.person("alice")
    alice.git(place.clone, "push", "--quiet", "origin", f"{sha}:refs/tags/v1")
    assert told(ear, host, "push") is None
    alice.git(place.clone, "push", "--quiet", "origin", ":release")
    later = place.push("after", {"y.txt": "x"})
    found = told(ear, host, "push")
    assert found is None or found == Pushed(host.repository(place.repo), "after", later, "alice")


def test_a_delivery_sent_again_has_its_old_id(place: Place, host: Host, ear: Ear) -> None:
    place.push("release", {"x.txt": "x"})
    headers, body = ear.next()
    assert host.parse(headers, body).id == headers["X-Gitea-Delivery"]
    assert host.parse(headers, body) == host.parse(headers, body)


def test_what_gitea_signed_with_another_secret_is_turned_away(place: Place, host: Host, ear: Ear) -> None:
    alice = place.person("alice")
    [hook] = alice.api("GET", f"{place.path}/hooks")
    alice.api("DELETE", f"{place.path}/hooks/{hook['id']}")  # Gitea changes no secret of a hook that there is
    config = {"url": ear.url, "content_type": "json", "secret": "another secret"}
    alice.api("POST", f"{place.path}/hooks", type="gitea", active=True, events=["push"], config=config)
    place.push("release", {"x.txt": "x"})
    with pytest.raises(PermissionError):
        host.parse(*ear.next())


def test_a_webhook_as_a_form_is_read_too(place: Place, host: Host, ear: Ear) -> None:
    alice = place.person("alice")
    config = {"url": ear.url, "content_type": "form", "secret": SECRET}
    alice.api("POST", f"{place.path}/hooks", type="gitea", active=True, events=["push"], config=config)
    sha = place.push("release", {"x.txt": "x"})
    headers, body = ear.next(lambda headers: "form" in headers["Content-Type"])
    assert host.parse(headers, body).event == Pushed(host.repository(place.repo), "release", sha, "alice")
