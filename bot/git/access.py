"""What lets one git reach a forge: the token, by a descriptor that only this git inherits, and the protocol of its URL.

The token is in no environment, argument, URL or file: it stands in sealed memory, which git reads as its only
configuration beside the mirror's own (GIT_CONFIG_GLOBAL of git(1), `http.<url>.*` of git-config(1)).
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bot.core.errors import Refused
from bot.launch import sealed_descriptor
from bot.ports import Remote

PROTOCOLS = frozenset({"https", "http", "ssh", "file"})
PROTOCOL = re.compile("([^:/]+):(?=:|//)")


@dataclass(frozen=True, slots=True)
class Access:
    """What a git gets beside the rest of its environment, and the descriptors that it inherits."""

    env: Mapping[str, str]
    fds: tuple[int, ...] = ()


NO_ACCESS = Access({"GIT_CONFIG_GLOBAL": os.devnull, "GIT_ALLOW_PROTOCOL": ""})


@contextmanager
def access_to(remote: Remote) -> Iterator[Access]:
    """Let a git reach the remote while the block lasts, by the protocol of its URL alone. Raises Refused for others."""
    protocol = _protocol(remote.url)
    with sealed_descriptor(_configuration(remote).encode()) as descriptor:
        env = {"GIT_CONFIG_GLOBAL": f"/proc/self/fd/{descriptor}", "GIT_ALLOW_PROTOCOL": protocol}
        yield Access(env, (descriptor,))


def _protocol(url: str) -> str:
    """Return what git calls the protocol of a URL; a path is `file`, `host:path` `ssh`, `name::…` a program's."""
    named = PROTOCOL.match(url)
    protocol = named[1] if named else "ssh" if ":" in url.partition("/")[0] else "file"
    if protocol not in PROTOCOLS:
        raise Refused(f"git is not let speak {protocol} with a forge: give the forge's address as https://…")
    return protocol


def _configuration(remote: Remote) -> str:
    lines = [f"[http {_quote(remote.url)}]"]
    if remote.authorization:
        lines.append(f"extraHeader = {_quote(f'Authorization: {remote.authorization.get_secret_value()}')}")
    if remote.ca_file:
        lines.append(f"sslCAInfo = {_quote(str(remote.ca_file.absolute()))}")
    return "\n".join([*lines, ""])


def _quote(text: str) -> str:
    """Quote as git-config(1) reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
