"""Deliveries wait while the database is away, and are promised when it is back."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.event import PullChange, PullChanged
from bot.core.job import Job
from bot.intake import Intake
from bot.store import Store, deliveries
from tests.sandbox.running import until
from tests.server.house import NOW, PULL
from tests.vocabulary import VOCABULARY


class Promises(list[Job]):
    """Keeps what is promised, and does none of it."""

    def start(self, job: Job) -> None:
        self.append(job)


def test_intake_goes_on_when_the_database_is_back(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    store, promises = Store(f"sqlite:///{home / 'store.sqlite'}"), Promises()
    store.migrate()
    missed = threading.Event()
    intake = Intake(store, promises, lambda: NOW, VOCABULARY)  # type: ignore[arg-type]  # all of an engine that it uses
    store.close()
    home.rename(away)
    intake.start()
    intake.wake()
    missed.wait(0.5)
    away.rename(home)
    with store.begin() as tx:
        deliveries.receive(tx, "d1", PullChanged(PULL, PullChange.OPENED, "alice"), NOW)
    intake.wake()
    until(lambda: promises)
    intake.stop()


class Stumbles(Promises):
    """Falls over one of them: a bug, as far as the intake can tell."""

    def start(self, job: Job) -> None:
        if "bad" in job.id:
            raise ZeroDivisionError(job.id)
        super().start(job)


def test_a_delivery_that_is_stumbled_over_does_not_hold_up_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    goes_on_behind_the_bad_one(_store_with_two(tmp_path), Stumbles())
    assert "bad is left aside" in caplog.text


def test_a_delivery_that_cannot_be_read_does_not_hold_up_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = _store_with_two(tmp_path)
    with store.begin() as tx:
        tx.exec_driver_sql("update delivery set event = '{\"of\": \"another version\"}' where id = 'bad'")
    goes_on_behind_the_bad_one(store, Promises())
    assert "bad is left aside" in caplog.text


def _store_with_two(directory: Path) -> Store:
    """A store with two deliveries, `bad` and behind it `good`."""
    store = Store(f"sqlite:///{directory / 'store.sqlite'}")
    store.migrate()
    with store.begin() as tx:
        for number, id in enumerate(("bad", "good")):
            deliveries.receive(tx, id, PullChanged(PULL, PullChange.OPENED, "alice"), NOW + timedelta(seconds=number))
    return store


def goes_on_behind_the_bad_one(store: Store, promises: Promises) -> None:
    """The intake lives, and promises what the good one asks for."""
    intake = Intake(store, promises, lambda: NOW, VOCABULARY)  # type: ignore[arg-type]  # all of an engine that it uses
    intake.start()
    until(lambda: promises)
    assert intake.alive
    intake.stop()
    assert [job.id for job in promises] == ["plan:good"]
