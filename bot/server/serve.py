"""waitress, so that it ends well: it stops listening, finishes what it has begun, then returns. Used by `wiring`.

waitress by itself drops running requests on SIGTERM and cannot be stopped from another thread.
"""

import threading
import time
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore  # type: ignore[import-untyped]  # waitress has no types
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]  # as above
from waitress.server import BaseWSGIServer  # type: ignore[import-untyped]  # as above

from bot.core.errors import Refused

THREADS = 8
LARGEST_BODY = 26 * 1024 * 1024
IDLE_SECONDS = 30
FINISH_SECONDS = 10.0
POLL_SECONDS = 0.05


class Server:
    """Listens from the beginning on `listen` (`host:port`; port 0 is any free one); answers while it runs."""

    def __init__(self, app: Flask, listen: str) -> None:
        self._map: dict[int, Any] = {}
        self._threads = _open_server(app, listen, self._map).task_dispatcher
        self._listeners = [channel for channel in self._map.values() if isinstance(channel, BaseWSGIServer)]
        self._closing, self._ended, self._end_lock = threading.Event(), threading.Event(), threading.RLock()
        self._runner: int | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listeners[0].effective_port)

    def run(self) -> None:
        """Answer requests until `close` is called."""
        self._runner = threading.get_ident()
        while not self._closing.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)
        self._end()

    def close(self) -> None:
        """Stop listening and finish running requests, a few seconds at most. Any thread or signal may call it.

        It returns when that is done, except in the thread that runs: there `run` goes on to the end and returns.
        """
        self._closing.set()
        if self._runner is None:
            self._end()
        elif self._runner != threading.get_ident():
            self._wake()
            self._ended.wait(FINISH_SECONDS * 2)

    def _wake(self) -> None:
        with self._end_lock:
            if not self._ended.is_set():
                self._listeners[0].pull_trigger()

    def _end(self) -> None:
        with self._end_lock:
            if self._ended.is_set():
                return
            for listener in self._listeners:
                wasyncore.dispatcher.close(listener)
            self._finish(time.monotonic() + FINISH_SECONDS)
            self._threads.shutdown(timeout=1)
            if not self._threads.threads:  # one that outlives us still writes to our pipe, so that stays open
                wasyncore.close_all(self._map)
            self._ended.set()

    def _finish(self, deadline: float) -> None:
        while time.monotonic() < deadline and any(_is_busy(channel) for channel in tuple(self._map.values())):
            wasyncore.loop(timeout=POLL_SECONDS, use_poll=True, map=self._map, count=1)


def _open_server(app: Flask, listen: str, map: dict[int, Any]) -> Any:
    try:
        return create_server(
            app,
            map=map,
            listen=f"*{listen}" if listen.startswith(":") else listen,
            threads=THREADS,
            ident=None,
            url_prefix=app.config["APPLICATION_ROOT"].rstrip("/"),
            channel_timeout=IDLE_SECONDS,
            max_request_body_size=LARGEST_BODY,
            clear_untrusted_proxy_headers=False,
        )
    except (OSError, ValueError) as error:
        wasyncore.close_all(map)
        raise Refused(f"cannot listen on {listen}: {error}") from error


def _is_busy(channel: object) -> bool:
    """A request is being received, answered, or its answer sent."""
    if not isinstance(channel, HTTPChannel):
        return False
    return bool(channel.requests or channel.request is not None or channel.total_outbufs_len)
