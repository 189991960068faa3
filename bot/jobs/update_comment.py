"""Say a topic: render its run and bring comment and statuses up to date. The only job that edits run comments.

One job speaks on a topic at a time and goes on until the newest wish is fulfilled, so that fifty ended projects make
few edits. While the run goes on, edits keep a distance in time that grows; its end is said at once. What ends within
moments is said once: whoever is notified of the first words reads the result in them.
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
from bot.ports import Said
from bot.steps.pull.gate_facts import demands
from bot.steps.say import statuses, update_requests
from bot.steps.say.views import apply_view, plan_view
from bot.store import gates, plans, pulls, topics

LOOK_SECONDS, SOON_SECONDS = 0.05, 0.02
FIRST_WORDS_SECONDS = 0.4
LONGEST_DISTANCE_SECONDS = 15.0


def run(bot: Bot, job: Job) -> None:
    speech = Speech(bot, job.args["topic"], job.root)
    try:
        while speech.has_floor() and not speech.said_all():
            pass
    except BaseException:
        with bot.store.begin() as tx:
            topics.leave_floor(tx, speech.topic, speech.speaker)
        raise


class Speech:
    """What one job says on a topic, from taking the floor to giving it back."""

    def __init__(self, bot: Bot, topic: str, speaker: str) -> None:
        self.topic, self.speaker = topic, speaker
        self._bot = bot
        self._distance = bot.limits.edit_every.total_seconds()
        self._last: tuple[str, str] | None = None
        self._none_there = False
        self._waited = False

    def has_floor(self) -> bool:
        """Take or keep the floor, from now on; another may have taken it from a speaker that was silent for long."""
        now = self._bot.clock()
        with self._bot.store.begin() as tx:
            return topics.take_floor(tx, self.topic, self.speaker, now)

    def said_all(self) -> bool:
        """Say the topic once, as it is now; true when there is no newer wish and the floor is free."""
        store = self._bot.store
        with store.read() as tx:
            wish = topics.wanted(tx, self.topic)
            pull = pulls.get(tx, topics.pull_of(tx, self.topic))
            its = update_requests.told_in(tx, self.topic)
        if its and pull and not its.state.ended and not self._waited:
            self._wait_for_words(its, pull, wish)
            return False
        said = self._say(its, pull) if its and pull else None
        now = self._bot.clock()
        with store.begin() as tx:
            topics.said(tx, self.topic, wish, said.comment if said else None, now)
        if its and not its.state.ended:
            self._keep_distance(wish)
        with store.begin() as tx:
            return topics.yield_floor(tx, self.topic, self.speaker)

    def _wait_for_words(self, its: Run, pull: Pull, wish: int) -> None:
        """Give a run a moment to end before the first words; the statuses say meanwhile that it goes on."""
        self._waited = True
        view = self._view(its, pull)
        with _beside(lambda: self._set_statuses(pull, view)), _beside(lambda: self._look_for_comment(its, pull)):
            self._until_ended(FIRST_WORDS_SECONDS, SOON_SECONDS, wish)

    def _look_for_comment(self, its: Run, pull: Pull) -> None:
        """Where a plan's words will go. An apply's comment is new, and what it says is not waited for."""
        if its.kind is RunKind.APPLY:
            return
        found = self._bot.host(pull.repository).find(pull.repository, pull.number, self._name, self._known())
        self._last, self._none_there = (found, "") if found else None, not found

    def _say(self, its: Run, pull: Pull) -> Said | None:
        """Bring comment and statuses to what the rows say now; None when there is no comment to write."""
        view = self._view(its, pull)
        with _beside(lambda: self._set_statuses(pull, view)):
            if its.kind is RunKind.APPLY:
                return self._write(pull, templates.apply_comment(view))
            if not self._worth_saying(view):
                return None
            said = self._write(pull, templates.plan_comment(view))
            with self._bot.store.begin() as tx:
                plans.show(tx, pull.key, _digests(self._bot, view), said.at)
                gates.tell(tx, its.id, gates.Told(view.demands, view.next, said.at))
            return said

    def _view(self, its: Run, pull: Pull) -> RunView:
        if its.kind is RunKind.APPLY:
            return apply_view(self._bot, pull, its)
        return plan_view(self._bot, pull, its, demands(self._bot, pull, its) if its.state.ended else ())

    def _set_statuses(self, pull: Pull, view: RunView) -> None:
        if view.run.kind is RunKind.APPLY:
            statuses.say_apply(self._bot, pull, view)
        else:
            statuses.say_plan(self._bot, pull, view)

    def _worth_saying(self, view: RunView) -> bool:
        """Nothing is said on a pull that affects no project, unless someone asked or was told something before."""
        if view.projects or view.removed or view.run.note or view.run.why.startswith("comment"):
            return True
        with self._bot.store.read() as tx:
            return topics.comment(tx, self.topic) is not None

    def _write(self, pull: Pull, body: str) -> Said:
        """Write the comment. What this job itself saw a moment ago is edited without a look at what is there."""
        said = self._edited(pull, body) or self._found_and_written(pull, body)
        self._last, self._none_there = (said.comment, body), False
        return said

    def _edited(self, pull: Pull, body: str) -> Said | None:
        if self._last is None or self._last[1] == body:
            return None
        try:
            return self._bot.host(pull.repository).edit(pull.repository, self._last[0], self._name, body)
        except Refused:  # somebody deleted it
            return None

    def _found_and_written(self, pull: Pull, body: str) -> Said:
        host, where = self._bot.host(pull.repository), (pull.repository, pull.number, self._name, body)
        return host.post(*where) if self._none_there else host.say(*where, self._known())

    @property
    def _name(self) -> str:
        """What the forge's comment is marked with: a pull has one plan comment, and one for each apply."""
        return "plan" if self.topic.startswith("plan:") else self.topic

    def _known(self) -> str | None:
        with self._bot.store.read() as tx:
            return topics.comment(tx, self.topic)

    def _keep_distance(self, wish: int) -> None:
        """Hold the floor a while, longer each time, or until the run has ended."""
        distance, self._distance = self._distance, min(2 * self._distance, LONGEST_DISTANCE_SECONDS)
        self._until_ended(distance, LOOK_SECONDS, wish)

    def _until_ended(self, seconds: float, look: float, wish: int) -> None:
        """Wait for the run's end and for the wish that comes with it, or its last words would be said twice."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self._bot.store.read() as tx:
                its, wanted = update_requests.told_in(tx, self.topic), topics.wanted(tx, self.topic)
            if its is None or (its.state.ended and wanted > wish) or self._bot.stopping.wait(look):
                return


@contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    """Do this at the same time as what is in the `with`: each waits for the forge."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        doing = pool.submit(work)
        yield
        doing.result()


def _digests(bot: Bot, view: RunView) -> dict[str, str]:
    """The plan digests that a reader of the comment sees, by place."""
    with bot.store.read() as tx:
        shown = [plans.get(tx, project.row.plan) for project in view.projects if project.row.plan]
    return {plan.project.place: plan.plan_digest for plan in shown if plan}
