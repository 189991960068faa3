"""What is measured, for Prometheus: deliveries are counted as they come, all else is read from the store when asked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from flask import current_app
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.server import questions
from bot.store import Store, locks, topics


class Metrics:
    """One per application, with a registry of its own."""

    def __init__(self, store: Store) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Stored(store))
        self._deliveries = Counter(
            "gitops_bot_deliveries", "Webhooks, by what became of them.", ("host", "result"), registry=self._registry
        )

    def delivered(self, host: str, result: str) -> None:
        self._deliveries.labels(host, result).inc()

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Stored(Collector):
    """Reads the store at each scrape, so several processes on one store tell the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterator[Metric]:
        yield from ()

    def collect(self) -> Iterator[Metric]:
        with self._store.read() as tx:
            runs, rows = questions.run_counts(tx), questions.open_row_counts(tx)
            held, unsaid = len(locks.listed(tx)), len(topics.unsaid(tx, datetime.now(UTC)))
            waiting, frozen = questions.undone_deliveries(tx), locks.frozen(tx) is not None
        yield _gauge("runs", "Runs by kind and state.", ("kind", "state"), runs)
        yield _gauge("open_rows", "Projects of runs that are queued or running.", ("state",), rows)
        yield _gauge("locks", "Places that pull requests hold.", (), {(): held})
        yield _gauge("unsaid_topics", "Comments that wait to be written.", (), {(): unsaid})
        yield _gauge("waiting_deliveries", "Deliveries that are no jobs yet.", (), {(): waiting})
        yield _gauge("frozen", "1 while all applies are stopped.", (), {(): int(frozen)})
        yield _gauge("build_info", "Always 1; the version is the label.", ("version",), {(our_version(),): 1})


def metrics() -> Metrics:
    """The metrics of the application that answers the present request."""
    found: Metrics = current_app.extensions["metrics"]
    return found


def our_version() -> str:
    """The installed version; a bare checkout has none."""
    try:
        return version("gitops-bot")
    except PackageNotFoundError:
        return "0"


def _gauge(name: str, words: str, labels: tuple[str, ...], values: dict[tuple[str, ...], int]) -> Metric:
    family = GaugeMetricFamily(f"gitops_bot_{name}", words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
