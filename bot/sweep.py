"""The periodic repair: reads levels from forge and store and promises only what is missing. Runs no tool."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.bot import Bot
from bot.core import missing
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.missing import Seen
from bot.core.pull import Pull, Repository
from bot.core.run import RunKind
from bot.ports import Host
from bot.steps.run import settle
from bot.steps.run.work import clean
from bot.steps.say import update_requests
from bot.store import inbox, intents, locks, plans, pulls, runs, topics

OVERLAP = timedelta(minutes=2)
FIRST_LOOK_BACK = timedelta(minutes=30)
KEPT = timedelta(days=14)

logger = logging.getLogger(__name__)


class Sweep:
    """One thread; a sweep at the start, then one every `every`."""

    def __init__(self, bot: Bot, every: timedelta) -> None:
        self._bot, self._every = bot, every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            sweep(self._bot)
            self._stopping.wait(self._every.total_seconds())


def sweep(bot: Bot) -> None:
    """Compare what was promised with what is, everywhere. What cannot be read now is read next time."""
    for part in (_rows, _topics, _tidy):
        _try(partial(part, bot))
    for host in bot.hosts.values():
        _try(partial(_host, bot, host))


def _try(part: Callable[[], None]) -> None:
    """One part's trouble, even a bug of ours, must not keep the others from being looked at."""
    try:
        part()
    except (Transient, Refused, ToolFailed, OSError) as why:
        logger.warning("sweep: %s", why)
    except Exception:
        logger.exception("sweep: a part is left out this time: this is a bug of gitops-bot")


def _host(bot: Bot, host: Host) -> None:
    for repository in host.repositories():
        _try(partial(_repository, bot, host, repository))


def _repository(bot: Bot, host: Host, repository: Repository) -> None:
    started = host.now()
    with bot.store.begin() as tx:
        pulls.remember(tx, repository)
        since = pulls.swept_at(tx, repository.key) or started - FIRST_LOOK_BACK
    listed = host.open_pulls(repository)
    seen = [_seen(bot, pull) for pull in (*listed, *_gone(bot, host, repository, {pull.key for pull in listed}))]
    turn = str(int(started.timestamp()))
    for job in missing.for_pulls(seen, turn) + missing.for_comments(
        repository, host.comments(repository, since - OVERLAP)
    ):
        bot.engine.start(job)
    with bot.store.begin() as tx:
        pulls.swept(tx, repository.key, started)


def _gone(bot: Bot, host: Host, repository: Repository, still_open: set[str]) -> list[Pull]:
    """Pulls that we believe open, or that still hold something, and that the forge no longer lists as open."""
    with bot.store.read() as tx:
        holding = pulls.holding(tx, repository.key)
    gone = [host.pull(repository, pull.number) for pull in holding if pull.key not in still_open]
    with bot.store.begin() as tx:
        for pull in gone:
            pulls.save(tx, pull)
    return gone


def _seen(bot: Bot, pull: Pull) -> Seen:
    with bot.store.read() as tx:
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        live = plans.live(tx, pull.key)
        return Seen(
            pull=pull,
            planned_head=newest.head if newest else None,
            closed_for=pulls.closed_for(tx, pull.key),
            holds=bool(live or locks.of_pull(tx, pull.key)),
        )


def _rows(bot: Bot) -> None:
    """Rows that nobody works on: queued without a job, or running with a job that is gone."""
    with bot.store.read() as tx:
        taken = locks.slots(tx)  # before the rows: a slot that is seen here has its row running, or ended since
        ready, held = runs.ready(tx), runs.held(tx)
        slotless = [(row.run, row.project.place) for row in runs.waiting(tx, settle.SLOT)]
        unfinished = runs.unfinished(tx)
    for run, place, job in held:
        if not bot.engine.promised(job):
            logger.warning("row %s %s was left by job %s", run, place, job)
            settle.start_again(bot, run, place)
    for run, place in (*ready, *slotless):
        settle.start(bot, run, place)
    for its in unfinished:
        settle.go_on(bot, its.id)
    running = {(run, place) for run, place, _ in held}
    for repository, place, run in taken:
        if (run, place) not in running:
            settle.free_slot(bot, repository, place, run)


def _topics(bot: Bot) -> None:
    with bot.store.read() as tx:
        unsaid = [(key, topics.pull_of(tx, key)) for key in topics.unsaid(tx, bot.clock())]
    for key, pull in unsaid:
        update_requests.ask(bot, key, pull)


def _tidy(bot: Bot) -> None:
    """Old deliveries, kept promises and logs, artifacts that may no longer be applied, scratch of runs that ended."""
    now = bot.clock()
    with bot.store.begin() as tx:
        inbox.forget(tx, now - KEPT)
        keep = plans.with_artifacts_to_keep(tx, now) | {intent.plan for intent in intents.open_ones(tx)}
        attempts = {intent.id for intent in intents.open_ones(tx)}
        at_work = {run.id for run in runs.unfinished(tx)}
    bot.engine.forget(now - KEPT)
    for path in _older(bot, "artifacts", OVERLAP):
        if path.name not in keep:
            path.unlink(missing_ok=True)
    for path in (*_older(bot, "checkouts", OVERLAP), *_older(bot, "scratch", OVERLAP)):
        if path.name.partition("-")[0] not in at_work:
            clean(path)
    for path in _older(bot, "logs", KEPT):
        clean(path)
    for path in _older(bot, "applies", KEPT):
        if path.name not in attempts:
            clean(path)


def _older(bot: Bot, folder: str, than: timedelta) -> list[Path]:
    """What stands in a folder of the data directory and was last written longer ago."""
    top, now = bot.folders.top / folder, bot.clock().timestamp()
    found = list(top.iterdir()) if top.is_dir() else []
    return [path for path in found if path.exists() and now - path.stat().st_mtime > than.total_seconds()]
