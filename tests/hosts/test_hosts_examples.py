"""GitHub's own example payloads: each becomes exactly the event expected, or is accepted and of no interest."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from bot.core.event import Event, JobRequested, MergeGroup, PullChange, PullChanged, Pushed, Reviewed
from bot.core.job import Job
from bot.core.pull import Branch, Pull, PullState, Repository
from bot.core.repository_filter import RepositoryFilter
from bot.hosts.github import webhook
from bot.intake import Intake
from bot.store import deliveries
from tests.hosts.published.examples import EXAMPLES
from tests.hosts.signed import SECRET, github, headers, signature
from tests.sandbox.running import until
from tests.server.house import House
from tests.vocabulary import VOCABULARY

ANY = ("*/*",)
APP = 29310
HELLO = Repository("github:186853002", "Codertocat/Hello-World", "master", private=False)
OCTO = Repository("github:17273051", "octo-org/octo-repo", "main", private=True)
GROUP = MergeGroup(
    OCTO, "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d", "380387fbc80638b734a49e1be1c4dfec1c01b33c", "main", 104
)
OPEN = Pull(
    repository=HELLO,
    number=2,
    title="Update the README with new information.",
    author="Codertocat",
    state=PullState.OPEN,
    draft=False,
    fork=False,
    base=Branch("master", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"),
    head=Branch("changes", "ec26c3e57ca3a959ca5aad62de7213c562f8c821"),
    url="https://github.com/Codertocat/Hello-World/pull/2",
    updated=datetime(2019, 5, 15, 15, 20, 33, tzinfo=UTC),
)
LATER = replace(OPEN, mergeable=True, updated=datetime(2019, 5, 15, 15, 21, 18, tzinfo=UTC))
CLOSED = replace(LATER, state=PullState.CLOSED)
DRAFT = replace(LATER, draft=True)


def changed(pull: Pull, change: PullChange) -> PullChanged:
    return PullChanged(pull, change, "Codertocat")


# How many examples there are of an event and its action, and what each of them becomes.
EXPECTED: tuple[tuple[str, str | None, int, Event | None], ...] = (
    ("pull_request", "opened", 4, changed(OPEN, PullChange.OPENED)),
    ("pull_request", "synchronize", 1, changed(OPEN, PullChange.PUSHED)),
    ("pull_request", "reopened", 2, changed(OPEN, PullChange.REOPENED)),
    ("pull_request", "ready_for_review", 3, changed(LATER, PullChange.READY)),
    ("pull_request", "converted_to_draft", 3, changed(DRAFT, PullChange.DRAFTED)),
    ("pull_request", "closed", 2, changed(CLOSED, PullChange.CLOSED)),
    ("pull_request_review", "submitted", 3, Reviewed(HELLO, 2)),
    ("pull_request_review", "dismissed", 1, Reviewed(HELLO, 2)),
    ("push", None, 2, Pushed(HELLO, "master", "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "Codertocat")),
    ("push", None, 5, None),  # tags, and what was deleted
    ("merge_group", "checks_requested", 2, GROUP),
    ("check_suite", "rerequested", 1, JobRequested(HELLO, 2, "plan", "octocoders-linter[bot]")),
    ("check_run", "rerequested", 2, None),  # of another App
    ("issue_comment", "created", 5, None),  # on issues
    ("issue_comment", "edited", 2, None),
    ("issue_comment", "deleted", 2, None),
    ("ping", None, 4, None),
    ("installation", "created", 2, None),
    ("installation", "deleted", 2, None),
    ("installation", "suspend", 1, None),
    ("installation_repositories", "added", 2, None),
)


def became(kind: str, payload: dict[str, Any], *repos: str) -> Event | None:
    """As the App of the examples' check suite sees it."""
    body = json.dumps(payload).encode()
    return webhook.parse(headers(kind, body), body, SECRET, RepositoryFilter(repos or ANY), APP).event


def test_every_example_that_concerns_us_is_the_event_expected() -> None:
    found = Counter((kind, payload.get("action"), became(kind, payload)) for kind, payload in EXAMPLES)
    expected = {(kind, action, event): number for kind, action, number, event in EXPECTED}
    assert {key: found[key] for key in expected} == expected


def test_every_other_example_is_accepted_and_of_no_interest() -> None:
    known = {(kind, action) for kind, action, _, _ in EXPECTED}
    others = [(kind, payload) for kind, payload in EXAMPLES if (kind, payload.get("action")) not in known]
    assert len({kind for kind, _ in others}) > 45
    assert [kind for kind, payload in others if became(kind, payload)] == []


def test_a_comment_on_an_example_issue_that_is_a_pull_request_is_a_command() -> None:
    """GitHub publishes no example of one; it differs by this one field."""
    payload = next(
        payload for kind, payload in EXAMPLES if (kind, payload.get("action")) == ("issue_comment", "created")
    )
    event = became("issue_comment", payload | {"issue": payload["issue"] | {"pull_request": {"url": "x"}}})
    assert event
    assert (event.comment.ref.pull.number, event.comment.author) == (payload["issue"]["number"], "Codertocat")


def test_examples_of_repositories_that_are_not_ours_are_of_no_interest() -> None:
    assert not any(became(kind, payload, "acme/*") for kind, payload in EXAMPLES)


class Promises(list[Job]):
    """Keeps what is promised, and does none of it."""

    def start(self, job: Job) -> None:
        self.append(job)


@pytest.fixture
def hosted(open_house: Callable[..., House]) -> House:
    return open_house(hosts={"github": github(*ANY)})


def test_every_example_is_taken_at_the_door_and_none_stops_the_intake(hosted: House) -> None:
    answers = Counter(sent(hosted, number, *example) for number, example in enumerate(EXAMPLES))
    assert answers == {202: len(EXAMPLES)}
    promises = Promises()
    store = hosted.doors.store
    clock = partial(datetime.now, UTC)
    intake = Intake(store, promises, clock, VOCABULARY)  # type: ignore[arg-type]  # all of an engine that it uses
    intake.start()

    def empty() -> bool:
        with store.read() as tx:
            return not deliveries.pending(tx)

    until(empty)
    assert intake.alive
    intake.stop()
    assert len(promises) > 10


def test_no_example_is_taken_with_a_signature_of_somebody_elses(hosted: House) -> None:
    assert {sent(hosted, number, *EXAMPLES[number], secret="x") for number in range(20)} == {401}


def sent(house: House, number: int, kind: str, payload: dict[str, Any], secret: str = SECRET) -> int:
    """What the door answers to the example."""
    body = json.dumps(payload).encode()
    own = {"X-GitHub-Delivery": f"example-{number}", "X-Hub-Signature-256": signature(body, secret)}
    signed = headers(kind, body, **own)
    return house.post("/webhooks/github", data=body, headers=signed).status_code
