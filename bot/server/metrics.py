"""What is measured, for Prometheus: deliveries are counted as they come, all else is read from the store when asked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from flask import current_app
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.server.dependencies import Dependencies
from bot.store import Purpose, Store, comment_slots, counts, locks


class Metrics:
    """One per application, with a registry of its own."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_StoreCollector(dependencies.store))
        self._registry.register(_CageCollector(dependencies.cage))
        self._registry.register(_ForgeCollector(dependencies))
        self._deliveries = Counter(
            "gitops_bot_deliveries", "Webhooks, by what became of them.", ("host", "result"), registry=self._registry
        )

    def count_delivery(self, host: str, result: str) -> None:
        """Count a webhook of a forge by what became of it."""
        self._deliveries.labels(host, result).inc()

    def render(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _StoreCollector(Collector):
    """Reads the store at each scrape, so several processes on one store tell the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering it reads no store."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Each gauge, as the store has it now."""
        with self._store.read(Purpose.POLL) as tx:
            runs, rows = counts.count_runs(tx), counts.count_open_rows(tx)
            lock_count, outdated = len(locks.list_locks(tx)), len(comment_slots.list_outdated(tx, datetime.now(UTC)))
            waiting, is_frozen = counts.count_undone_deliveries(tx), locks.get_freeze(tx) is not None
        yield _gauge("runs", "Runs by kind and state.", ("kind", "state"), runs)
        yield _gauge("open_rows", "Projects of runs that are queued or running.", ("state",), rows)
        yield _gauge("locks", "Places that pull requests hold.", (), {(): lock_count})
        yield _gauge("unsaid_topics", "Comments that wait to be written.", (), {(): outdated})
        yield _gauge("waiting_deliveries", "Deliveries that are no jobs yet.", (), {(): waiting})
        yield _gauge("frozen", "1 while all applies are stopped.", (), {(): int(is_frozen)})
        yield _transactions(self._store)
        yield _gauge("build_info", "Always 1; the version is the label.", ("version",), {(installed_version(),): 1})


class _CageCollector(Collector):
    """Tells which kind of cage is in force; it stays as long as the process."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def collect(self) -> Iterator[Metric]:
        """As it is."""
        yield _gauge(
            "cage", "Always 1; the kind of cage of foreign programs is the label.", ("kind",), {(self._kind,): 1}
        )


class _ForgeCollector(Collector):
    """Tells how the forges answer this process, and how long work waits for them."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies

    def describe(self) -> Iterator[Metric]:
        """Nothing, as above."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """As it is now."""
        states, now = self._dependencies.forge_health.states(), datetime.now(UTC)
        errors = CounterMetricFamily("gitops_bot_forge_errors", "Answers that were none.", labels=("host", "kind"))
        for forge, state in states.items():
            for kind, count in state.errors.items():
                errors.add_metric((forge, kind), count)
        yield errors
        failing: dict[tuple[str, ...], int] = {
            (forge,): int(state.failing_since is not None) for forge, state in states.items()
        }
        yield _gauge("forge_failing", "1 since a failure until the next good answer.", ("host",), failing)
        answered = {(forge,): state.answered_at for forge, state in states.items() if state.answered_at}
        ages: dict[tuple[str, ...], int] = {labels: int((now - at).total_seconds()) for labels, at in answered.items()}
        yield _gauge("forge_last_answer_seconds", "Time since the last good answer to a sweep.", ("host",), ages)
        oldest = self._dependencies.oldest_waiting()
        age = int((now - oldest).total_seconds()) if oldest else 0
        yield _gauge("oldest_waiting_job_seconds", "Age of the oldest job that is to be tried again.", (), {(): age})


def current_metrics() -> Metrics:
    """The metrics of the application that answers the present request."""
    registered: Metrics = current_app.extensions["metrics"]
    return registered


def installed_version() -> str:
    """The installed version; a bare checkout has none."""
    try:
        return version("gitops-bot")
    except PackageNotFoundError:
        return "0"


def _transactions(store: Store) -> Metric:
    name, description = "gitops_bot_store_transactions", "Transactions of this process, by what they are for."
    family = CounterMetricFamily(name, description, labels=("purpose",))
    for purpose, count in store.transactions.items():
        family.add_metric((purpose,), count)
    return family


def _gauge(name: str, description: str, labels: tuple[str, ...], values: dict[tuple[str, ...], int]) -> Metric:
    family = GaugeMetricFamily(f"gitops_bot_{name}", description, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
