"""Which destinations a caged program may reach through the proxy: pure rules. Used by `proxy`, and to read settings."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.cage.policy import NetworkMode

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SETTING = "CAGE__HOSTS"
MAIL_PORT = 25
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*\Z")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z", re.ASCII)
_AUTHORITY = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>.*))?\Z", re.DOTALL)

# Names that lead nowhere in public: RFC 6761, 6762 and 8375, `internal`, which ICANN reserved for private use, and some
# that are used so and were never given out.
_PRIVATE_SUFFIXES = (
    *(".localhost", ".local", ".internal", ".home.arpa"),
    *(".localdomain", ".intranet", ".lan", ".corp", ".home", ".svc"),
)


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# The IANA special-purpose address registries (RFC 6890), and what clouds give their machines: the metadata services of
# Azure (168.63.129.16), Oracle (192.0.0.192), Alibaba (100.100.100.200), AWS, Oracle and Google on IPv6.
_MACHINE = _networks(
    *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "192.0.0.192/32", "100.100.100.200/32"),
    *("::/127", "fe80::/10", "fd00:ec2::/32", "fd00:c1::a9fe:a9fe/128", "fd20:ce::254/128"),
)
_SPECIAL = _networks(
    *("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
    *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("2001::/23", "2001:db8::/32", "3fff::/20"),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a program wants to go. `host` is a name in lower case without a last dot, or the text of `address`."""

    host: str
    port: int
    address: Address | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """The host when it is a name; empty when it is an address."""
        return "" if self.address else self.host


@dataclass(frozen=True, slots=True)
class ListedHost:
    """One of the operator's hosts: a name, `*.` and a name, or a network (an address is one of its own).

    Without a `port` all ports are meant.
    """

    name: str = ""
    is_wildcard: bool = False
    network: Network | None = None
    port: int | None = None

    @property
    def is_single(self) -> bool:
        """One host at one port: the operator means this very service, wherever it is."""
        is_host = self.network.num_addresses == 1 if self.network else not self.is_wildcard
        return is_host and self.port is not None

    def covers_name(self, destination: Destination) -> bool:
        """Tell whether the destination's name is meant."""
        if not self.name or self.port not in (None, destination.port):
            return False
        if self.is_wildcard:
            return destination.name.endswith(f".{self.name}")
        return destination.name == self.name

    def covers(self, destination: Destination, address: Address) -> bool:
        """Tell whether the destination is meant, by its name or by this address of it."""
        if self.network and self.port in (None, destination.port):
            return address in self.network
        return self.covers_name(destination)


@dataclass(frozen=True, slots=True)
class Destinations:
    """The rules of one run. `project` is the name that a refusal tells.

    In every mode but `internet` it is `hosts` alone that may be reached through the proxy.
    """

    mode: NetworkMode
    hosts: tuple[ListedHost, ...] = ()
    project: str = ""

    @classmethod
    def of(cls, mode: NetworkMode, hosts: Sequence[str], project: str = "") -> "Destinations":
        """Return the rules as the operator wrote them. Raises ValueError that names the host and its right form."""
        return cls(mode, tuple(parse_listed_host(host) for host in hosts), project)

    def needs_addresses(self, destination: Destination) -> bool:
        """Tell whether it can be allowed at all, so that the name is worth a look-up.

        A look-up tells the name to whoever serves its domain: a name that cannot be allowed is not looked up.
        """
        return any(host.network for host in self.hosts) or self._permits_name(destination)

    def permits(self, destination: Destination, address: Address, is_own: bool = False) -> bool:
        """Tell whether the destination may be reached at this address of it; `is_own`: it is one of this machine's.

        What belongs to the machine itself is reached only where the operator lists that host with that port.
        """
        address = unmapped(address)
        listed = [host for host in self.hosts if host.covers(destination, address)]
        if any(host.is_single for host in listed):
            return True
        if is_own or is_of_machine(address):
            return False
        return bool(listed) or self._is_open(destination) and is_public(address)

    def permits_unresolved(self, destination: Destination) -> bool:
        """Tell whether the destination may be left to the operator's own proxy, which looks its name up itself."""
        if destination.address:
            return self.permits(destination, destination.address)
        return self._permits_name(destination)

    def refusal(self, destination: Destination) -> str:
        """Return the sentence about a destination that is not allowed."""
        whom = f" for `{self.project}`" if self.project else ""
        return f"`{destination}` is not allowed{whom}; the operator may add it to {SETTING}"

    def _permits_name(self, destination: Destination) -> bool:
        if any(host.covers_name(destination) for host in self.hosts):
            return True
        return self._is_open(destination) and not is_private_name(destination.name)

    def _is_open(self, destination: Destination) -> bool:
        return self.mode is NetworkMode.INTERNET and destination.port != MAIL_PORT


def parse_authority(text: str, default_port: int = 0) -> Destination:
    """Read `host:port` as a request names it. Raises ValueError where it is no name and no address in its usual form.

    IPv4 as one number, in octal or in hexadecimal is refused: programs read such words differently.
    """
    host, port = _split(text)
    port = default_port if port is None else port
    if not port:
        raise ValueError("there is no port")
    return _destination(host, port)


def parse_listed_host(text: str) -> ListedHost:
    """Read one of the operator's hosts. Raises ValueError with the right form."""
    try:
        host, port = _split_listed(text.strip())
        listed = _listed(host, port)
    except ValueError as error:
        syntax = "`host`, `host:port`, `*.example.com`, `10.1.0.0/16` or `[IPv6]:port`"
        raise ValueError(f"{SETTING}: `{text}`: {error}; write {syntax}") from error
    is_of_machine_alone = listed.network is not None and any(
        network.version == listed.network.version and listed.network.subnet_of(network)  # type: ignore[arg-type]
        for network in _MACHINE
    )
    if not listed.is_single and (is_of_machine_alone or f".{listed.name}".endswith(".localhost")):
        raise ValueError(f"{SETTING}: `{text}` is this machine itself; write one host with its port, `{host}:8200`")
    return listed


def is_private_name(name: str) -> bool:
    """Tell whether a name leads nowhere in public, whoever looks it up: it has no dot, or ends in a reserved word."""
    return "." not in name or name.endswith(_PRIVATE_SUFFIXES)


def unmapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv4-mapped one stands for: the kernel connects to that (RFC 4291, 2.5.5.2)."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def forms(address: Address) -> tuple[Address, ...]:
    """Return the address, and the IPv4 address that it is a way to: mapped, 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    address = unmapped(address)
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address in _NAT64:
        return address, ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return (address, address.sixtofour) if address.sixtofour else (address,)


def is_of_machine(address: Address) -> bool:
    """Tell whether it is loopback, unspecified, link-local or a metadata service, in whatever form."""
    return any(_is_in(form, _MACHINE) for form in forms(address))


def is_public(address: Address) -> bool:
    """Tell whether it is one of the internet's, in whatever form: neither of the machine nor private nor special."""
    *outer, last = forms(address)
    if isinstance(last, ipaddress.IPv6Address) and last not in _GLOBAL_UNICAST:
        return False
    return not any(_is_in(form, _MACHINE + _SPECIAL) for form in (*outer, last))


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _split(text: str) -> tuple[str, int | None]:
    """Part `host:port` or `[IPv6]:port`; an IPv6 address keeps its brackets off."""
    parts = _AUTHORITY.match(text)
    if not parts:
        raise ValueError("it is no host and port")
    if parts["port"] is not None and (not _PORT.match(parts["port"]) or not 0 < int(parts["port"]) < 65536):
        raise ValueError("the port is no number from 1 to 65535")
    if parts["six"] is not None:
        if ":" not in parts["six"] or "%" in parts["six"]:
            raise ValueError("in brackets stands an IPv6 address, without a zone")
        ipaddress.IPv6Address(parts["six"].partition("/")[0])
    host = parts["host"] if parts["six"] is None else parts["six"]
    return host, int(parts["port"]) if parts["port"] is not None else None


def _split_listed(text: str) -> tuple[str, int | None]:
    return (text, None) if text.count(":") > 1 and not text.startswith("[") else _split(text)


def _destination(host: str, port: int) -> Destination:
    if ":" in host:
        address = unmapped(ipaddress.IPv6Address(host))
        return Destination(str(address), port, address)
    name = _canonical_name(host)
    if _NUMBER.match(name.rpartition(".")[2]):
        address = ipaddress.IPv4Address(name)
        return Destination(str(address), port, address)
    return Destination(name, port)


def _listed(host: str, port: int | None) -> ListedHost:
    if "/" in host or ":" in host:
        return ListedHost(network=ipaddress.ip_network(host), port=port)
    is_wildcard = host.startswith("*.")
    name = _canonical_name(host.removeprefix("*.").encode("idna").decode())
    if _NUMBER.match(name.rpartition(".")[2]):
        return ListedHost(network=ipaddress.ip_network(host), port=port)
    return ListedHost(name, is_wildcard, port=port)


def _canonical_name(text: str) -> str:
    name = (text[:-1] if text.endswith(".") else text).lower()
    if not _NAME.match(name):
        raise ValueError("it is no name of a host")
    return name
