"""What is to be done once about a run that has ended. Promised by whoever settled its last row; twice does no harm."""

from dataclasses import dataclass

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentSlot
from bot.core.project import ApplyMode
from bot.core.pull import Pull, PullState
from bot.core.run import Run, RunKind, RunProject, State
from bot.core.same_state import with_same_state
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.pull import stale
from bot.steps.pull.records import PullRecords, read_records
from bot.steps.run import settle
from bot.steps.run.work import remove_directory
from bot.steps.say import update_requests
from bot.store import plans, pulls, runs


@dataclass(frozen=True, slots=True)
class EndFacts:
    """What is known of a run that ended. `commits` are those that its rows may have checked out."""

    run: Run
    pull: Pull
    records: PullRecords
    rows: tuple[RunProject, ...]
    commits: frozenset[str]


def run(bot: Bot, job: Job) -> None:
    """React under the comment that asked, clean up, and promise what follows from the run's end."""
    facts = _load_facts(bot, job)
    if facts is None:
        return
    settle.react_to_comment(bot, facts.run, facts.pull)
    _drop_checkouts(bot, facts)
    _delete_prepared(bot, facts)
    if facts.run.kind is RunKind.APPLY:
        _follow_up_apply(bot, facts)
    if any(plan.rules.apply is ApplyMode.APPROVAL for plan in facts.records.unapplied):
        trigger = Trigger(TriggerKind.APPROVAL)  # somebody may have approved while the run went on
        bot.engine.start(promises.apply(f"ripe:{facts.run.id}", facts.run.pull, facts.run.asked_by, trigger))


_ATTEMPTED = (State.DONE, State.FAILED, State.UNKNOWN)


def _load_facts(bot: Bot, job: Job) -> EndFacts | None:
    with bot.store.read() as tx:
        run = runs.get(tx, job.run)
        pull = pulls.get(tx, run.pull) if run else None
        if run is None or pull is None:
            return None
        rows = runs.projects(tx, run.id)
        row_plans = [plans.get(tx, row.plan) for row in rows if row.plan]
        commits = {run.result, run.base, *(plan.result for plan in row_plans if plan)} - {""}
        return EndFacts(run, pull, read_records(tx, pull), rows, frozenset(commits))


def _follow_up_apply(bot: Bot, facts: EndFacts) -> None:
    """Tell other pulls whose plans rest on state that is no more; go on to the merge when nothing is left."""
    run, unapplied = facts.run, facts.records.unapplied
    attempted = {row.project.place for row in facts.rows if row.state in _ATTEMPTED}
    touched = with_same_state(run.findings.same_state, attempted)
    with bot.store.begin() as tx:
        stale_pulls = stale.mark_others(tx, run.pull, touched)
        if stale.mark_dependents(tx, run.pull, touched):
            stale_pulls |= {run.pull}
        jobs = [job for pull in sorted(stale_pulls) for job in stale.plan_again_jobs(bot, tx, pull)]
        jobs += update_requests.request_version(bot, tx, CommentSlot.plan(run.pull), run.pull)
    if unapplied and run.state is not State.DONE:
        jobs.append(promises.plan(f"again:{run.id}", run.pull, run.asked_by, Trigger(TriggerKind.APPLY)))
    if run.state is State.DONE and not unapplied:
        jobs.append(promises.merge(run.id, run.pull))
    else:
        jobs.append(promises.close(f"close:{run.id}", run.pull, run.asked_by))
    bot.start(jobs)


def _drop_checkouts(bot: Bot, facts: EndFacts) -> None:
    if all(row.state.ended for row in facts.rows):
        mirror = bot.mirror(facts.pull.repository)
        for commit in facts.commits:
            mirror.remove_worktree(bot.folders.checkout(facts.run.id, commit))
        remove_directory(bot.folders.top / "scratch" / facts.run.id)


def _delete_prepared(bot: Bot, facts: EndFacts) -> None:
    """What was made ready for a pull that is over goes with its last run; `close` drops it of all others."""
    if facts.pull.state is not PullState.OPEN and not facts.records.open_runs:
        remove_directory(bot.folders.prepared(facts.pull.key))
