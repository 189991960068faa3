"""Opens houses with real doors: the application on its own server, a real store on disk."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.server.app import Dependencies, create_app
from bot.server.serve import Server
from bot.store import Store
from tests.server.house import TOKEN, VAULT, Forge, House


@contextlib.contextmanager
def houses(directory: Path) -> Iterator[Callable[..., House]]:
    """Opens houses; `more` are Dependencies' own fields, to have them otherwise, and the proxy that is trusted."""
    opened: list[tuple[House, threading.Thread]] = []

    def open_one(trusted_proxy: str = "", **more: object) -> House:
        store = Store(f"sqlite:///{directory / f'store{len(opened)}.db'}")
        store.migrate()
        woken = threading.Event()
        doors = Dependencies(
            store=store,
            hosts={"forge": Forge()},
            vault=VAULT,
            log_path=lambda run, place: directory / "logs" / run / place.replace("/", "-"),
            token=TOKEN,
            url="http://bot.example",
            unready_reason=lambda: None,
            wake_intake=woken.set,
            cage="bubblewrap",
        )
        doors = replace(doors, **more)
        house = House(doors, Server(create_app(doors), "127.0.0.1:0", trusted_proxy), directory / "logs", woken)
        thread = threading.Thread(target=house.server.run)
        thread.start()
        opened.append((house, thread))
        return house

    yield open_one
    for house, thread in opened:
        house.session.close()
        house.server.close()
        thread.join(20)
        house.doors.store.close()
        assert not thread.is_alive()


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    with houses(tmp_path) as open_one:
        yield open_one


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house()
