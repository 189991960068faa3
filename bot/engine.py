"""The only module that knows the durable engine (dbos): it keeps promises to run jobs, over crashes and restarts.

A job is one durable workflow without steps: taken up again it simply runs again, so every effect in a job is an upsert.
Jobs branch on rows of the store, never on what the engine remembers.
"""

import contextvars
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.core.errors import Transient
from bot.core.job import Job
from bot.store.sqlite_version import define_clock

if TYPE_CHECKING:
    from dbos import DBOSConfig

APPLICATION_VERSION = "1"
DELAYED_QUEUE = "later"
DELAYED_QUEUE_POLL_SECONDS = 0.5
THREADS = 256
ATTEMPT_ARG = "attempt"
MAX_ATTEMPTS = 60
FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 120.0
PRUNE_BATCH = 500

logger = logging.getLogger(__name__)


def retry_delay(attempt: int) -> float:
    """Return the seconds before a job is tried again, longer each time."""
    return min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (attempt - 1))


class Engine:
    """One per process. `executor` must be unique among live processes and stable over restarts."""

    def __init__(self, url: str, executor: str) -> None:
        self._url, self._executor = url, executor

    def launch(self, run: Callable[[Job], None]) -> None:
        """Start, and take up again whatever this executor had begun. `run` may raise Transient to be asked again."""
        from dbos import DBOS

        sa.event.listen(sa.Engine, "connect", define_clock)
        DBOS(config=self._config())

        @DBOS.workflow(name="job")
        def workflow(id: str, kind: str, args: dict[str, str]) -> None:
            self._take_up(run, Job(id, kind, args))

        self._workflow = workflow
        DBOS.launch()
        DBOS.register_queue(DELAYED_QUEUE, polling_interval_sec=DELAYED_QUEUE_POLL_SECONDS)

    def start(self, job: Job) -> None:
        """Promise the job and begin it at once. A job of the same id is the same promise."""
        self._promise(self._start, job)

    def start_later(self, job: Job, seconds: float) -> None:
        """Promise the job, to begin in so many seconds."""
        self._promise(self._enqueue, job, seconds)

    def is_promised(self, job_id: str) -> bool:
        """Tell whether the job, or a later try of it, is still to be finished."""
        from dbos import DBOS

        unfinished = ["PENDING", "ENQUEUED", "DELAYED"]
        return bool(DBOS.list_workflows(workflow_id_prefix=job_id, status=unfinished, limit=1, load_input=False))

    def hasten(self) -> None:
        """Begin at once what waits to be tried again, as far as it has not begun."""
        from dbos import DBOS

        for workflow in DBOS.list_workflows(status="DELAYED", load_input=False):
            DBOS.set_workflow_delay(workflow.workflow_id, delay_seconds=0)

    def oldest_waiting(self) -> datetime | None:
        """When the oldest job was promised that waits to be tried again (UTC); None when there is none."""
        from dbos import DBOS

        oldest = DBOS.list_workflows(status="DELAYED", limit=1, load_input=False)
        return datetime.fromtimestamp((oldest[0].created_at or 0) / 1000, UTC) if oldest else None

    def prune(self, before: datetime) -> None:
        """Delete some of the promises that were kept long ago; the engine itself never does."""
        from dbos import DBOS

        finished = ["SUCCESS", "ERROR", "CANCELLED"]
        end_time = before.astimezone(UTC).isoformat()
        workflows = DBOS.list_workflows(end_time=end_time, status=finished, limit=PRUNE_BATCH, load_input=False)
        if workflows:
            DBOS.delete_workflows([workflow.workflow_id for workflow in workflows])

    def stop(self) -> None:
        """Stop taking up jobs. Those that run stay promised and are taken up at the next launch."""
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=0)

    def _promise(self, enqueue: Callable[..., None], *args: object) -> None:
        """Outside any workflow's own context. Raises Transient where the promise cannot be written down."""
        try:
            contextvars.Context().run(enqueue, *args)
        except sa.exc.OperationalError as error:
            raise Transient(f"the engine's database takes nothing: {error.orig}") from error

    def _take_up(self, run: Callable[[Job], None], job: Job) -> None:
        """Run outside the workflow's own context, so that jobs started in a job are promises of their own."""
        try:
            contextvars.Context().run(run, job)
        except Transient as error:
            self._retry(job, error)

    def _retry(self, job: Job, error: Transient) -> None:
        attempt = int(job.args.get(ATTEMPT_ARG, "0")) + 1
        if attempt > MAX_ATTEMPTS:
            logger.error("gave up on job %s after %s attempts: %s", job.id, attempt, error)
            return
        delay = error.after or retry_delay(attempt)
        logger.warning("job %s tries again in %.0f s: %s", job.id, delay, error)
        retry = replace(job, id=f"{job.root}~{attempt}", args={**job.args, ATTEMPT_ARG: str(attempt)})
        while not self._postpone(retry, delay):
            time.sleep(retry_delay(attempt))

    def _postpone(self, retry: Job, delay: float) -> bool:
        try:
            self.start_later(retry, delay)
        except Transient as error:
            logger.warning("job %s is held, for its promise cannot be kept elsewhere: %s", retry.id, error)
            return False
        return True

    def _start(self, job: Job) -> None:
        from dbos import DBOS, SetWorkflowID

        with SetWorkflowID(job.id):
            DBOS.start_workflow(self._workflow, job.id, job.kind, dict(job.args))

    def _enqueue(self, job: Job, seconds: float) -> None:
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

        with SetWorkflowID(job.id), SetEnqueueOptions(delay_seconds=seconds):
            DBOS.enqueue_workflow(DELAYED_QUEUE, self._workflow, job.id, job.kind, dict(job.args))

    def _config(self) -> "DBOSConfig":
        from dbos import DBOSPortableJSONSerializer

        return {
            "name": "gitops-bot",
            "system_database_url": self._url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._executor,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "max_executor_threads": THREADS,
        }
