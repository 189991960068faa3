"""Someone reviewed: read commands in its words, show the gate as it is now, and apply what waits for an approval."""

from datetime import timedelta

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentSlot
from bot.core.lifecycle import to_apply
from bot.core.project import ApplyMode
from bot.core.pull import Pull, Review, ReviewState
from bot.core.run import RunKind
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.say import update_requests
from bot.store import plans, pulls, runs

LOOK_BACK = timedelta(minutes=30)


def run(bot: Bot, job: Job) -> None:
    """Update the plan comment, and promise what new reviews ask for and an apply where an approval may begin one."""
    pull = bot.fetch_pull(job)
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        is_planned = runs.latest(tx, pull.key, RunKind.PLAN) is not None
        live = plans.live(tx, pull.key)
        slot = CommentSlot.plan(pull.key)
        jobs = update_requests.request_version(bot, tx, slot, pull.key) if is_planned else ()
    bot.start(jobs)
    if any(plan.rules.apply is ApplyMode.APPROVAL for plan in to_apply(live)):
        bot.engine.start(promises.apply(f"ripe:{job.id}", pull.key, bot.name, Trigger(TriggerKind.APPROVAL)))
    _read_words(bot, pull)


def _read_words(bot: Bot, pull: Pull) -> None:
    """Have every new review read, once and whatever it says: by an edit, nobody's words become a command."""
    host = bot.host(pull.repository)
    since, own = host.now() - LOOK_BACK, host.whoami()
    for review in host.reviews(pull.repository, pull.number):
        if review.at >= since and _may_command(review, own):
            bot.engine.start(promises.read_comment(review.words(pull.key).ref))


def _may_command(review: Review, own: str) -> bool:
    is_person = not review.author_is_bot and review.author != own
    return bool(review.id) and is_person and review.state is not ReviewState.DISMISSED
