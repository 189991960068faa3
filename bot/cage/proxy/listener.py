"""A listening socket on a loop: each connection is attended to by itself, all end with it. Used by `proxy`."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from bot.cage.proxy.wire import Wire, wire_of

RETRY_SECONDS = 0.1
PAUSE_SECONDS = 0.002

logger = logging.getLogger(__name__)


class Listener:
    """At most `slots` connections at once, those of `all_slots` shared with others; more wait to be accepted.

    They are accepted with a pause, so that a program that connects without end leaves time to everybody else.
    """

    def __init__(
        self,
        server_socket: socket.socket,
        attend: Callable[[Wire], Awaitable[None]],
        slots: int,
        all_slots: asyncio.Semaphore,
    ) -> None:
        self._server_socket, self._attend = server_socket, attend
        self._slots, self._all_slots = asyncio.Semaphore(slots), all_slots
        self._connections: dict[asyncio.Task[None], socket.socket] = {}
        self._accepting = asyncio.create_task(self._accept_all())

    async def close(self) -> None:
        """End all connections, and the listening socket."""
        self._accepting.cancel()
        await asyncio.gather(self._accepting, return_exceptions=True)
        connections = tuple(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        self._server_socket.close()

    async def _accept_all(self) -> None:
        while True:
            await self._wait_for_somebody()
            await self._slots.acquire()
            await self._all_slots.acquire()
            is_accepted = self._accept()
            await asyncio.sleep(PAUSE_SECONDS if is_accepted else RETRY_SECONDS)

    async def _wait_for_somebody(self) -> None:
        loop, is_somebody_there = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._server_socket, is_somebody_there.set)
        try:
            await is_somebody_there.wait()
        finally:
            loop.remove_reader(self._server_socket)

    def _accept(self) -> bool:
        """Take the next connection, in the slots that were acquired for it; nothing can come in between."""
        try:
            connection, _ = self._server_socket.accept()
        except OSError:  # it went away again, or there is no descriptor left for it
            self._release()
            return False
        connection.setblocking(False)
        task = asyncio.create_task(self._serve(connection))
        self._connections[task] = connection
        task.add_done_callback(self._leave)
        return True

    async def _serve(self, connection: socket.socket) -> None:
        client = await wire_of(connection)
        try:
            await self._attend(client)
            await client.close()
        except OSError:
            return  # one side is gone
        finally:
            client.writer.transport.abort()

    def _leave(self, task: "asyncio.Task[None]") -> None:
        self._connections.pop(task).close()
        self._release()
        if not task.cancelled() and (error := task.exception()):
            logger.error("a connection of the proxy ended in a fault of ours", exc_info=error)

    def _release(self) -> None:
        self._slots.release()
        self._all_slots.release()
