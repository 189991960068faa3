"""One row is worked on by one job and one place by one run, whatever is started twice."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.run import Run, RunKind, RunProject, State
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.run import settle
from bot.store import locks, runs
from tests.server.house import NOW, PULL, a_row

FIRST, AGAIN = Job("first", "plan_project"), Job("again", "plan_project")


def queued(bot: Bot, run: str) -> RunProject:
    row = a_row(run, state=State.QUEUED)
    its = Run(
        run,
        RunKind.PLAN,
        PULL.key,
        State.QUEUED,
        "alice",
        Trigger(TriggerKind.PUSHED),
        "a" * 40,
        "b" * 40,
        created_at=NOW,
    )
    with bot.store.begin() as tx:
        runs.add(tx, its, [row], f"job:{run}")
    return row


def slots(bot: Bot) -> list[str]:
    with bot.store.read() as tx:
        return [run for _, _, run in locks.slots(tx)]


def test_a_row_started_twice_keeps_its_slot_when_the_second_job_finds_it_taken(bot: Bot) -> None:
    row = queued(bot, "r1")
    with settle.claim(bot, FIRST, PULL, row) as mine:
        assert mine
        with settle.claim(bot, AGAIN, PULL, row) as second:
            assert not second
        assert slots(bot) == ["r1"]
    assert slots(bot) == []


def test_another_run_of_the_place_waits_and_is_started_when_the_slot_is_free(bot: Bot) -> None:
    first, other = queued(bot, "r1"), queued(bot, "r2")
    with settle.claim(bot, FIRST, PULL, first):
        with settle.claim(bot, AGAIN, PULL, other) as mine:
            assert not mine
        assert slots(bot) == ["r1"]
        bot.engine.clear()
    assert [job.args["run"] for job in bot.engine if job.kind == "plan_project"] == ["r2"]
    with settle.claim(bot, AGAIN, PULL, other) as mine:
        assert mine
