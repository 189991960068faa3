"""Say a topic: render its run and bring comment and statuses up to date. The only job that edits run comments.

One job speaks on a topic at a time and goes on until the newest wish is fulfilled, so that fifty ended projects make
few edits. While the run goes on, edits keep a distance in time; its end is said at once.
"""

import time

from bot import templates
from bot.core.job import Job
from bot.core.pull import Pull
from bot.core.run import Run, RunKind
from bot.core.view import RunView
from bot.ports import Said
from bot.steps import speak, statuses
from bot.steps.bot import Bot
from bot.steps.evidence import demands
from bot.steps.views import apply_view, plan_view
from bot.store import plans, pulls, topics

LOOK_SECONDS = 0.05


def run(bot: Bot, job: Job) -> None:
    topic, speaker = job.args["topic"], job.root
    try:
        while _has_floor(bot, topic, speaker) and not _said_all(bot, topic, speaker):
            pass
    except BaseException:
        with bot.store.begin() as tx:
            topics.leave_floor(tx, topic, speaker)
        raise


def _has_floor(bot: Bot, topic: str, speaker: str) -> bool:
    """Take or keep the floor, from now on; another may have taken it from a speaker that was silent for long."""
    now = bot.clock()
    with bot.store.begin() as tx:
        return topics.take_floor(tx, topic, speaker, now)


def _said_all(bot: Bot, topic: str, speaker: str) -> bool:
    """Say the topic once, as it is now; true when there is no newer wish and the floor is free."""
    with bot.store.read() as tx:
        wish = topics.wanted(tx, topic)
        pull = pulls.get(tx, topics.pull_of(tx, topic))
        its = speak.told_in(tx, topic)
    said = _say(bot, topic, its, pull) if its and pull else None
    now = bot.clock()
    with bot.store.begin() as tx:
        topics.said(tx, topic, wish, said.comment if said else None, now)
    if its and not its.state.ended:
        _keep_distance(bot, topic)
    with bot.store.begin() as tx:
        return topics.yield_floor(tx, topic, speaker)


def _say(bot: Bot, topic: str, its: Run, pull: Pull) -> Said | None:
    """Bring the comment, then the statuses, to what the rows say now; None when there is no comment to write."""
    if its.kind is RunKind.APPLY:
        view = apply_view(bot, pull, its)
        told = _write(bot, topic, pull, templates.apply_comment(view))
        statuses.say_apply(bot, pull, view)
        return told
    view = plan_view(bot, pull, its, demands(bot, pull, its) if its.state.ended else ())
    said = _write(bot, topic, pull, templates.plan_comment(view)) if _worth_saying(bot, topic, view) else None
    if said:
        with bot.store.begin() as tx:
            plans.show(tx, pull.key, _digests(bot, view), said.at)
    statuses.say_plan(bot, pull, view)
    return said


def _worth_saying(bot: Bot, topic: str, view: RunView) -> bool:
    """Nothing is said on a pull that affects no project, unless someone asked or was told something before."""
    if view.projects or view.removed or view.run.note or view.run.why.startswith("comment"):
        return True
    with bot.store.read() as tx:
        return topics.comment(tx, topic) is not None


def _write(bot: Bot, topic: str, pull: Pull, body: str) -> Said:
    with bot.store.read() as tx:
        known = topics.comment(tx, topic)
    name = "plan" if topic.startswith("plan:") else topic
    return bot.host(pull.repository).say(pull.repository, pull.number, name, body, known)


def _digests(bot: Bot, view: RunView) -> dict[str, str]:
    """The plan digests that a reader of the comment sees, by place."""
    with bot.store.read() as tx:
        shown = [plans.get(tx, project.row.plan) for project in view.projects if project.row.plan]
    return {plan.project.place: plan.plan_digest for plan in shown if plan}


def _keep_distance(bot: Bot, topic: str) -> None:
    """Hold the floor a while, or until the run has ended."""
    until = time.monotonic() + bot.limits.edit_every.total_seconds()
    while time.monotonic() < until and not bot.stopping.wait(LOOK_SECONDS):
        with bot.store.read() as tx:
            its = speak.told_in(tx, topic)
        if its is None or its.state.ended:
            return
