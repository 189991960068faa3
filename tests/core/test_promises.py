"""Each promise to the letter: versions before and after this one find each other's jobs by these ids and arguments."""

from collections.abc import Callable

import pytest

from bot.core import promises
from bot.core.decide import jobs_for
from bot.core.event import Commented, Event, JobRequested, MergeGroup, PullChange, PullChanged, Pushed, Reviewed
from bot.core.job import Job
from bot.core.keys import CommentRef, CommentSlot, PullKey
from bot.core.run import RunKind, Selection
from bot.core.trigger import Trigger, TriggerKind
from tests.core.events import PULL, REPOSITORY, comment
from tests.vocabulary import VOCABULARY

KEY = PullKey("github:1#7")
ABOUT = {"repository": "github:1", "number": "7"}
PUSHED = Trigger(TriggerKind.PUSHED)
GROUP = MergeGroup(REPOSITORY, "c" * 40, "b" * 40, "main", 7)


@pytest.mark.parametrize(
    ("promise", "id", "kind", "args"),
    [
        (
            lambda: promises.plan("plan:d1", KEY, "alice", PUSHED),
            "plan:d1",
            "plan",
            {"asked_by": "alice", "why": "pushed"},
        ),
        (
            lambda: promises.apply("apply:d1", KEY, "bob", Trigger(TriggerKind.APPROVAL)),
            "apply:d1",
            "apply",
            {"asked_by": "bob", "why": "approval"},
        ),
        (lambda: promises.review("review:d1", KEY), "review:d1", "review", {}),
        (lambda: promises.close("close:d1", KEY, "alice"), "close:d1", "close", {"asked_by": "alice"}),
        (lambda: promises.merge("r1", KEY), "merge:r1", "merge", {"run": "r1"}),
        (lambda: promises.read_comment(CommentRef(KEY, "12")), "comment:github:1:12", "command", {"comment": "12"}),
        (
            lambda: promises.read_comment(CommentRef(KEY, "12"), swept=True),
            "comment:github:1:12",
            "command",
            {"comment": "12", "swept": "yes"},
        ),
        (lambda: promises.dequeued("d1", KEY), "dequeued:d1", "dequeued", {}),
        (
            lambda: promises.command("unlock", CommentRef(KEY, "12"), 3, "alice", Selection(("db",)), "c0ffee0"),
            "github:1#7:12:3",
            "unlock",
            {
                "asked_by": "alice",
                "why": "comment:12",
                "selection": '{"names": ["db"], "dirs": [], "workspaces": [], "destroy": false, "confirmed": []}',
                "sha": "c0ffee0",
            },
        ),
        (
            lambda: promises.from_shell("unlock", "d1", KEY, "root"),
            "unlock:d1",
            "unlock",
            {"asked_by": "root", "why": "shell"},
        ),
        (lambda: promises.run_finished("r1", KEY), "run_finished:r1", "run_finished", {"run": "r1"}),
        (
            lambda: promises.update_comment(CommentSlot.plan(KEY), 4, KEY),
            "update_comment:plan:github:1#7:4",
            "update_comment",
            {"topic": "plan:github:1#7"},
        ),
    ],
)
def test_a_promise_about_a_pull_request_is_written_as_it_always_was(
    promise: Callable[[], Job], id: str, kind: str, args: dict[str, str]
) -> None:
    job = promise()
    assert (job.id, job.kind, job.args) == (id, kind, {**ABOUT, **args})
    assert job.has_pull
    assert job.pull == KEY


@pytest.mark.parametrize(
    ("promise", "id", "kind", "args"),
    [
        (
            lambda: promises.branch_pushed("d1", "github:1", "main", "alice", "c" * 40),
            "branch_pushed:d1",
            "branch_pushed",
            {"repository": "github:1", "branch": "main", "by": "alice", "sha": "c" * 40},
        ),
        (
            lambda: promises.merge_group("d1", MergeGroup(REPOSITORY, "c0ffee")),
            "merge_group:d1",
            "merge_group",
            {"repository": "github:1", "sha": "c0ffee", "parent": "", "branch": ""},
        ),
        (
            lambda: promises.project(RunKind.PLAN, "r1", "infra/db:default", "a1"),
            "r1:infra/db:default:a1",
            "plan_project",
            {"run": "r1", "place": "infra/db:default"},
        ),
        (
            lambda: promises.project(RunKind.APPLY, "r1", "infra/db:default", "a1"),
            "r1:infra/db:default:a1",
            "apply_project",
            {"run": "r1", "place": "infra/db:default"},
        ),
    ],
)
def test_a_promise_about_something_else_is_written_as_it_always_was(
    promise: Callable[[], Job], id: str, kind: str, args: dict[str, str]
) -> None:
    job = promise()
    assert (job.id, job.kind, job.args) == (id, kind, args)
    assert not job.has_pull


@pytest.mark.parametrize(
    ("event", "promise"),
    [
        *(
            (
                PullChanged(PULL, PullChange(word), "bob"),
                lambda word=word: promises.plan("plan:d1", KEY, "bob", Trigger(TriggerKind(word))),
            )
            for word in ("opened", "pushed", "reopened", "ready", "retargeted")
        ),
        (PullChanged(PULL, PullChange.CLOSED, "bob"), lambda: promises.close("close:d1", KEY, "bob")),
        (Commented(REPOSITORY, comment("/plan")), lambda: promises.read_comment(CommentRef(KEY, "5"))),
        (Reviewed(REPOSITORY, 7), lambda: promises.review("review:d1", KEY)),
        (
            Pushed(REPOSITORY, "release", "c" * 40, "bob"),
            lambda: promises.branch_pushed("d1", "github:1", "release", "bob", "c" * 40),
        ),
        (GROUP, lambda: promises.merge_group("d1", GROUP)),
        (PullChanged(PULL, PullChange.DEQUEUED, "bob"), lambda: promises.dequeued("d1", KEY)),
        (JobRequested(REPOSITORY, 7, "unlock", "root"), lambda: promises.from_shell("unlock", "d1", KEY, "root")),
    ],
)
def test_an_event_promises_its_job_with_whoever_asked_and_why(event: Event, promise: Callable[[], Job]) -> None:
    assert jobs_for(event, "d1", VOCABULARY) == (promise(),)


def test_a_merge_group_of_one_pull_request_names_its_number() -> None:
    assert promises.merge_group("d1", MergeGroup(REPOSITORY, "c0ffee", number=7)).args["number"] == "7"


def test_a_job_tells_what_its_promise_said() -> None:
    asked = promises.command("plan", CommentRef(KEY, "12"), 0, "alice", Selection(dirs=("infra",)), "")
    assert (asked.trigger, asked.asked_by, asked.comment) == (Trigger.comment("12"), "alice", CommentRef(KEY, "12"))
    work = promises.project(RunKind.PLAN, "r1", "infra/db:default", "a1")
    assert (work.run, work.place) == ("r1", "infra/db:default")
    assert promises.read_comment(CommentRef(KEY, "note:3")).unread_comment == CommentRef(KEY, "note:3")
    assert promises.update_comment(CommentSlot.apply("r1"), 1, KEY).slot == CommentSlot.apply("r1")


@pytest.mark.parametrize(
    ("id", "root"),
    [("plan:d1", "plan:d1"), ("plan:d1~2", "plan:d1"), ("plan:d1~12", "plan:d1"), ("plan:d~1x", "plan:d~1x")],
)
def test_a_later_try_is_the_same_promise(id: str, root: str) -> None:
    assert Job(id, "plan").root == root
