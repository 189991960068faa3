"""Texts of the formats that a schema may ask for, as far as there is no doubt about them. `validation` asks. Pure."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date

_UUID = re.compile(r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_DATETIME = re.compile(r"(?i)(\d{4}-\d{2}-\d{2})t(\d{2}):(\d{2}):(\d{2})(\.\d+)?(z|[+-]\d{2}:\d{2})")
_MAC = re.compile(
    r"(?i)[0-9a-f]{2}([:-])([0-9a-f]{2}\1){4}([0-9a-f]{2}\1[0-9a-f]{2}\1)?[0-9a-f]{2}|([0-9a-f]{4}\.){2,3}[0-9a-f]{4}"
)
_BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_dns_name(text: str) -> bool:
    """The text is a lower-case DNS name, as most objects have."""
    return len(text) <= 253 and _NAME.fullmatch(text) is not None


def fits_format(text: str, name: str) -> bool:
    """Tell whether the text is of the format; true for formats that are not checked."""
    check = _FORMAT_CHECKS.get(name.replace("-", ""))
    return check is None or check(text)


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return accepts


def _parse_datetime(text: str) -> None:
    match = _DATETIME.fullmatch(text)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59 or int(match[4]) > 59:
        raise ValueError
    date.fromisoformat(match[1])


def _parse_date(text: str) -> None:
    if len(text) != 10:
        raise ValueError
    date.fromisoformat(text)


def _parse_cidr(text: str) -> None:
    address, slash, bits = text.partition("/")
    max_bits = _parse_address(address).max_prefixlen
    if not slash or not bits.isdecimal() or int(bits) > max_bits:
        raise ValueError


def _is_address(text: str) -> bool:
    return _parses(_parse_address)(text)


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """With leading zeros, which Kubernetes has always taken, and without zones."""
    if "%" in text:
        raise ValueError
    return ipaddress.ip_address(_ZEROS.sub("", text) if ":" not in text else text)


_FORMAT_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "ipv4": lambda text: "." in text and _is_address(text),
    "ipv6": lambda text: ":" in text and _is_address(text),
    "cidr": _parses(_parse_cidr),
    "mac": lambda text: _MAC.fullmatch(text) is not None,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "byte": lambda text: _BASE64.fullmatch(text) is not None,
    "date": _parses(_parse_date),
    "datetime": _parses(_parse_datetime),
    "k8sshortname": lambda text: _LABEL.fullmatch(text) is not None,
    "k8slongname": is_dns_name,
}

# Those that mean nothing to the server are as good as checked.
CHECKED_FORMATS = frozenset({*_FORMAT_CHECKS, "date-time", "k8s-short-name", "k8s-long-name"}) | frozenset(
    {"int32", "int64", "float", "double", "password"}
)
