"""Merge a pull request of which everything is applied, at exactly the applied head. Loud when that is refused."""

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.run import Run
from bot.steps.pull.gate_facts import missing
from bot.steps.pull.source import projects, source
from bot.steps.say import update_requests
from bot.store import ledger, locks, runs


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    with bot.store.read() as tx:
        its = runs.get(tx, job.args["run"])
    if its is None:
        return
    if pull.state is PullState.OPEN:
        _merge(bot, job, pull, its)
    if bot.pull(job).state is not PullState.OPEN:
        bot.engine.start(Job(f"close:{job.id}", "close", {**job.args, "asked_by": its.asked_by}))


def _may_merge(bot: Bot, pull: Pull, its: Run) -> bool:
    """Raises Refused when something is left to plan; false when people merge by themselves here."""
    if pull.head.sha != its.head:
        raise Refused(f"a push came after the apply; what was applied is {its.head[:7]}")
    if pull.base.name != its.branch:
        raise Refused(f"what was applied was meant for {its.branch}")
    with bot.store.read() as tx:
        freeze = locks.frozen(tx)
    if freeze:
        raise Refused(f"{freeze.by} froze everything: {freeze.reason}")
    with source(bot, pull) as now:
        there = projects(bot, now)
    lacking = ", ".join(name for name, _ in missing(bot, pull.key, there))
    if lacking:
        raise Refused(f"{lacking} has no plan")
    return there.configuration.merge


def _merge(bot: Bot, job: Job, pull: Pull, its: Run) -> None:
    try:
        if not _may_merge(bot, pull, its):
            return
        landed = bot.host(pull.repository).merge(pull, f"Applied by gitops-bot, asked by {its.asked_by}")
    except Refused as why:
        note = f"applied, but not merged: {why}. The lock is kept until this is merged or `/unlock`ed."
    else:
        note = f"Merged as {landed[:12]}."
        with bot.store.begin() as tx:
            ledger.note(tx, bot.clock(), its.asked_by, "merged", pull.key, commit=landed)
    with bot.store.begin() as tx:
        runs.annotate(tx, its.id, note)
    update_requests.ask_for(bot, its.id)
