"""Write a comment slot: render its run and bring comment and statuses up to date. The only job that edits run comments.

One job holds a slot's lease at a time and goes on until the newest version is written, so that fifty ended projects
make few edits. While the run goes on, edits keep a distance in time that grows; its end is said at once. What ends
within moments is said once: whoever is notified of the first words reads the result in them.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot import templates
from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.keys import CommentSlot
from bot.core.own_comment import CommentPlace, OwnComment, mark_end
from bot.core.pull import Pull
from bot.core.run import RunKind
from bot.core.view import RunView
from bot.ports import Host
from bot.steps.pull.gate_facts import pull_demands
from bot.steps.say import topics, update_requests
from bot.steps.say.statuses import run_statuses, status_content
from bot.steps.say.views import RunRecords, apply_view, plan_view, read_run
from bot.store import Purpose, comment_slots, gates, plans, pulls

LOOK_SECONDS = 1.0
CONTESTED = ""
"""In place of a status's content: it is set again when the slot is written next."""
DEBOUNCE_SECONDS = 0.4
MAX_INTERVAL_SECONDS = 15.0


def run(bot: Bot, job: Job) -> None:
    """Write the slot's comment until its newest version is written; does nothing when another job holds the lease."""
    writer = CommentWriter(bot, job.slot, job.root)
    try:
        facts = writer.acquire()
        while facts:
            facts = writer.write(facts)
    except BaseException:
        with bot.store.begin() as tx:
            comment_slots.abandon_lease(tx, writer.slot, writer.holder)
        raise


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """What one writing rests on. `comment` is the forge's id, if it was ever written; no records, nothing to show."""

    version: int
    comment: str | None
    statuses: Mapping[str, tuple[str, str]]
    records: RunRecords | None

    @property
    def goes_on(self) -> bool:
        """The run that the slot shows has not ended."""
        return self.records is not None and not self.records.run.state.ended


@dataclass(frozen=True, slots=True)
class Publication:
    """What was shown of a run, and where it was shown, if at all."""

    records: RunRecords
    view: RunView
    posted: OwnComment | None


class CommentWriter:
    """What one job writes into a slot, from acquiring the lease to releasing it."""

    def __init__(self, bot: Bot, slot: CommentSlot, holder: str) -> None:
        self.slot, self.holder = slot, holder
        self._bot = bot
        self._interval = bot.limits.edit_every.total_seconds()
        self._place: CommentPlace | None = None
        self._waited = False
        self._announced = 0
        self._new_statuses: dict[str, tuple[str, str]] = {}

    def acquire(self, earlier: SlotFacts | None = None) -> SlotFacts | None:
        """Acquire or renew the lease; None when another job holds it, perhaps since ours timed out."""
        now = self._bot.clock()
        with self._bot.store.begin() as tx:
            if earlier and earlier.records:
                self._record_statuses(tx, earlier, earlier.records)
            return self._read_facts(tx) if comment_slots.acquire_lease(tx, self.slot, self.holder, now) else None

    def write(self, facts: SlotFacts) -> SlotFacts | None:
        """Write the slot once; what to write next, or None when all is written and the lease released, or lost."""
        if facts.records and facts.goes_on and not self._waited:
            self._debounce(facts, facts.records)
            return self.acquire(facts)
        published = self._publish(facts, facts.records) if facts.records else None
        now = self._bot.clock()
        with self._bot.store.begin() as tx:
            self._record(tx, facts, published, now)
            if not facts.goes_on:
                return self._release_or_renew(tx, now)
        self._throttle(facts.version)
        now = self._bot.clock()
        with self._bot.store.begin() as tx:
            return self._release_or_renew(tx, now)

    def _read_facts(self, tx: sa.Connection) -> SlotFacts:
        self._announced = self._bot.run_ends.count
        pull = pulls.get(tx, comment_slots.pull_of(tx, self.slot))
        run = update_requests.run_in_slot(tx, self.slot)
        return SlotFacts(
            version=comment_slots.requested_version(tx, self.slot),
            comment=comment_slots.comment_id(tx, self.slot),
            statuses=comment_slots.written_statuses(tx, pull.key) if pull else {},
            records=read_run(tx, pull, run) if pull and run else None,
        )

    def _record(self, tx: sa.Connection, facts: SlotFacts, published: Publication | None, now: datetime) -> None:
        """Record what the forge shows now, and that this version is written."""
        posted = published.posted if published else None
        comment_slots.record_written(tx, self.slot, facts.version, posted.id if posted else None, now)
        if published is None:
            return
        pull, view = published.records.pull, published.view
        self._record_statuses(tx, facts, published.records)
        if posted and view.run.kind is RunKind.PLAN:
            plans.record_shown(tx, pull.key, published.records.shown_digests, posted.written_at)
            gates.save(tx, view.run.id, gates.GateSnapshot(view.demands, view.next, posted.written_at))

    def _record_statuses(self, tx: sa.Connection, facts: SlotFacts, records: RunRecords) -> None:
        """Record what was set since; where another slot's writer set it too, the order is lost."""
        stored = comment_slots.written_statuses(tx, records.pull.key) if self._new_statuses else {}
        for name, (sha, content) in self._new_statuses.items():
            contested = stored.get(name) != facts.statuses.get(name)
            comment_slots.record_status(tx, records.pull.key, name, sha, CONTESTED if contested else content)
        self._new_statuses = {}

    def _release_or_renew(self, tx: sa.Connection, now: datetime) -> SlotFacts | None:
        """Stop writing, unless a newer version was requested and the lease is still ours."""
        if comment_slots.release_lease(tx, self.slot, self.holder):
            return None
        return self._read_facts(tx) if comment_slots.acquire_lease(tx, self.slot, self.holder, now) else None

    def _debounce(self, facts: SlotFacts, records: RunRecords) -> None:
        """Give a run a moment to end before the first words; the statuses say meanwhile that it goes on."""
        self._waited = True
        view = self._view(records)
        with (
            _in_parallel(lambda: self._set_statuses(facts, records, view)),
            _in_parallel(lambda: self._find_comment(facts, records)),
        ):
            self._wait_for_end(DEBOUNCE_SECONDS, facts.version)

    def _find_comment(self, facts: SlotFacts, records: RunRecords) -> None:
        """Where a plan's words will go. An apply's comment is new, and what it says is not waited for."""
        if records.run.kind is RunKind.APPLY:
            return
        pull, host = records.pull, self._bot.host(records.pull.repository)
        self._place = host.find_comment(pull.repository, pull.number, self.slot.marker, facts.comment)

    def _publish(self, facts: SlotFacts, records: RunRecords) -> Publication:
        """Bring comment and statuses to what the rows say now."""
        view = self._view(records)
        with _in_parallel(lambda: self._set_statuses(facts, records, view)):
            posted = self._write_comment(facts, records.pull, _body(view)) if _is_shown(facts, view) else None
        return Publication(records, view, posted)

    def _view(self, records: RunRecords) -> RunView:
        if records.run.kind is RunKind.APPLY:
            return apply_view(self._bot, records)
        is_gated = records.run.state.ended and (records.unapplied or records.to_approve_only)
        return plan_view(self._bot, records, pull_demands(self._bot, records.pull) if is_gated else ())

    def _set_statuses(self, facts: SlotFacts, records: RunRecords, view: RunView) -> None:
        """Set those of the run's head that say something else."""
        host, sha = self._bot.host(records.pull.repository), view.run.head
        for status in run_statuses(records, view, self._bot.project_status):
            content = status_content(status)
            if facts.statuses.get(status.name) != (sha, content):
                host.status(records.pull.repository, sha, status)
                self._new_statuses[status.name] = sha, content

    def _write_comment(self, facts: SlotFacts, pull: Pull, body: str) -> OwnComment:
        """Write the comment. What this job itself saw a moment ago is edited without a look at what is there."""
        host, marker = self._bot.host(pull.repository), self.slot.marker
        posted = self._write_at_place(host, pull, body)
        posted = posted or topics.say(host, pull.repository, pull.number, marker, body, facts.comment)
        self._place = CommentPlace(pull.number, marker, posted)
        return posted

    def _write_at_place(self, host: Host, pull: Pull, body: str) -> OwnComment | None:
        """None where this job has not looked yet, where it says that already, and where somebody deleted it."""
        place = self._place
        if place is None or (place.comment and topics.stays(place.comment, body)):
            return None
        try:
            return host.write_comment(pull.repository, place, body)
        except Refused:
            if place.comment is None:
                raise
            return None

    def _throttle(self, version: int) -> None:
        """Keep the lease a while, longer each time, or until the run has ended."""
        interval, self._interval = self._interval, min(2 * self._interval, MAX_INTERVAL_SECONDS)
        self._wait_for_end(interval, version)

    def _wait_for_end(self, seconds: float, version: int) -> None:
        """Wait for the run's end and for the version that comes with it, or its end would be written twice.

        The store is read when this process announces something, and now and then for what others write.
        """
        until = time.monotonic() + seconds
        while not self._bot.stopping.is_set() and (remaining := until - time.monotonic()) > 0:
            self._bot.run_ends.wait(self._announced, min(remaining, LOOK_SECONDS))
            self._announced = self._bot.run_ends.count
            with self._bot.store.read(Purpose.POLL) as tx:
                run = update_requests.run_in_slot(tx, self.slot)
                requested = comment_slots.requested_version(tx, self.slot)
            if run is None or (run.state.ended and requested > version):
                return


def _is_shown(facts: SlotFacts, view: RunView) -> bool:
    """Nothing is said on a pull that touches nothing of ours, unless someone asked or was told something before."""
    findings = view.run.findings.uncovered or view.run.findings.cautions
    affected = view.projects or view.removed or view.run.note or findings or view.run.trigger.comment_id
    return bool(view.run.kind is RunKind.APPLY or affected or facts.comment)


def _body(view: RunView) -> str:
    if view.run.kind is RunKind.PLAN:
        return templates.plan_comment(view)
    body = templates.apply_comment(view)
    return mark_end(body, view.run.ended_at) if view.run.ended_at else body


@contextmanager
def _in_parallel(work: Callable[[], None]) -> Iterator[None]:
    """Do this at the same time as what is in the `with`: each waits for the forge."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(work)
        yield
        future.result()
