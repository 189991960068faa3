"""The head of a request to the proxy and of its answer: read strictly, and written anew. Pure. Used by `proxy`.

RFC 9110 and 9112. What two programs might read differently is refused: a body of two lengths, a folded line, a line
that ends with LF alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.cage.proxy.destinations import Destination, parse_authority

HEAD_END = b"\r\n\r\n"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST = re.compile(rf"({_TOKEN}) ([\x21-\x7e]+) HTTP/1\.([01])\Z")
_STATUS = re.compile(r"HTTP/1\.[01] ([1-9][0-9]{2})(?: .*)?\Z")
_HEADER_NAME = re.compile(rf"{_TOKEN}\Z")
_ABSOLUTE = re.compile(r"http://([^/?#@]+)(/[^#]*|\?[^#]*)?\Z", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "trailer")
    + ("upgrade",)
)

Headers = tuple[tuple[str, str], ...]


class Declined(Exception):
    """The proxy does not carry a request out: the status that the program gets, and the sentence that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@dataclass(frozen=True, slots=True)
class Request:
    """A request: a tunnel (CONNECT), or one to a plain http server, whose `path` has its query with it.

    `length` is the size of its body in bytes; None: it comes in chunks.
    """

    method: str
    destination: Destination
    path: str
    headers: Headers
    length: int | None

    @property
    def is_tunnel(self) -> bool:
        """Whether bytes shall go to and fro as they are."""
        return self.method == "CONNECT"

    def forwarded(self) -> bytes:
        """The head as the server gets it: for this connection alone, with the Host of the address that was judged."""
        return self._head(self.path, ())

    def forwarded_to_proxy(self, authorization: str) -> bytes:
        """The head as another proxy gets it, with `authorization` for that one when it is not empty."""
        credentials = (("Proxy-Authorization", authorization),) if authorization else ()
        return self._head(f"http://{self.destination}{self.path}", credentials)

    def _head(self, target: str, more: Headers) -> bytes:
        host = str(self.destination).removesuffix(":80")
        kept = tuple((name, text) for name, text in self.headers if name.lower() != "host")
        headers = (("Host", host), *kept, *more, ("Connection", "close"))
        return _write(f"{self.method} {target} HTTP/1.1", headers)


def parse_request(head: bytes) -> Request:
    """Read the head, which ends with an empty line. Raises Declined."""
    first, headers = _parse(head)
    parts = _REQUEST.match(first)
    if not parts:
        raise Declined(400, "it is no request of HTTP/1.1")
    method, target, minor = parts.groups()
    try:
        if method == "CONNECT":
            return Request(method, parse_authority(target), "", (), 0)
        if not (absolute := _ABSOLUTE.match(target)):
            raise Declined(
                400, "this is a proxy: it takes CONNECT host:port, and requests to http://host/ without a user"
            )
        path = absolute[2] or "/"
        destination = parse_authority(absolute[1], 80)
    except ValueError as error:
        raise Declined(400, f"the destination cannot be read: {_plain(str(error))}") from error
    length = _body_length(headers, minor)
    return Request(method, destination, f"/{path}" if path.startswith("?") else path, _end_to_end(headers), length)


def parse_response(head: bytes) -> tuple[int, bytes]:
    """Read the head of an answer; its status, and the head as the program gets it. Raises Declined."""
    first, headers = _parse(head)
    parts = _STATUS.match(first)
    if not parts:
        raise Declined(502, "the server did not answer in HTTP/1.1")
    status = int(parts[1])
    closing: Headers = () if status < 200 else (("Connection", "close"),)
    return status, _write(first, (*_end_to_end(headers), *closing))


def write_connect(destination: Destination, authorization: str) -> bytes:
    """Return the head that asks another proxy for a tunnel, with `authorization` for it when it is not empty."""
    credentials = (("Proxy-Authorization", authorization),) if authorization else ()
    return _write(f"CONNECT {destination} HTTP/1.1", (("Host", str(destination)), *credentials))


def answer(status: int, sentence: str) -> bytes:
    """Return a whole answer of the proxy. The sentence is its reason too: of a refused tunnel Go tells that alone."""
    body = f"{sentence}\n".encode()
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))))
    first = f"HTTP/1.1 {status} {_plain(sentence)}"
    return _write(first, (*headers, ("Connection", "close"))) + body


def parse_chunk_size(line: bytes) -> int:
    """Read the line before a chunk; what is said of the chunk besides is left out. Raises Declined."""
    size = re.match(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n\Z", line)
    if not size:
        raise Declined(400, "a chunk has no size")
    return int(size[1], 16)


def _parse(head: bytes) -> tuple[str, Headers]:
    first, *lines = head.removesuffix(HEAD_END).decode("latin-1").split("\r\n")
    headers = []
    for line in lines:
        name, colon, text = line.partition(":")
        if not colon or not _HEADER_NAME.match(name) or _FORBIDDEN.search(text):
            raise Declined(400, "a header cannot be read")
        headers.append((name, text.strip(" \t")))
    if _FORBIDDEN.search(first):
        raise Declined(400, "the first line cannot be read")
    return first, tuple(headers)


def _body_length(headers: Headers, minor: str) -> int | None:
    lengths = [text for name, text in headers if name.lower() == "content-length"]
    codings = [text.lower() for name, text in headers if name.lower() == "transfer-encoding"]
    if codings and (lengths or codings != ["chunked"] or minor == "0"):
        raise Declined(400, "its body has no length that all read alike")
    if codings:
        return None
    if lengths and (len(lengths) > 1 or not _LENGTH.match(lengths[0])):
        raise Declined(400, "its body has no length that all read alike")
    return int(lengths[0]) if lengths else 0


def _end_to_end(headers: Headers) -> Headers:
    """What is meant for the other end: not what is meant for the proxy, which Connection names (RFC 9110, 7.6.1)."""
    named = {
        token.strip().lower() for name, text in headers if name.lower() == "connection" for token in text.split(",")
    }
    ours = (_HOP_BY_HOP | named) - {"content-length", "transfer-encoding"}
    return tuple((name, text) for name, text in headers if name.lower() not in ours)


def _write(first: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {text}" for name, text in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _plain(text: str) -> str:
    """The text as it may stand in a first line."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
