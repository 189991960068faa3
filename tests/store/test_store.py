"""The store's questions, asked of real SQLite and, where one can be started, real Postgres."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.core.event import Pushed
from bot.core.keys import PullKey
from bot.core.plan import Content, Counts
from bot.core.project import Project, Rules
from bot.core.pull import Branch, Pull, PullState, Repository, branch_at
from bot.core.run import (
    ApplyOutcome,
    Freeze,
    Intent,
    Lock,
    Plan,
    PlanState,
    Run,
    RunKind,
    RunProject,
    State,
    WaitReason,
)
from bot.core.trigger import Trigger, TriggerKind
from bot.store import Store, comment_slots, deliveries, intents, locks, plans, pulls, runs, tables

PUSH = Trigger(TriggerKind.PUSHED)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RIVAL = """
create trigger rival before insert on lock when new.pull = 'github:1#2' begin
  insert into lock (repository, place, pull, taken_by, since)
  values (new.repository, new.place, 'github:1#1', new.taken_by, new.since);
end
"""
REPOSITORY = Repository("github:1", "acme/infra", "main", private=False)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}" if request.param == "sqlite" else request.getfixturevalue("postgres")
    made = Store(url)
    made.migrate()
    yield made
    made.close()


def test_migrations_make_the_tables_that_the_code_reads(store: Store) -> None:
    with store.begin() as tx:
        assert compare_metadata(MigrationContext.configure(tx), tables.metadata) == []


def test_a_reader_locks_nothing_where_the_database_can_tell(store: Store) -> None:
    if store.embedded:
        return
    with pytest.raises(sa.exc.InternalError, match="read-only"), store.read() as tx:
        runs.lock(tx, "r1")
    with store.begin() as tx:
        assert runs.lock(tx, "r1") is None


def test_a_delivery_that_comes_twice_is_kept_once(store: Store) -> None:
    event = Pushed(REPOSITORY, "main", "a" * 40)
    with store.begin() as tx:
        assert deliveries.receive(tx, "github:1", event, NOW)
        assert not deliveries.receive(tx, "github:1", event, NOW)
        assert deliveries.pending(tx) == (("github:1", event),)
        deliveries.mark_done(tx, ["github:1"], NOW)
        assert deliveries.pending(tx) == ()


@pytest.mark.parametrize("branch", ["change", 'a"b', "50%_off", "änderung/😀"])
def test_who_pushes_to_a_branch_is_noted_of_its_pulls_and_of_no_others(store: Store, branch: str) -> None:
    closed = Pull(
        REPOSITORY, 1, "", "alice", PullState.CLOSED, False, False, Branch("main", ""), Branch(branch, ""), ""
    )
    others = (
        replace(closed, number=2, head=Branch(f"{branch}2", "")),
        replace(closed, number=3, fork=True),
        replace(closed, number=4, state=PullState.MERGED),
        replace(closed, number=5, repository=replace(REPOSITORY, key="github:2")),
    )
    with store.begin() as tx:
        for pull in (closed, *others):
            pulls.save(tx, pull)
        pulls.record_branch_pusher(tx, REPOSITORY.key, branch, "bob")
        pulls.record_branch_pusher(tx, REPOSITORY.key, branch, "bob")
        assert pulls.pushers(tx, closed.key) == {"bob"}
        assert not any(pulls.pushers(tx, pull.key) for pull in others)


def test_who_brought_a_commit_first_is_noted_whatever_branch_it_came_to(store: Store) -> None:
    commits = [f"{number:040x}" for number in range(1200)]
    with store.begin() as tx:
        pulls.record_pushed_commit(tx, REPOSITORY.key, commits[-1], "bob")
        pulls.record_pushed_commit(tx, REPOSITORY.key, commits[-1], "carol")
        pulls.record_pushed_commit(tx, "github:2", commits[0], "dave")
        assert pulls.commit_pushers(tx, REPOSITORY.key, commits) == {"bob"}
        assert pulls.commit_pushers(tx, REPOSITORY.key, commits[:-1]) == set()


def test_everybody_who_asked_for_a_pull_is_remembered(store: Store) -> None:
    with store.begin() as tx:
        for login in ("alice", "bob", "alice"):
            pulls.record_asker(tx, PullKey("github:1#1"), login)
        assert pulls.askers(tx, "github:1#1") == {"alice", "bob"}
        assert pulls.askers(tx, "github:1#2") == set()


def test_which_base_branch_a_pull_had_when_is_known_there_and_back(store: Store) -> None:
    def at(minute: int) -> datetime:
        return NOW + timedelta(minutes=minute)

    with store.begin() as tx:
        for minute, name in ((0, "main"), (3, "main"), (5, "release"), (7, "release"), (9, "main")):
            pulls.save(tx, _pull(name, at(minute)))
        pulls.save(tx, _pull("release", at(6)))  # a delivery that came late
        branches = pulls.base_branches(tx, _pull("main", NOW).key)
    told = [branch_at(branches, at(minute)) for minute in (-9, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert told == ["main", "main", "main", None, None, "release", "release", None, None, "main"]


def test_a_base_branch_given_in_the_second_of_the_last_look_leaves_that_second_untold(store: Store) -> None:
    with store.begin() as tx:
        for name in ("main", "release"):
            pulls.save(tx, _pull(name, NOW))
        branches = pulls.base_branches(tx, _pull("main", NOW).key)
    assert [branch_at(branches, NOW + timedelta(seconds=late)) for late in (-1, 0, 1)] == ["main", None, "release"]


def _pull(base: str, updated: datetime) -> Pull:
    branches = Branch(base, ""), Branch("change", "")
    return Pull(REPOSITORY, 1, "", "alice", PullState.OPEN, False, False, *branches, "", updated=updated)


def test_a_lock_is_taken_for_all_places_or_for_none(store: Store) -> None:
    with store.begin() as tx:
        assert locks.take(tx, [_lock("b:default", "github:1#2")]) == ()
        others = locks.take(tx, [_lock("a:default", "github:1#1"), _lock("b:default", "github:1#1")])
        assert [lock.pull for lock in others] == ["github:1#2"]
        assert locks.of_pull(tx, "github:1#1") == ()
        assert locks.take(tx, [_lock("b:default", "github:1#2")]) == ()


def test_of_two_that_race_for_a_lock_one_has_it_and_the_other_is_told_who(store: Store) -> None:
    first, second = _lock("a:default", "github:1#1"), _lock("a:default", "github:1#2")
    other, told = Store(store.url.render_as_string(hide_password=False)), list[tuple[Lock, ...]]()

    def race() -> None:
        with other.begin() as tx:
            told.append(locks.take(tx, [_lock("0:default", "github:1#2"), second]))

    racing = threading.Thread(target=race)
    with store.begin() as tx:
        assert locks.take(tx, [first]) == ()
        racing.start()
        _until_somebody_waits(store)
    racing.join()
    other.close()
    assert told == [(first,)]
    with store.read() as tx:
        assert locks.list_locks(tx) == (first,)


def test_who_holds_a_pull_decides_before_another_looks(store: Store) -> None:
    other, seen = Store(store.url.render_as_string(hide_password=False)), list[int]()

    def decide() -> None:
        with other.begin() as tx:
            pulls.hold(tx, "github:1#1")
            seen.append(len(runs.list_unfinished(tx, "github:1#1", RunKind.PLAN)))

    with store.begin() as tx:
        pulls.save(tx, _pull("main", NOW))
    deciding = threading.Thread(target=decide)
    with store.begin() as tx:
        pulls.hold(tx, "github:1#1")
        deciding.start()
        _until_somebody_waits(store)
        runs.add(tx, _run(), [], "job")
    deciding.join()
    other.close()
    assert seen == [1]


def _until_somebody_waits(store: Store) -> None:
    """On Postgres, where a second writer comes as far as the first one's row; SQLite lets it begin no sooner."""
    waits = sa.text("select 1 from pg_locks where not granted")
    while not store.embedded:
        with store.read() as tx:
            if tx.execute(waits).first():
                return


def test_a_lock_that_another_took_between_look_and_grasp_is_the_others(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.migrate()
    with store.begin() as tx:
        values = "new.repository, new.place, 'github:1#1', new.taken_by, new.since"
        rival = f"insert into lock (repository, place, pull, taken_by, since) values ({values})"
        tx.exec_driver_sql(
            "create trigger rival before insert on lock when new.pull = 'github:1#2' and new.place = 'a:default' "
            f"begin {rival}; end"
        )
        requested = [_lock("0:default", "github:1#2"), _lock("a:default", "github:1#2")]
        assert locks.take(tx, requested) == (_lock("a:default", "github:1#1"),)
        assert locks.list_locks(tx) == (_lock("a:default", "github:1#1"),)


def test_the_same_place_in_another_repository_is_another_lock(store: Store) -> None:
    with store.begin() as tx:
        locks.take(tx, [_lock("a:default", "github:1#1")])
        assert locks.take(tx, [_lock("a:default", "github:12#1", "github:12")]) == ()
        locks.free(tx, "github:1#1")
        assert [lock.pull for lock in locks.list_locks(tx)] == ["github:12#1"]


def test_two_last_rows_end_their_run_once(store: Store) -> None:
    rows = [_row("a"), _row("b")]
    with store.begin() as tx:
        runs.add(tx, _run(), rows, job="j")
    ended: list[Run | None] = []
    barrier = threading.Barrier(2)

    def settle(row: RunProject) -> None:
        barrier.wait()
        with store.begin() as tx:
            ended.append(runs.settle(tx, _as(row, State.DONE), NOW))

    threads = [threading.Thread(target=settle, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run is not None for run in ended) == [False, True]


def test_a_row_that_ended_stays_as_it_is(store: Store) -> None:
    with store.begin() as tx:
        runs.add(tx, _run(), [_row("a")], job="j")
        runs.settle(tx, _as(_row("a"), State.UNKNOWN), NOW)
        assert runs.settle(tx, _as(_row("a"), State.DONE), NOW) is None
        assert runs.projects(tx, "r1")[0].state is State.UNKNOWN


def test_turns_come_to_no_more_rows_than_may_work_at_once(store: Store) -> None:
    rows = [_row(name, waits_for=WaitReason.TURN) for name in "abcd"]
    with store.begin() as tx:
        runs.add(tx, _run(), rows, job="j")
        assert runs.next_turns(tx, "r1", 2) == ("a:default", "b:default")
        assert runs.next_turns(tx, "r1", 2) == ()
        runs.settle(tx, _as(_row("a"), State.DONE), NOW)
        assert runs.next_turns(tx, "r1", 2) == ("c:default",)


def test_a_row_is_claimed_by_one_job_and_by_the_same_one_again(store: Store) -> None:
    with store.begin() as tx:
        runs.add(tx, _run(), [_row("a")], job="j")
        assert runs.claim(tx, "r1", "a:default", "job-1", NOW)
        assert not runs.claim(tx, "r1", "a:default", "job-2", NOW)
        assert runs.claim(tx, "r1", "a:default", "job-1", NOW)


def test_what_a_tool_ran_in_outlives_the_end_of_its_row(store: Store) -> None:
    with store.begin() as tx:
        runs.add(tx, _run(), [_row("a"), _row("b")], job="j")
        runs.record_cage(tx, "r1", "a:default", "bubblewrap", "listed")
        runs.settle(tx, _as(_row("a"), State.DONE), NOW)
        ran, waits = runs.projects(tx, "r1")
        assert (ran.cage, ran.network, waits.cage, waits.network) == ("bubblewrap", "listed", "", "")


def test_one_speaks_at_a_time_and_goes_on_for_a_newer_wish(store: Store) -> None:
    with store.begin() as tx:
        comment_slots.request_version(tx, "plan:x", "x")
        assert comment_slots.acquire_lease(tx, "plan:x", "one", NOW)
        assert not comment_slots.acquire_lease(tx, "plan:x", "two", NOW)
        comment_slots.record_written(tx, "plan:x", 1, "77", NOW)
        comment_slots.request_version(tx, "plan:x", "x")
        assert not comment_slots.release_lease(tx, "plan:x", "one")
        comment_slots.record_written(tx, "plan:x", 2, "77", NOW)
        assert comment_slots.release_lease(tx, "plan:x", "one")
        assert not comment_slots.acquire_lease(tx, "plan:x", "two", NOW)


def test_a_speaker_that_fell_silent_is_replaced(store: Store) -> None:
    with store.begin() as tx:
        comment_slots.request_version(tx, "plan:x", "x")
        comment_slots.acquire_lease(tx, "plan:x", "one", NOW)
        later = NOW + comment_slots.LEASE_TIMEOUT + timedelta(seconds=1)
        assert comment_slots.list_outdated(tx, later) == ("plan:x",)
        assert comment_slots.acquire_lease(tx, "plan:x", "two", later)


def test_a_new_plan_supersedes_the_old_one_of_its_place_and_pull_only(store: Store) -> None:
    with store.begin() as tx:
        plans.add(tx, _plan("p1", "github:1#1"), "github:1")
        plans.add(tx, _plan("p2", "github:1#2"), "github:1")
        plans.add(tx, _plan("p3", "github:1#1"), "github:1")
        assert [plan.id for plan in plans.live(tx, "github:1#1")] == ["p3"]
        assert [plan.id for plan in plans.live(tx, "github:1#2")] == ["p2"]
        assert [plan.id for plan in plans.live_elsewhere(tx, "github:1", "a:default", "github:1#1")] == ["p2"]


def test_a_plan_that_was_applied_turns_stale_no_more(store: Store) -> None:
    with store.begin() as tx:
        plans.add(tx, _plan("p1", "github:1#1"), "github:1")
        plans.mark_applied(tx, "p1", "alice", NOW)
        plans.set_state(tx, "p1", PlanState.STALE, "planning again gave another result")
        assert plans.live(tx, "github:1#1") == ()
        assert [plan.id for plan in plans.applied_plans(tx, "github:1#1")] == ["p1"]


def test_a_plan_comes_back_as_it_was_stored(store: Store) -> None:
    plan = _plan("p1", "github:1#1")
    with store.begin() as tx:
        plans.add(tx, plan, "github:1")
        assert plans.get(tx, "p1") == plan


def test_what_the_comment_showed_is_remembered_only_when_it_changes(store: Store) -> None:
    with store.begin() as tx:
        plans.record_shown(tx, "x", {"a:default": "1"}, NOW)
        plans.record_shown(tx, "x", {"a:default": "1"}, NOW + timedelta(seconds=1))
        plans.record_shown(tx, "x", {"a:default": "2"}, NOW + timedelta(seconds=2))
        assert [(shown.digest, shown.at) for shown in plans.shown_digests(tx, "x")] == [
            ("1", NOW),
            ("2", NOW + timedelta(seconds=2)),
        ]


def test_an_intent_is_noted_once(store: Store) -> None:
    intent = Intent("i", "r1", "a:default", "p1", NOW)
    with store.begin() as tx:
        assert intents.record(tx, intent)
        assert not intents.record(tx, intent)
        assert intents.list_open(tx) == (intent,)
        intents.end(tx, "i", ApplyOutcome.DONE)
        assert intents.list_open(tx) == ()


def test_a_freeze_holds_until_it_is_thawed(store: Store) -> None:
    freeze = Freeze("incident", "alice", NOW)
    with store.begin() as tx:
        locks.freeze_applies(tx, freeze)
        assert locks.get_freeze(tx) == freeze
        assert locks.thaw(tx)
        assert not locks.thaw(tx)


def _lock(place: str, pull: str, repository: str = "github:1") -> Lock:
    return Lock(repository, place, pull, "alice", NOW)


def _run() -> Run:
    return Run(
        "r1", RunKind.PLAN, PullKey("github:1#1"), State.QUEUED, "alice", PUSH, "h" * 40, "b" * 40, created_at=NOW
    )


def _row(name: str, waits_for: WaitReason | None = None) -> RunProject:
    return RunProject("r1", Project(name, name), Rules(), State.QUEUED, waits_for=waits_for)


def _as(row: RunProject, state: State) -> RunProject:
    from dataclasses import replace

    return replace(row, state=state)


def _plan(id: str, pull: str) -> Plan:
    return Plan(
        id=id,
        run="r1",
        pull=pull,
        project=Project("a", "a"),
        rules=Rules(),
        state=PlanState.CURRENT,
        base="b" * 40,
        head="h" * 40,
        result="c" * 40,
        input_digest="i",
        plan_digest="d",
        artifact_digest="a",
        rules_digest="r",
        tool_version="1.11.4",
        content=Content("Terraform 1.11.4", counts=Counts(create=1)),
        created_at=NOW,
        expires_at=NOW + timedelta(hours=72),
    )
