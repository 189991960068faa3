"""The proxy that the operator's network wants between the bot and the internet: HTTPS_PROXY, HTTP_PROXY, NO_PROXY."""

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from bot.cage.proxy.destinations import Destination, is_of_machine

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class UpstreamProxy:
    """Where it listens, whether it is spoken to in TLS, and the text of Proxy-Authorization, empty without a user."""

    host: str
    port: int
    is_tls: bool = False
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Upstream:
    """Which proxy is used for what; `direct` are the hosts, domains and networks that are reached without one."""

    tunnels: UpstreamProxy | None = None
    plain: UpstreamProxy | None = None
    direct: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Upstream":
        """Read the variables as Go and curl do; those in lower case come first. Raises ValueError that names one."""
        variables = {
            name: environment.get(name.lower(), "") or environment.get(name, "")
            for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
        }
        direct = tuple(word.strip().lower() for word in variables["NO_PROXY"].split(",") if word.strip())
        return cls(_proxy("HTTPS_PROXY", variables), _proxy("HTTP_PROXY", variables), direct)

    def proxy_for(self, destination: Destination, is_tunnel: bool) -> UpstreamProxy | None:
        """Return the proxy on the way to the destination; None where it is reached without one."""
        is_here = destination.address is not None and is_of_machine(destination.address)
        if is_here or f".{destination.host}".endswith(".localhost") or self._is_direct(destination):
            return None
        return self.tunnels if is_tunnel else self.plain

    def _is_direct(self, destination: Destination) -> bool:
        return any(word == "*" or _covers(word, destination) for word in self.direct)


NO_UPSTREAM = Upstream()


def _covers(word: str, destination: Destination) -> bool:
    if destination.address:
        try:
            return destination.address in ipaddress.ip_network(word.strip("[]"), strict=False)
        except ValueError:
            return False
    name = word.removeprefix("*").removeprefix(".")
    return bool(name) and f".{destination.host}".endswith(f".{name}")


def _proxy(variable: str, variables: Mapping[str, str]) -> UpstreamProxy | None:
    text = variables[variable]
    if not text:
        return None
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
        default_port = DEFAULT_PORTS[url.scheme]
        port = url.port or default_port
    except (ValueError, KeyError):
        url, port = urlsplit(""), 0
    if not url.hostname:
        raise ValueError(f"{variable} is no URL of a proxy; write http://HOST:PORT or https://HOST:PORT")
    user = f"{unquote(url.username)}:{unquote(url.password or '')}" if url.username else ""
    authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
    return UpstreamProxy(url.hostname, port, url.scheme == "https", authorization)
