"""Write a comment slot: render its run and bring comment and statuses up to date. The only job that edits run comments.

One job holds a slot's lease at a time and goes on until the newest version is written, so that fifty ended projects
make few edits. While the run goes on, edits keep a distance in time that grows; its end is said at once. What ends
within moments is said once: whoever is notified of the first words reads the result in them.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bot import templates
from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.pull import Pull
from bot.core.run import Run, RunKind
from bot.core.view import RunView
from bot.ports import PostedComment
from bot.steps.pull.gate_facts import pull_demands
from bot.steps.say import statuses, update_requests
from bot.steps.say.views import apply_view, plan_view
from bot.store import comment_slots, gates, plans, pulls

POLL_SECONDS, FIRST_POLL_SECONDS = 0.05, 0.02
DEBOUNCE_SECONDS = 0.4
MAX_INTERVAL_SECONDS = 15.0


def run(bot: Bot, job: Job) -> None:
    """Write the slot's comment until its newest version is written; does nothing when another job holds the lease."""
    writer = CommentWriter(bot, job.args["topic"], job.root)
    try:
        while writer.hold_lease() and not writer.write_latest():
            pass
    except BaseException:
        with bot.store.begin() as tx:
            comment_slots.abandon_lease(tx, writer.slot, writer.holder)
        raise


class CommentWriter:
    """What one job writes into a slot, from acquiring the lease to releasing it."""

    def __init__(self, bot: Bot, slot: str, holder: str) -> None:
        self.slot, self.holder = slot, holder
        self._bot = bot
        self._interval = bot.limits.edit_every.total_seconds()
        self._last_written: tuple[str, str] | None = None
        self._no_comment = False
        self._waited = False

    def hold_lease(self) -> bool:
        """Acquire or renew the lease; false when another job holds it, perhaps since ours timed out."""
        now = self._bot.clock()
        with self._bot.store.begin() as tx:
            return comment_slots.acquire_lease(tx, self.slot, self.holder, now)

    def write_latest(self) -> bool:
        """Write the slot once, as it is now; true when no newer version was asked for and the lease is released."""
        store = self._bot.store
        with store.read() as tx:
            version = comment_slots.requested_version(tx, self.slot)
            pull = pulls.get(tx, comment_slots.pull_of(tx, self.slot))
            run = update_requests.run_in_slot(tx, self.slot)
        if run and pull and not run.state.ended and not self._waited:
            self._debounce(run, pull, version)
            return False
        posted = self._publish(run, pull) if run and pull else None
        now = self._bot.clock()
        with store.begin() as tx:
            comment_slots.record_written(tx, self.slot, version, posted.comment if posted else None, now)
        if run and not run.state.ended:
            self._throttle(version)
        with store.begin() as tx:
            return comment_slots.release_lease(tx, self.slot, self.holder)

    def _debounce(self, run: Run, pull: Pull, version: int) -> None:
        """Give a run a moment to end before the first words; the statuses say meanwhile that it goes on."""
        self._waited = True
        view = self._view(run, pull)
        with _in_parallel(lambda: self._set_statuses(pull, view)), _in_parallel(lambda: self._find_comment(run, pull)):
            self._wait_for_end(DEBOUNCE_SECONDS, FIRST_POLL_SECONDS, version)

    def _find_comment(self, run: Run, pull: Pull) -> None:
        """Where a plan's words will go. An apply's comment is new, and what it says is not waited for."""
        if run.kind is RunKind.APPLY:
            return
        comment = self._bot.host(pull.repository).find(pull.repository, pull.number, self._marker, self._comment_id())
        self._last_written, self._no_comment = (comment, "") if comment else None, not comment

    def _publish(self, run: Run, pull: Pull) -> PostedComment | None:
        """Bring comment and statuses to what the rows say now; None when there is no comment to write."""
        view = self._view(run, pull)
        with _in_parallel(lambda: self._set_statuses(pull, view)):
            if run.kind is RunKind.APPLY:
                return self._write_comment(pull, templates.apply_comment(view))
            if not self._should_comment(view):
                return None
            posted = self._write_comment(pull, templates.plan_comment(view))
            with self._bot.store.begin() as tx:
                plans.record_shown(tx, pull.key, _digests(self._bot, view), posted.written_at)
                gates.save(tx, run.id, gates.GateSnapshot(view.demands, view.next, posted.written_at))
            return posted

    def _view(self, run: Run, pull: Pull) -> RunView:
        if run.kind is RunKind.APPLY:
            return apply_view(self._bot, pull, run)
        return plan_view(self._bot, pull, run, pull_demands(self._bot, pull, run) if run.state.ended else ())

    def _set_statuses(self, pull: Pull, view: RunView) -> None:
        if view.run.kind is RunKind.APPLY:
            statuses.report_apply(self._bot, pull, view)
        else:
            statuses.report_plan(self._bot, pull, view)

    def _should_comment(self, view: RunView) -> bool:
        """Nothing is said on a pull that affects no project, unless someone asked or was told something before."""
        if view.projects or view.removed or view.run.note or view.run.trigger.comment_id:
            return True
        with self._bot.store.read() as tx:
            return comment_slots.comment_id(tx, self.slot) is not None

    def _write_comment(self, pull: Pull, body: str) -> PostedComment:
        """Write the comment. What this job itself saw a moment ago is edited without a look at what is there."""
        posted = self._edit_last(pull, body) or self._upsert(pull, body)
        self._last_written, self._no_comment = (posted.comment, body), False
        return posted

    def _edit_last(self, pull: Pull, body: str) -> PostedComment | None:
        if self._last_written is None or self._last_written[1] == body:
            return None
        try:
            return self._bot.host(pull.repository).edit(pull.repository, self._last_written[0], self._marker, body)
        except Refused:  # somebody deleted it
            return None

    def _upsert(self, pull: Pull, body: str) -> PostedComment:
        host, arguments = self._bot.host(pull.repository), (pull.repository, pull.number, self._marker, body)
        return host.post(*arguments) if self._no_comment else host.say(*arguments, self._comment_id())

    @property
    def _marker(self) -> str:
        """What the forge's comment is marked with: a pull has one plan comment, and one for each apply."""
        return "plan" if self.slot.startswith("plan:") else self.slot

    def _comment_id(self) -> str | None:
        with self._bot.store.read() as tx:
            return comment_slots.comment_id(tx, self.slot)

    def _throttle(self, version: int) -> None:
        """Keep the lease a while, longer each time, or until the run has ended."""
        interval, self._interval = self._interval, min(2 * self._interval, MAX_INTERVAL_SECONDS)
        self._wait_for_end(interval, POLL_SECONDS, version)

    def _wait_for_end(self, seconds: float, poll_seconds: float, version: int) -> None:
        """Wait for the run's end and for the version that comes with it, or its end would be written twice."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self._bot.store.read() as tx:
                run = update_requests.run_in_slot(tx, self.slot)
                requested = comment_slots.requested_version(tx, self.slot)
            if run is None or (run.state.ended and requested > version) or self._bot.stopping.wait(poll_seconds):
                return


@contextmanager
def _in_parallel(work: Callable[[], None]) -> Iterator[None]:
    """Do this at the same time as what is in the `with`: each waits for the forge."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(work)
        yield
        future.result()


def _digests(bot: Bot, view: RunView) -> dict[str, str]:
    """The plan digests that a reader of the comment sees, by place."""
    with bot.store.read() as tx:
        shown_plans = [plans.get(tx, project.row.plan) for project in view.projects if project.row.plan]
    return {plan.project.place: plan.plan_digest for plan in shown_plans if plan}
