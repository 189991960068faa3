"""Keys and triggers are text for others, and read back in one place."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentRef, CommentSlot, PullKey
from bot.core.pull import Pull
from bot.core.run import Lock, Selection
from bot.core.trigger import Trigger, TriggerKind
from bot.store.columns import dump, load

KEY = PullKey.of("gitea:forge.example.com:4711", 7)


def test_a_pull_key_tells_its_repository_and_number() -> None:
    assert (KEY, KEY.repository, KEY.number) == ("gitea:forge.example.com:4711#7", "gitea:forge.example.com:4711", 7)
    assert Pull.key.fget is not None


def test_a_pull_key_is_text_in_json_and_a_key_again() -> None:
    text = dump(PullKey, KEY)
    assert text == f'"{KEY}"'
    assert isinstance(load(PullKey, text), PullKey)
    assert Lock.__dataclass_fields__["pull"].type is PullKey


def test_a_pull_key_is_text_where_something_holds_it_and_nothing_else_is() -> None:
    lock = Lock("github:1", "infra/db:default", PullKey("github:1#7"), "dave", datetime(2026, 3, 1, tzinfo=UTC))
    assert load(Lock, dump(Lock, lock)) == lock
    assert isinstance(load(Lock, dump(Lock, lock)).pull, PullKey)


def test_a_pull_key_is_known_to_whatever_reads_types_anew() -> None:
    keys = TypeAdapter(PullKey)
    key = keys.validate_python("github:1#7")
    assert (type(key), key, keys.dump_json(key)) == (PullKey, "github:1#7", b'"github:1#7"')
    with pytest.raises(ValidationError):
        keys.validate_python(7)


def test_a_slot_tells_what_it_shows_and_its_mark() -> None:
    plans, apply = CommentSlot.plan(KEY), CommentSlot.apply("r1")
    assert (plans, plans.pull, plans.run, plans.marker) == (f"plan:{KEY}", KEY, None, "plan")
    assert (apply, apply.pull, apply.run, apply.marker) == ("apply:r1", None, "r1", "apply:r1")


@pytest.mark.parametrize("trigger", [*map(Trigger, TriggerKind), Trigger.comment("12"), Trigger.comment("note:3")])
def test_a_trigger_is_read_as_it_was_written(trigger: Trigger) -> None:
    assert Trigger.parse(str(trigger)) == trigger


@pytest.mark.parametrize("text", ["", "comments:1", "push"])
def test_what_is_no_trigger_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Trigger.parse(text)


def test_only_a_comment_and_the_shell_are_a_persons() -> None:
    by_person = {kind for kind in TriggerKind if Trigger(kind).by_person}
    assert by_person == {TriggerKind.COMMENT, TriggerKind.SHELL}


def test_a_command_is_read_from_its_job_as_it_was_promised() -> None:
    selection = Selection(("a", "b*"), ("infra/db",), ("prod",), True, ("Namespace/shop",))
    job = promises.command("plan", CommentRef(KEY, "12"), 1, "alice", selection, "c" * 40)
    assert job.id == f"{KEY}:12:1"
    assert (job.pull, job.asked_by, job.selection) == (KEY, "alice", selection)
    assert job.comment == CommentRef(KEY, "12")
    assert all(isinstance(text, str) for text in job.args.values())


def test_a_job_that_nobody_commented_for_has_no_comment() -> None:
    assert promises.review("review:1", KEY).comment is None
    assert Job("x", "plan", {"repository": "github:1", "number": "2"}).selection == Selection()
