"""A forward proxy for caged programs: one loop in one thread for all, begun at first use.

Used by the bot for plans and by `bot/supervisor.py` for applies. A name is looked up once, here, and the connection
goes to the very address that was judged. Nothing of what passes is logged or kept.
"""

import asyncio
import resource
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress

from bot.cage.proxy.destinations import Destinations
from bot.cage.proxy.dialing import Dialer, Resolve, system_resolve
from bot.cage.proxy.http_head import Declined, Request, answer, parse_request
from bot.cage.proxy.listener import Listener
from bot.cage.proxy.upstream import NO_UPSTREAM, Upstream
from bot.cage.proxy.wire import MAX_HEAD_BYTES, Wire, exchange, read_head, tunnel

MAX_CONNECTIONS = 256
MAX_REFUSALS = 50
HEAD_SECONDS = 15.0
LINGER_SECONDS = 1.0
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Closer:
    """What a proxy serves, until it is closed."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close

    def close(self) -> None:
        """End all its connections and its listening socket. Returns when they have ended; may be called again."""
        self._close()


class Proxy:
    """Serves listening sockets that it is given. May be used by several threads."""

    def __init__(self, upstream: Upstream = NO_UPSTREAM, resolve: Resolve = system_resolve) -> None:
        self._upstream, self._resolve = upstream, resolve
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._all_slots = asyncio.Semaphore(_fair_share(of=4))

    def serve(self, server_socket: socket.socket, rules: Destinations, on_refusal: Callable[[str], None]) -> Closer:
        """Serve as an HTTP proxy: CONNECT host:port, and requests to http://….

        `on_refusal` gets a sentence for each destination that is not allowed, once, in the proxy's thread,
        which waits for it.
        """
        service = _HttpService(Dialer(self._resolve), rules, on_refusal, self._upstream)
        return self._open(server_socket, service.attend)

    def forward(self, server_socket: socket.socket, target: tuple[str, int]) -> Closer:
        """Forward each connection to the target, which the operator chose: whatever its address, it is allowed."""
        dialer = Dialer(self._resolve)

        async def attend(client: Wire) -> None:
            server = await dialer.connect_to_chosen(*target)
            try:
                await tunnel(client, server)
            finally:
                server.writer.transport.abort()

        return self._open(server_socket, attend)

    def close(self) -> None:
        """End the loop and its thread, when all that was served is closed; nothing is served after it.

        The end of the process needs none of it.
        """
        with self._lock:
            loop, self._loop = self._loop, None
        if loop:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    def _open(self, server_socket: socket.socket, attend: Callable[[Wire], Awaitable[None]]) -> Closer:
        server_socket.setblocking(False)
        loop = self._running_loop()

        async def listen() -> Listener:
            return Listener(server_socket, attend, min(MAX_CONNECTIONS, _fair_share(of=8)), self._all_slots)

        listener = asyncio.run_coroutine_threadsafe(listen(), loop).result()

        def close() -> None:
            if not loop.is_closed():
                asyncio.run_coroutine_threadsafe(listener.close(), loop).result()

        return Closer(close)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if not self._loop:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="cage proxy", daemon=True)
                self._thread.start()
            return self._loop


class _HttpService:
    """The HTTP proxy of one listening socket: one request a connection."""

    def __init__(
        self, dialer: Dialer, rules: Destinations, on_refusal: Callable[[str], None], upstream: Upstream
    ) -> None:
        self._dialer, self._rules, self._on_refusal, self._upstream = dialer, rules, on_refusal, upstream
        self._announced: set[str] = set()

    async def attend(self, client: Wire) -> None:
        """Carry out the request of a connection, or answer why not. Raises OSError when the program is gone."""
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                request = parse_request(await read_head(client))
            await self._carry_out(request, client)
        except Declined as declined:
            if declined.status == 403:
                self._tell(declined.sentence)
            await _say(client, answer(declined.status, declined.sentence))

    async def _carry_out(self, request: Request, client: Wire) -> None:
        proxy = self._upstream.proxy_for(request.destination, request.is_tunnel)
        if proxy:
            server = await self._dialer.connect_by_proxy(request, proxy, self._rules)
        else:
            server = await self._dialer.connect_if_permitted(request.destination, self._rules)
        try:
            if request.is_tunnel:
                await client.send(ESTABLISHED)
                await tunnel(client, server)
            else:
                await server.send(request.forwarded_to_proxy(proxy.authorization) if proxy else request.forwarded())
                await exchange(client, server, request.length)
                await _hear_out(client)
        finally:
            server.writer.transport.abort()

    def _tell(self, sentence: str) -> None:
        """Tell each refusal once, and no more of them than somebody reads: a program can think up any number."""
        if sentence in self._announced or len(self._announced) > MAX_REFUSALS:
            return
        self._announced.add(sentence)
        is_last = len(self._announced) > MAX_REFUSALS
        self._on_refusal("more destinations were not allowed; they are not listed here" if is_last else sentence)


async def _say(client: Wire, content: bytes) -> None:
    """Send the last words to a program."""
    await client.send(content)
    await client.finish()
    await _hear_out(client)


async def _hear_out(client: Wire) -> None:
    """Read what the program still sends, for a moment: a close before that would take the last words back."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while await client.reader.read(MAX_HEAD_BYTES):
                pass


def _run(loop: asyncio.AbstractEventLoop) -> None:
    with closing(loop):
        loop.run_forever()


def _fair_share(of: int) -> int:
    """A part of the connections that this process has descriptors for; each takes two."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (descriptors if descriptors != resource.RLIM_INFINITY else 1 << 20) // of
