"""What the views may use, made by `wiring`, and how a view finds it. Holds no state of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from bot.forge_health import ForgeHealth
from bot.ports import Host
from bot.server.links import Signer
from bot.server.streams import STREAMS, Streams
from bot.store import Store


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`logs` names a project's log by run and place; `token` opens every page (None: only signed links open any).

    `url` is the address that people reach us by; `ready` says why we are not; `arrived` wakes the intake; `cage` is the
    kind of cage in force.
    """

    store: Store
    hosts: Mapping[str, Host]
    vault: Signer
    log_path: Callable[[str, str], Path]
    token: str | None
    url: str
    unready_reason: Callable[[], str | None]
    wake_intake: Callable[[], None]
    cage: str
    forge_health: ForgeHealth = field(default_factory=ForgeHealth)
    oldest_waiting: Callable[[], datetime | None] = lambda: None
    streams: Streams = field(default_factory=lambda: Streams(STREAMS))

    @property
    def secure(self) -> bool:
        """People reach us by https, so cookies are for https only."""
        return urlsplit(self.url).scheme == "https"

    @property
    def prefix(self) -> str:
        """The path that a proxy in front of us serves us under; mostly empty."""
        return urlsplit(self.url).path.rstrip("/")


def dependencies() -> Dependencies:
    """The dependencies of the application that answers the present request."""
    registered: Dependencies = current_app.extensions["dependencies"]
    return registered
