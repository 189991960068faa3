"""The periodic repair: reads levels from forge and store and promises only what is missing. Runs no tool."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.bot import Bot
from bot.core import reconcile
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.pull import Pull, Repository
from bot.core.reconcile import PullLevel
from bot.core.run import RunKind, WaitReason
from bot.ports import Host
from bot.steps.run import restored, settle
from bot.steps.run.work import remove_directory
from bot.steps.say import update_requests
from bot.store import comment_slots, deliveries, intents, locks, plans, pulls, runs

OVERLAP = timedelta(minutes=2)
FIRST_LOOK_BACK = timedelta(minutes=30)
RETENTION = timedelta(days=14)

logger = logging.getLogger(__name__)


class Sweep:
    """One thread; a sweep at the start, then one every `every`."""

    def __init__(self, bot: Bot, every: timedelta) -> None:
        self._bot, self._every = bot, every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """There will be another sweep."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End after the sweep that is under way."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            sweep(self._bot)
            self._stopping.wait(self._every.total_seconds())


def sweep(bot: Bot) -> None:
    """Compare what was promised with what is, everywhere. What cannot be read now is read next time."""
    for step in (_repair_rows, _repair_comments, _delete_expired):
        _try(partial(step, bot))
    for name, host in bot.hosts.items():
        _try(partial(_sweep_forge, bot, name, host))


def _try(step: Callable[[], None]) -> None:
    """One part's trouble, even a bug of ours, must not keep the others from being looked at."""
    try:
        step()
    except (Transient, Refused, ToolFailed, OSError) as error:
        logger.warning("sweep: %s", error)
    except Exception:
        logger.exception("sweep: a part is left out this time: this is a bug of gitops-bot")


def _sweep_forge(bot: Bot, name: str, host: Host) -> None:
    """Sweep all of a forge's repositories; what waited for its answer goes on as soon as it answers again."""
    try:
        repositories = host.repositories()
    except (Transient, Refused) as error:
        bot.forge_health.record_error(name, error)
        raise
    if bot.forge_health.record_answer(name):
        bot.engine.hasten()
    for repository in repositories:
        _try(partial(_sweep_repository, bot, host, repository))


def _sweep_repository(bot: Bot, host: Host, repository: Repository) -> None:
    started = host.now()
    with bot.store.begin() as tx:
        pulls.save_repository(tx, repository)
        since = pulls.swept_at(tx, repository.key) or started - FIRST_LOOK_BACK
    listed = host.open_pulls(repository)
    levels = [
        _pull_level(bot, pull)
        for pull in (*listed, *_fetch_closed(bot, host, repository, {pull.key for pull in listed}))
    ]
    comments, own = host.comments(repository, since - OVERLAP), host.whoami()
    restored.freeze_if_restored(bot, repository, [comment for comment in comments if comment.author == own])
    sweep_time = str(int(started.timestamp()))
    for job in reconcile.jobs_for_pulls(levels, sweep_time) + reconcile.jobs_for_comments(
        [comment for comment in comments if comment.author != own], bot.vocabulary
    ):
        bot.engine.start(job)
    with bot.store.begin() as tx:
        pulls.record_sweep(tx, repository.key, started)


def _fetch_closed(bot: Bot, host: Host, repository: Repository, still_open: set[str]) -> list[Pull]:
    """Pulls that we believe open, or that still hold something, and that the forge no longer lists as open."""
    with bot.store.read() as tx:
        holding = pulls.open_or_holding(tx, repository.key)
    closed = [host.pull(repository, pull.number) for pull in holding if pull.key not in still_open]
    with bot.store.begin() as tx:
        for pull in closed:
            pulls.save(tx, pull)
    return closed


def _pull_level(bot: Bot, pull: Pull) -> PullLevel:
    with bot.store.read() as tx:
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        live = plans.live(tx, pull.key)
        return PullLevel(
            pull=pull,
            planned_head=newest.head if newest else None,
            handled_closure=pulls.handled_closure(tx, pull.key),
            holds=bool(live or locks.of_pull(tx, pull.key)),
        )


def _repair_rows(bot: Bot) -> None:
    """Rows that nobody works on: queued without a job, or running with a job that is gone."""
    with bot.store.read() as tx:
        slots = locks.slots(tx)  # before the rows: a slot that is seen here has its row running, or ended since
        ready, busy_rows = runs.ready_rows(tx), runs.running_rows(tx)
        slotless = [(row.run, row.project.place) for row in runs.waiting_rows(tx, WaitReason.SLOT)]
        unfinished = {run.id: run for run in runs.list_unfinished(tx)}
    for run, place, job in busy_rows:
        if run in unfinished and not bot.engine.is_promised(job):
            logger.warning("row %s %s was left by job %s", run, place, job)
            settle.restart_row(bot, unfinished[run], place)
    for run, place in (*ready, *slotless):
        if run in unfinished:
            settle.start_row(bot, unfinished[run], place)
    for run in unfinished:
        settle.advance_run(bot, run)
    running = {(run, place) for run, place, _ in busy_rows}
    for repository, place, run in slots:
        if (run, place) not in running:
            settle.free_slot(bot, repository, place, run)


def _repair_comments(bot: Bot) -> None:
    with bot.store.read() as tx:
        outdated = [(key, comment_slots.pull_of(tx, key)) for key in comment_slots.list_outdated(tx, bot.clock())]
    for key, pull in outdated:
        update_requests.request_update(bot, key, pull)


def _delete_expired(bot: Bot) -> None:
    """Old deliveries, kept promises and logs, artifacts that may no longer be applied, scratch of runs that ended."""
    now = bot.clock()
    with bot.store.begin() as tx:
        deliveries.prune(tx, now - RETENTION)
        kept_plans = plans.ids_with_live_artifact(tx, now) | {intent.plan for intent in intents.list_open(tx)}
        attempts = {intent.id for intent in intents.list_open(tx)}
        unfinished = {run.id for run in runs.list_unfinished(tx)}
    bot.engine.prune(now - RETENTION)
    for path in _older(bot, "artifacts", OVERLAP):
        if path.name not in kept_plans:
            path.unlink(missing_ok=True)
    of_runs = (path for folder in ("checkouts", "scratch", "planning") for path in _older(bot, folder, OVERLAP))
    for path in of_runs:
        if path.name.partition("-")[0] not in unfinished:
            remove_directory(path)
    for path in _older(bot, "logs", RETENTION):
        remove_directory(path)
    for path in _older(bot, "applies", RETENTION):
        if path.name not in attempts:
            remove_directory(path)


def _older(bot: Bot, folder: str, than: timedelta) -> list[Path]:
    """What stands in a folder of the data directory and was last written longer ago."""
    top, now = bot.folders.top / folder, bot.clock().timestamp()
    paths = list(top.iterdir()) if top.is_dir() else []
    return [path for path in paths if path.exists() and now - path.stat().st_mtime > than.total_seconds()]
