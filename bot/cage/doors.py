"""The doors of a cage to the network: a proxy by the operator's rules, and single ports that are forwarded.

A program in a network of its own makes the listening sockets itself and hands them out, before it is the program; they
are served out here. So nothing of ours runs in the cage.
"""

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

from bot.cage.policy import NetworkMode, Policy
from bot.cage.program import Program
from bot.cage.proxy.destinations import Destinations
from bot.cage.proxy.proxy import Proxy
from bot.cage.proxy.upstream import Upstream
from bot.core.errors import Refused
from bot.ports.cage import NetworkUse

LOOPBACK = "127.0.0.1"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
NO_PROXY_VARIABLES = ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY")
FORWARDED = re.compile(r"(?P<host>[^*/:\[\]]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
FORWARD_VARIABLE = "GITOPS_BOT_FORWARD_"
FIRST_FREE_PORT = 1024
MAX_FORWARDED = 32
MAX_SOCKETS, MAX_ADDRESS_BYTES = 64, 4096


@dataclass(frozen=True, slots=True)
class Door:
    """A socket that the program can connect to: the proxy, or one `target` outside. `port` 0: any that is free."""

    port: int = 0
    target: tuple[str, int] | None = None
    variable: str = ""

    @property
    def is_here(self) -> bool:
        """Tell whether it leads to the very port of this machine."""
        return self.target == (LOOPBACK, self.port)


@dataclass(frozen=True, slots=True)
class Sockets:
    """What the launcher is told of the doors: addresses to listen at, where to hand them out, variables to set."""

    inner_addresses: list[tuple[str, int]] = field(default_factory=list)
    control: int | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def fds(self) -> tuple[int, ...]:
        """The descriptors that it inherits."""
        return () if self.control is None else (self.control,)


def verify(policy: Policy) -> None:
    """Raises Refused for hosts or a proxy that nobody understands, or for more ports than can be forwarded."""
    try:
        Destinations.of(policy.network, policy.hosts)
        Upstream.of(dict(policy.upstream))
    except ValueError as error:
        raise Refused(str(error)) from error
    if sum(1 for host in policy.hosts if FORWARDED.fullmatch(host)) > MAX_FORWARDED:
        raise Refused(
            f"CAGE__HOSTS lists more than {MAX_FORWARDED} hosts with a port; leave ports out where HTTP is meant"
        )


def doors_of(program: Program) -> tuple[Door, ...]:
    """List what the program can connect to; the proxy is the first, if it has one."""
    own = tuple(Door(port, (LOOPBACK, port)) for port in program.reach.ports)
    if program.reach.network is not NetworkUse.RULED or program.policy.network is NetworkMode.OPEN:
        return own
    matches = (FORWARDED.fullmatch(host) for host in program.policy.hosts)
    forwards = (_forward(match["host"].strip("[]"), int(match["port"])) for match in matches if match)
    return tuple(dict.fromkeys((Door(), *own, *forwards)))


def has_open_network(program: Program) -> bool:
    """Tell whether nothing stands between the program and the machine's network."""
    use, mode = program.reach.network, program.policy.network
    return use is NetworkUse.OPEN or (use is NetworkUse.RULED and mode is NetworkMode.OPEN)


@contextmanager
def listening(program: Program) -> Iterator[Sockets]:
    """Open the doors of a program with a network of its own, for as long as it runs."""
    doors = doors_of(program)
    if not doors:
        yield Sockets()
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ExitStack() as closing:
        closing.callback(ours.close)
        closing.callback(theirs.close)
        receiver = threading.Thread(target=_receive, args=(ours, doors, program, closing), daemon=True)
        receiver.start()
        try:
            yield Sockets([(LOOPBACK, door.port) for door in doors], theirs.fileno(), variables_of(doors))
        finally:
            with suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)
            receiver.join()


@dataclass(frozen=True, slots=True)
class OuterDoors:
    """Doors of a program in the machine's own network: the ports that it may connect to, and variables to set."""

    ports: tuple[int, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)


@contextmanager
def serving(program: Program) -> Iterator[OuterDoors]:
    """Open the doors of a program in the machine's own network, for as long as it runs. Its own ports are there."""
    doors = doors_of(program)
    with ExitStack() as closing:
        ports = []
        for door in doors:
            listener = None if door.is_here else socket.create_server((LOOPBACK, 0))
            ports.append(listener.getsockname()[1] if listener else door.port)
            if listener:
                serve(door, listener, program, closing)
        addresses = {f"{{listen{index}}}": f"{LOOPBACK}:{port}" for index, port in enumerate(ports)}
        yield OuterDoors(tuple(ports), {name: _fill(text, addresses) for name, text in variables_of(doors).items()})


def _fill(text: str, addresses: Mapping[str, str]) -> str:
    for mark, address in addresses.items():
        text = text.replace(mark, address)
    return text


def variables_of(doors: tuple[Door, ...]) -> dict[str, str]:
    """Return the variables by which programs find the doors; `{listenN}` stands for the address of the Nth."""
    variables: dict[str, str] = {}
    for index, door in enumerate(doors):
        if door.target is None:
            variables |= dict.fromkeys(PROXY_VARIABLES, f"http://{{listen{index}}}")
            variables |= dict.fromkeys(NO_PROXY_VARIABLES, "")
        elif door.variable:
            variables[door.variable] = f"{{listen{index}}}"
    return variables


def serve(door: Door, listener: socket.socket, program: Program, closing: ExitStack) -> None:
    """Serve a door until it is closed."""
    if door.target:
        closing.callback(_proxy(()).forward(listener, door.target).close)
    else:
        rules = Destinations.of(program.policy.network, program.policy.hosts, program.project)
        closing.callback(_proxy(program.policy.upstream).serve(listener, rules, program.on_refusal).close)


@cache
def _proxy(upstream: tuple[tuple[str, str], ...]) -> Proxy:
    """One for all programs; it begins when it is first given a socket."""
    return Proxy(Upstream.of(dict(upstream)))


def _forward(host: str, port: int) -> Door:
    """A listed port: of this machine it is at the same port inside, else at a free one that a variable names.

    So is one that only root may listen at.
    """
    if host in ("localhost", LOOPBACK) and port >= FIRST_FREE_PORT:
        return Door(port, (LOOPBACK, port))
    name = re.sub(r"[^A-Z0-9]", "_", f"{host}_{port}".upper())
    return Door(0, (host, port), f"{FORWARD_VARIABLE}{name}")


def _receive(control: socket.socket, doors: tuple[Door, ...], program: Program, closing: ExitStack) -> None:
    """Take the sockets as they are handed out; nothing comes where the program did not start."""
    try:
        _, descriptors, _, _ = socket.recv_fds(control, MAX_ADDRESS_BYTES, MAX_SOCKETS)
    except OSError:
        return
    for door, descriptor in zip(doors, descriptors, strict=False):
        serve(door, socket.socket(fileno=descriptor), program, closing)
