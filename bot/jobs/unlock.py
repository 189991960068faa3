"""`/unlock`: free the pull request's locks and drop its plans. Not while its apply runs."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.keys import CommentSlot
from bot.core.lifecycle import UNLOCKED
from bot.core.pull import PullState
from bot.core.run import RunKind
from bot.core.vocabulary import CommandSpec, Example
from bot.steps.run import release
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import audit, pulls, runs

COMMAND = CommandSpec(
    examples=(Example("/unlock", "Frees what this pull request locks, and drops its plans"),),
    page="""
    Refused while its apply runs.

    > 🔓 Free again: `infra/db:prod`. 1 plan was dropped.
    > To plan this pull request again, comment `/plan`.

    What was applied stays applied. From the shell: `gitops-bot unlock acme/infra#7`.
    """,
    rank=30,
)


def run(bot: Bot, job: Job) -> None:
    """Release the pull request and answer what was freed, or refuse while its apply runs."""
    pull = bot.fetch_pull(job)
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        applying = runs.list_unfinished(tx, pull.key, RunKind.APPLY)
    if applying:
        react(bot, job, pull, "confused")
        answer(bot, job, pull, "refused", command="/unlock", why="an apply is running; `/cancel` interrupts it")
        return
    freed, dropped = release.release_pull(bot, pull, UNLOCKED)
    with bot.store.begin() as tx:
        audit.record(tx, bot.clock(), job.asked_by, "unlocked", pull.key, locks=str(len(freed)))
    react(bot, job, pull, "rocket")
    if freed or dropped:
        is_closed, places = pull.state is PullState.CLOSED, [lock.place for lock in freed]
        answer(bot, job, pull, "unlocked", projects=places, plans=dropped, closed=is_closed)
    else:
        answer(bot, job, pull, "nothing_to_unlock")
    update_requests.request_update(bot, CommentSlot.plan(pull.key), pull.key)
