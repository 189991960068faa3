"""Merge a pull request of which everything is applied, at exactly the applied head. Loud when that is refused."""

from bot.bot import Bot
from bot.core import promises
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.run import Run
from bot.core.sentences import join_names
from bot.steps.pull.gate_facts import unapproved_code, unplanned_projects
from bot.steps.pull.projects import Projects, discover_projects
from bot.steps.pull.records import PullRecords, read_records
from bot.steps.pull.source import open_source
from bot.steps.say import update_requests
from bot.store import audit, pulls, runs

QUEUED = "Applied, and put into the merge queue at this head. The lock is kept until it lands."


def run(bot: Bot, job: Job) -> None:
    """Merge the pull request that the run applied, and promise `close` once it is merged or closed."""
    pull = bot.fetch_pull(job)
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        apply_run = runs.get(tx, job.run)
    if apply_run is None:
        return
    if pull.state is PullState.OPEN:
        _merge(bot, pull, apply_run)
        pull = bot.host(pull.repository).pull(pull.repository, pull.number)
    if pull.state is not PullState.OPEN:
        bot.engine.start(promises.close(f"close:{job.id}", pull.key, apply_run.asked_by))


def _may_merge(bot: Bot, pull: Pull, run: Run) -> bool:
    """Raises Refused when something is left to plan; false when people merge by themselves here."""
    if pull.head.sha != run.head:
        raise Refused(f"a push came after the apply; what was applied is {run.head[:7]}")
    if pull.base.name != run.branch:
        raise Refused(f"what was applied was meant for {run.branch}")
    with bot.store.read() as tx:
        records = read_records(tx, pull)
    with open_source(bot, pull) as source:
        projects = discover_projects(bot, source)
        unapproved = unapproved_code(bot, source, records.to_approve_only)
    if freeze := records.freeze:
        raise Refused(freeze.refusal)
    if unplanned := unplanned_projects(records, projects):
        raise Refused(f"there is no plan of {join_names([name for name, _ in unplanned])}: comment `/plan`")
    if unapproved:
        raise Refused(unapproved)
    if destroyed := _destroyed_names(records, projects):
        raise Refused(f"{join_names(destroyed)} is destroyed, and would land: close this, or comment `/plan`")
    return projects.configuration.merge


def _destroyed_names(records: PullRecords, projects: Projects) -> list[str]:
    """Projects that the pull brings or changes, and whose last apply destroyed all that they hold."""
    newest = {plan.project.place: plan for plan in sorted(records.applied, key=lambda plan: plan.created_at)}
    affected = (newest.get(project.place) for project in projects.affected)
    return [plan.project.name for plan in affected if plan and plan.destroy]


def _merge(bot: Bot, pull: Pull, run: Run) -> None:
    merge_commit = ""
    try:
        if not _may_merge(bot, pull, run):
            return
        merge_commit = bot.host(pull.repository).merge(pull, f"Applied by gitops-bot, asked by {run.asked_by}")
    except Refused as refusal:
        note = f"applied, but not merged: {refusal}. The lock is kept until this is merged or `/unlock`ed."
    else:
        note = f"Merged as {merge_commit[:12]}." if merge_commit else QUEUED
    with bot.store.begin() as tx:
        if merge_commit:
            audit.record(tx, bot.clock(), run.asked_by, "merged", pull.key, commit=merge_commit)
        runs.annotate(tx, run.id, note)
        jobs = update_requests.request_run_version(bot, tx, run)
    bot.start(jobs)
