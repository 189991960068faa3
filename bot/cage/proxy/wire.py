"""What passes over the connections of the proxy: heads read, bodies and tunnels copied, with back-pressure."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bot.cage.proxy.http_head import HEAD_END, Declined, parse_chunk_size, parse_response

MAX_HEAD_BYTES = 32 * 1024
CHUNK_BYTES = 64 * 1024
CLOSE_SECONDS = 5.0
HALF_CLOSED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection: where it is read and where it is written."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, content: bytes) -> None:
        """Write, and wait until the other side has taken enough of it. Raises OSError when it is gone."""
        self.writer.write(content)
        await self.writer.drain()

    async def finish(self) -> None:
        """Say that nothing more comes from us."""
        await self.writer.drain()
        if self.writer.can_write_eof():
            self.writer.write_eof()

    async def close(self) -> None:
        """Let what was written leave, for a while; then it is gone."""
        try:
            self.writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.writer.wait_closed()
        finally:
            self.writer.transport.abort()


async def wire_of(connection: socket.socket) -> Wire:
    """Return the wire of a connection that was accepted."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_HEAD_BYTES, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection)
    return Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


async def tunnel(client: Wire, server: Wire) -> None:
    """Copy to and fro until both sides have said all, or one is gone.

    When one side has said all, the other may go on as long as it says something: a program that has ended looks alike.
    """
    copying = _Copying()
    async with _started(copying.copy(client, server), copying.copy(server, client)) as copies:
        done, pending = await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        while pending and not any(copy.exception() for copy in done):
            size = copying.size
            ended, pending = await asyncio.wait(pending, timeout=HALF_CLOSED_SECONDS)
            done |= ended
            if not ended and copying.size == size:
                return


async def exchange(client: Wire, server: Wire, length: int | None) -> None:
    """Copy the body of a request, whose head the server has, and its answer. Raises Declined, OSError.

    A server may answer before it has read all. A program that ends in the middle of its request gets no answer.
    """
    async with _started(_copy_body(client, server, length), _copy_answer(server, client)) as (body, answer):
        await asyncio.wait((body, answer), return_when=asyncio.FIRST_COMPLETED)
        failure = body.exception() if body.done() else None
        if isinstance(failure, Declined):
            raise failure
        await asyncio.wait((answer,), timeout=CLOSE_SECONDS if failure else None)
        if answer.done():
            answer.result()


async def read_head(wire: Wire) -> bytes:
    """Read to the empty line. Raises Declined where that is too long, OSError where the other is gone."""
    try:
        return await wire.reader.readuntil(HEAD_END)
    except asyncio.LimitOverrunError as error:
        raise Declined(431, f"the headers are longer than {MAX_HEAD_BYTES:,} bytes") from error
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("it went away in the middle of its headers") from error


class _Copying:
    """Copies, and how many bytes it was so far."""

    def __init__(self) -> None:
        self.size = 0

    async def copy(self, source: Wire, sink: Wire) -> None:
        while chunk := await source.reader.read(CHUNK_BYTES):
            self.size += len(chunk)
            await sink.send(chunk)
        await sink.finish()


async def _copy_body(source: Wire, sink: Wire, length: int | None) -> None:
    """Copy a request's body of so many bytes, or one in chunks, and not a byte more. Raises Declined, OSError.

    What stands behind it is nobody's request: a server behind another proxy could take it for one.
    """
    if length is not None:
        await _copy_exactly(source, sink, length)
        return
    while size := parse_chunk_size(await _line(source)):
        await sink.send(b"%x\r\n" % size)
        await _copy_exactly(source, sink, size)
        if await _read_exactly(source, 2) != b"\r\n":
            raise Declined(400, "a chunk is longer than it says")
        await sink.send(b"\r\n")
    await sink.send(b"0\r\n\r\n")


async def _copy_answer(source: Wire, sink: Wire) -> None:
    """Copy the answer of a server that was asked to close after it, those before it too (100 Continue)."""
    status = 100
    while status < 200:
        try:
            status, head = parse_response(await read_head(source))
        except (Declined, ConnectionError) as error:
            raise Declined(502, "the server did not answer in HTTP/1.1") from error
        await sink.send(head)
    await _Copying().copy(source, sink)


async def _copy_exactly(source: Wire, sink: Wire, size: int) -> None:
    while size:
        chunk = await source.reader.read(min(size, CHUNK_BYTES))
        if not chunk:
            raise ConnectionResetError("the program went away in the middle of its request")
        size -= len(chunk)
        await sink.send(chunk)


async def _read_exactly(source: Wire, size: int) -> bytes:
    try:
        return await source.reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the program went away in the middle of its request") from error


async def _line(source: Wire) -> bytes:
    try:
        return await source.reader.readuntil(b"\r\n")
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the program went away in the middle of its request") from error
    except asyncio.LimitOverrunError as error:
        raise Declined(400, "a chunk has no size") from error


@asynccontextmanager
async def _started(*copies: Coroutine[None, None, None]) -> AsyncIterator[tuple["asyncio.Task[None]", ...]]:
    """Run them side by side; all have ended when the block has."""
    tasks = tuple(asyncio.create_task(copy) for copy in copies)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
