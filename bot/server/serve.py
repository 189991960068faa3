"""waitress, so that it ends well and nobody holds it up. Used by `wiring`.

Told to end, it stops listening, finishes what it has begun, then returns: waitress by itself drops running requests on
SIGTERM and cannot be stopped from another thread. A request that does not arrive in time is dropped, and so are the
oldest ones when too many or too large ones wait to be whole: waitress by itself waits for ever for one byte more.
"""

import threading
import time
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore  # type: ignore[import-untyped]  # waitress has no types
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]  # as above
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]  # as above
from waitress.server import BaseWSGIServer  # type: ignore[import-untyped]  # as above

from bot.core.errors import Refused

THREADS = 8
LARGEST_BODY = 26 * 1024 * 1024
IDLE_SECONDS = 30
HEADER_SECONDS, BODY_SECONDS = 10.0, 60.0
"""How long a request's headers, and all of it, may take to arrive."""
MOST_UNFINISHED, LARGEST_UNFINISHED = 200, 8 * LARGEST_BODY
"""Connections without a whole request, and bytes of bodies that are not whole, all together."""
CONNECTION_LIMIT = 4 * MOST_UNFINISHED
FINISH_SECONDS = 10.0
POLL_SECONDS = 0.05
LOOK_SECONDS = 0.5


class _TimedRequest(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request as far as it has arrived, and since when."""

    def __init__(self, adjustments: Any) -> None:
        super().__init__(adjustments)
        self.begun = time.monotonic()

    def is_late(self, now: float) -> bool:
        """It takes longer than any honest sender does."""
        return now - self.begun > (BODY_SECONDS if self.headers_finished else HEADER_SECONDS)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection."""

    parser_class = _TimedRequest
    request: _TimedRequest | None = None

    @property
    def is_unfinished(self) -> bool:
        """No whole request of it is being answered."""
        return not self.requests and not self.total_outbufs_len

    @property
    def arrived(self) -> int:
        """Bytes of a body that is not whole."""
        return int(self.request.body_bytes_received) if self.request is not None else 0

    def handle_close(self) -> None:
        """Close the connection, and the file that holds what has arrived."""
        if self.request is not None:
            self.request.close()
            self.request = None
        super().handle_close()


class Server:
    """Listens from the beginning on `listen` (`host:port`; port 0 is any free one); answers while it runs.

    Of the proxy at the IP address `trusted_proxy` the `X-Forwarded-For` is believed.
    """

    def __init__(self, app: Flask, listen: str, trusted_proxy: str = "") -> None:
        self._map: dict[int, Any] = {}
        self._threads = _open_server(app, listen, trusted_proxy, self._map).task_dispatcher
        self._listeners = [channel for channel in self._map.values() if isinstance(channel, BaseWSGIServer)]
        self._closing, self._ended, self._end_lock = threading.Event(), threading.Event(), threading.RLock()
        self._runner: int | None = None
        self._next_look = 0.0

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listeners[0].effective_port)

    def run(self) -> None:
        """Answer requests until `close` is called."""
        self._runner = threading.get_ident()
        while not self._closing.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)
            self._drop_unfinished(time.monotonic())
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

    def _drop_unfinished(self, now: float) -> None:
        """Drop requests that are late; then the oldest, until few and small enough ones are left."""
        if now < self._next_look and len(self._map) < MOST_UNFINISHED:
            return
        self._next_look = now + LOOK_SECONDS
        unfinished = [channel for channel in tuple(self._map.values()) if _is_unfinished(channel)]
        late = [channel for channel in unfinished if channel.request is not None and channel.request.is_late(now)]
        waiting = sorted(set(unfinished).difference(late), key=lambda channel: float(channel.creation_time))
        size = sum(channel.arrived for channel in waiting)
        for channel in late:
            channel.handle_close()
        while waiting and (len(waiting) > MOST_UNFINISHED or size > LARGEST_UNFINISHED):
            size -= waiting[0].arrived
            waiting.pop(0).handle_close()

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


def _open_server(app: Flask, listen: str, trusted_proxy: str, map: dict[int, Any]) -> Any:
    proxy = {"trusted_proxy": trusted_proxy, "trusted_proxy_headers": "x-forwarded-for"} if trusted_proxy else {}
    try:
        server = create_server(
            app,
            map=map,
            listen=f"*{listen}" if listen.startswith(":") else listen,
            threads=THREADS,
            ident=None,
            url_prefix=app.config["APPLICATION_ROOT"].rstrip("/"),
            channel_timeout=IDLE_SECONDS,
            connection_limit=CONNECTION_LIMIT,
            max_request_body_size=LARGEST_BODY,
            clear_untrusted_proxy_headers=False,
            **proxy,
        )
    except (OSError, ValueError) as error:
        wasyncore.close_all(map)
        raise Refused(f"cannot listen on {listen}: {error}") from error
    for listener in map.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = _Channel
    return server


def _is_unfinished(channel: object) -> bool:
    return isinstance(channel, _Channel) and channel.is_unfinished


def _is_busy(channel: object) -> bool:
    """A request is being received, answered, or its answer sent."""
    if not isinstance(channel, HTTPChannel):
        return False
    return bool(channel.requests or channel.request is not None or channel.total_outbufs_len)
