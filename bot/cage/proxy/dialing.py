"""How the proxy reaches a destination: looked up once, judged, connected to the very address that was judged."""

import asyncio
import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.cage.proxy.destinations import Address, Destination, Destinations, forms
from bot.cage.proxy.http_head import Declined, Request, parse_response, write_connect
from bot.cage.proxy.upstream import UpstreamProxy
from bot.cage.proxy.wire import MAX_HEAD_BYTES, Wire, read_head

Resolve = Callable[[str, int], Sequence[tuple[Any, ...]]]

CONNECT_SECONDS = 15.0
NEXT_ADDRESS_SECONDS = 2.0
UPSTREAM_SECONDS = 60.0
KEEPALIVE_SECONDS = 15
MAX_ADDRESSES = 16
MAX_LOOK_UPS = 4


@dataclass(frozen=True, slots=True)
class Dialer:
    """Makes connections for one listening socket, with a few look-ups at once: names can be slow on purpose."""

    resolve: Resolve
    look_ups: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_LOOK_UPS))

    async def connect_if_permitted(self, destination: Destination, rules: Destinations) -> Wire:
        """Connect to one of the addresses that the rules permit. Raises Declined."""
        address = destination.address
        if not address and not rules.needs_addresses(destination):
            raise Declined(403, rules.refusal(destination))
        try:
            addresses = (address,) if address else await self._look_up(destination.host, destination.port)
            permitted = [
                address for address in addresses if rules.permits(destination, address, is_own_address(address))
            ]
            if not permitted:
                raise Declined(403, rules.refusal(destination))
            return await connect(permitted, destination.port)
        except OSError as error:
            raise Declined(502, f"`{destination}` cannot be reached: {_reason(error)}") from error

    async def connect_to_chosen(self, host: str, port: int, is_tls: bool = False) -> Wire:
        """Connect to what the operator chose, whatever its address. Raises OSError."""
        return await connect(await self._look_up(host, port), port, host if is_tls else "")

    async def connect_by_proxy(self, request: Request, proxy: UpstreamProxy, rules: Destinations) -> Wire:
        """Connect to the operator's own proxy; for a tunnel, through it. Raises Declined."""
        destination = request.destination
        if not rules.permits_unresolved(destination):
            raise Declined(403, rules.refusal(destination))
        try:
            server = await self.connect_to_chosen(proxy.host, proxy.port, proxy.is_tls)
            if request.is_tunnel:
                await _open_tunnel(server, destination, proxy)
            return server
        except OSError as error:
            reason = f"the operator's proxy {proxy.host}:{proxy.port}: {_reason(error)}"
            raise Declined(502, f"`{destination}` cannot be reached: {reason}") from error

    async def _look_up(self, host: str, port: int) -> tuple[Address, ...]:
        async with self.look_ups:
            return await look_up(self.resolve, host, port)


def system_resolve(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Look a name up as this machine does; socket addresses. Raises OSError."""
    return [socket_address for *_, socket_address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def look_up(resolve: Resolve, host: str, port: int) -> tuple[Address, ...]:
    """Return the addresses of a name, each once. Raises OSError.

    In a thread of its own that nobody waits for at the end of the process: a look-up can hang for half a minute.
    """
    loop = asyncio.get_running_loop()
    answers: asyncio.Future[Sequence[tuple[Any, ...]]] = loop.create_future()

    def settle(addresses: Sequence[tuple[Any, ...]] | None, error: OSError | None) -> None:
        if not answers.done():
            answers.set_exception(error) if error else answers.set_result(addresses or ())

    def ask() -> None:
        addresses, failure = None, None
        try:
            addresses = resolve(host, port)
        except OSError as error:
            failure = error
        except UnicodeError:
            failure = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, addresses, failure)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    addresses = (ipaddress.ip_address(str(answer[0])) for answer in await answers)
    return tuple(dict.fromkeys(addresses))[:MAX_ADDRESSES]


def is_own_address(address: Address) -> bool:
    """Tell whether it is one of this machine's, in whatever form. Asks the kernel for the way there; sends nothing."""
    return any(_is_own(form) for form in forms(address))


def _is_own(address: Address) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), 9))
        except OSError:
            return False
        return ipaddress.ip_address(probe.getsockname()[0]) == address


async def connect(addresses: Sequence[Address], port: int, tls_name: str = "") -> Wire:
    """Connect to the first of these addresses that answers; with `tls_name` in TLS. Raises OSError."""
    failure: OSError = OSError("it has no address")
    for position, address in enumerate(addresses, 1):
        try:
            async with asyncio.timeout(CONNECT_SECONDS if position == len(addresses) else NEXT_ADDRESS_SECONDS):
                return await _connect(address, port, tls_name)
        except TimeoutError:
            failure = TimeoutError("it did not answer in time")
        except OSError as error:
            failure = error
    raise failure


def _reason(error: OSError) -> str:
    """What went wrong, in the system's words, without the address: who asked may not know it."""
    is_of_system = error.errno is not None and not isinstance(error, (socket.gaierror, ssl.SSLError))
    return os.strerror(error.errno) if is_of_system and error.errno else error.strerror or str(error)


async def _open_tunnel(server: Wire, destination: Destination, proxy: UpstreamProxy) -> None:
    """Ask the operator's proxy for a tunnel. Raises OSError with its words where it does not open one."""
    try:
        async with asyncio.timeout(UPSTREAM_SECONDS):
            await server.send(write_connect(destination, proxy.authorization))
            status, _ = parse_response(await read_head(server))
    except BaseException as error:
        server.writer.transport.abort()
        if isinstance(error, Declined):
            raise ConnectionError("it did not answer in HTTP/1.1") from error
        raise
    if not 200 <= status < 300:
        server.writer.transport.abort()
        raise ConnectionError(f"it answered {status}")


async def _connect(address: Address, port: int, tls_name: str) -> Wire:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        _keep_alive(connection)
        await loop.sock_connect(connection, (str(address), port))
        reader, writer = await asyncio.open_connection(
            sock=connection,
            limit=MAX_HEAD_BYTES,
            ssl=ssl.create_default_context() if tls_name else None,
            server_hostname=tls_name or None,
        )
    except BaseException:
        connection.close()
        raise
    return Wire(reader, writer)


def _keep_alive(connection: socket.socket) -> None:
    """Keep it known to firewalls on the way, as programs do with connections of their own: theirs end at the proxy."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), KEEPALIVE_SECONDS)
