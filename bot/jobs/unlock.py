"""`/unlock`: free the pull request's locks and drop its plans. Not while its apply runs."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.run import RunKind
from bot.steps.run import release
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import ledger, pulls, runs


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    with bot.store.read() as tx:
        applying = runs.unfinished(tx, pull.key, RunKind.APPLY)
    if applying:
        react(bot, job, pull, "confused")
        answer(bot, job, pull, "refused", command="/unlock", why="an apply is running; `/cancel` interrupts it")
        return
    with bot.store.begin() as tx:
        pulls.set_closed_for(tx, pull.key, "unlocked")  # before its locks are free, which wakes who waits
    freed, dropped = release.all_of(bot, pull)
    with bot.store.begin() as tx:
        ledger.note(tx, bot.clock(), job.args["asked_by"], "unlocked", pull.key, locks=str(len(freed)))
    react(bot, job, pull, "rocket")
    if freed or dropped:
        answer(bot, job, pull, "unlocked", projects=[lock.place for lock in freed], plans=dropped)
    else:
        answer(bot, job, pull, "nothing_to_unlock")
    update_requests.ask(bot, update_requests.plan_topic(pull.key), pull.key)
