"""Which destinations a caged program may reach: every spelling and form of an address that anybody thought of."""

import ipaddress

import pytest

from bot.cage.policy import NetworkMode
from bot.cage.proxy.destinations import (
    Address,
    Destination,
    Destinations,
    is_of_machine,
    is_public,
    parse_authority,
    parse_listed_host,
)

INTERNET = Destinations(NetworkMode.INTERNET)
PUBLIC = ("93.184.216.34", "8.8.8.8", "1.1.1.1", "168.63.129.17", "100.128.0.1", "172.32.0.1", "2606:4700::1111")
OF_MACHINE = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.170.2", "168.63.129.16"),
    *("192.0.0.192", "100.100.100.200", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fd00:ec2::23"),
    *("fd20:ce::254", "fd00:c1::a9fe:a9fe"),
)
PRIVATE = (
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "fc00::1", "fdff::1"),
    *("224.0.0.1", "239.1.2.3", "ff02::1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "198.19.255.255"),
    *("192.0.2.1", "198.51.100.1", "203.0.113.1", "192.0.0.8", "192.88.99.1", "2001:db8::1", "3fff::1", "fec0::1"),
    *("100::1", "2001::1", "2001:10::1", "5f00::1", "4000::1", "64:ff9b:1::1", "::ffff:0:8.8.8.8", "::8.8.8.8"),
)
INNER = ("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.1.1", "224.0.0.1", "0.0.0.0")


def address(text: str) -> Address:
    return ipaddress.ip_address(text)


def ways_to(text: str) -> list[Address]:
    """The ways in which IPv6 leads to an IPv4 address: mapped, 6to4, NAT64; Teredo, which hides it."""
    number = int(ipaddress.IPv4Address(text))
    teredo = 0x20010000 << 96 | 0x41D0E000 << 64 | (number ^ 0xFFFFFFFF)
    numbers = (0xFFFF << 32 | number, 0x2002 << 112 | number << 80 | 1, 0x64FF9B << 96 | number, teredo)
    return [ipaddress.IPv6Address(form) for form in numbers]


def permits(rules: Destinations, host: str, at: str = "", port: int = 443, is_own: bool = False) -> bool:
    destination = parse_authority(f"{host}:{port}")
    return rules.permits(destination, address(at) if at else destination.address or address("0.0.0.0"), is_own)


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_allowed(text: str) -> None:
    assert is_public(address(text))
    assert not is_of_machine(address(text))
    assert permits(INTERNET, "example.com", text)


@pytest.mark.parametrize("text", OF_MACHINE)
def test_what_is_of_the_machine_is_not_public(text: str) -> None:
    assert is_of_machine(address(text))
    assert not is_public(address(text))
    assert not permits(INTERNET, "example.com", text)


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_private_or_reserved_is_not_public(text: str) -> None:
    assert not is_public(address(text))
    assert not permits(INTERNET, "example.com", text)


@pytest.mark.parametrize("text", INNER)
def test_no_form_of_an_inner_address_is_public(text: str) -> None:
    assert not [form for form in ways_to(text) if is_public(form)]


def test_loopback_and_metadata_are_of_the_machine_in_each_form() -> None:
    for text in ("127.0.0.1", "169.254.169.254", "168.63.129.16"):
        assert all(is_of_machine(form) for form in ways_to(text)[:3])


def test_a_public_address_behind_nat64_is_public() -> None:
    assert is_public(address("64:ff9b::8.8.8.8"))


@pytest.mark.parametrize(
    "text",
    [
        *("2130706433:80", "0x7f000001:80", "0x7f.1:80", "0177.0.0.1:80", "017700000001:80", "127.1:80", "127.0.1:80"),
        *(
            "0:80",
            "00:80",
            "127.0.0.1.1:80",
            "256.0.0.1:80",
            "127.0.0.01:80",
            "1.2.3.4.0x5:80",
            "0x:80",
            "example.1:80",
        ),
    ],
)
def test_an_ipv4_address_in_an_unusual_spelling_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        parse_authority(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ":80",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "host:-1",
            "host:+80",
            "host:8 0",
            "host:80:80",
            "host: 80",
        ),
        *("host:٨٠", "user@host:80", "host/path:80", "host?x:80", "host#x:80", "ho st:80", "host\t:80", "host\r\n:80"),
        *(
            "host\0:80",
            "host%2e:80",
            "bücher.example:80",
            "localhost。:80",
            "１２７.0.0.1:80",
            "..:80",
            "a..b:80",
            ".a:80",
        ),
        *("a..:80", "-a.example:80", f"{'a' * 64}.example:80", f"{'a.' * 130}a:80", "*.example.com:80", "[::1:80"),
        *("::1:80", "[127.0.0.1]:80", "[fe80::1%eth0]:80", "[fe80::1%25eth0]:80", "[::1]x:80", "[]:80", "[::1]]:80"),
        *("[::1/128]:80", "[v1.x]:80", "[::ffff:0x7f.1]:80", "10.0.0.0/8:80", "host\\:80", "host,other:80"),
    ],
)
def test_what_is_no_host_and_port_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        parse_authority(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        *(("LOCALHOST:80", "localhost"), ("localhost.:80", "localhost"), ("Vault.Internal.:80", "vault.internal")),
        *(("[::FFFF:127.0.0.1]:80", "127.0.0.1"), ("[0:0::1]:80", "::1"), ("127.0.0.1.:80", "127.0.0.1")),
        *(("xn--bcher-kva.example:80", "xn--bcher-kva.example"), ("_srv.example:80", "_srv.example")),
    ],
)
def test_each_spelling_of_a_host_is_read_as_the_same(text: str, host: str) -> None:
    destination = parse_authority(text)
    assert (destination.host, destination.port) == (host, 80)
    assert (destination.address is None) == (not host[0].isdigit() and ":" not in host)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost.", "LOCALHOST", "a.localhost", "127.0.0.1", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_this_machine_is_allowed(host: str) -> None:
    assert not permits(INTERNET, host, "127.0.0.1")


@pytest.mark.parametrize(
    ("listed", "host", "at"),
    [
        ("vault.internal", "vault.internal", "10.1.2.3"),
        ("vault.internal", "VAULT.internal.", "10.1.2.3"),
        ("Vault.Internal.", "vault.internal", "fd12::1"),
        ("vault.internal:8200", "vault.internal", "10.1.2.3"),
        ("bücher.example", "xn--bcher-kva.example", "10.1.2.3"),
        ("*.example.com", "a.example.com", "10.1.2.3"),
        ("*.example.com", "a.b.example.com", "10.1.2.3"),
        ("*.example.com:8200", "a.example.com", "10.1.2.3"),
        ("10.1.0.0/16", "10.1.2.3", ""),
        ("10.1.0.0/16", "any.example", "10.1.2.3"),
        ("10.1.0.0/16", "[::ffff:10.1.2.3]", ""),
        ("10.1.2.3", "10.1.2.3", ""),
        ("10.1.2.3:8200", "10.1.2.3", ""),
        ("10.1.0.0/16:8200", "10.1.2.3", ""),
        ("fd12::/16", "[fd12::9]", ""),
        ("fd12::9", "[fd12::9]", ""),
        ("[fd12::9]", "[fd12::9]", ""),
        ("[fd12::9]:8200", "[fd12::9]", ""),
        ("[fd12::/16]:8200", "[fd12::9]", ""),
        ("localhost:8200", "localhost", "127.0.0.1"),
        ("127.0.0.1:8200", "127.0.0.1", ""),
        ("127.0.0.1:8200", "[::ffff:127.0.0.1]", ""),
        ("[::1]:8200", "[::1]", ""),
        ("169.254.169.254:8200", "169.254.169.254", ""),
        ("vault.internal:8200", "vault.internal", "127.0.0.1"),
    ],
)
def test_what_is_listed_is_allowed_in_every_mode(listed: str, host: str, at: str) -> None:
    for mode in NetworkMode:
        rules = Destinations.of(mode, [listed])
        assert permits(rules, host, at, 8200)
        assert rules.needs_addresses(parse_authority(f"{host}:8200"))


@pytest.mark.parametrize(
    ("listed", "host", "at", "port"),
    [
        ("vault.internal:8200", "vault.internal", "10.1.2.3", 8201),
        ("vault.internal", "xvault.internal", "10.1.2.3", 8200),
        ("vault.internal", "a.vault.internal", "10.1.2.3", 8200),
        ("*.example.com", "example.com", "10.1.2.3", 8200),
        ("*.example.com", "badexample.com", "10.1.2.3", 8200),
        ("*.example.com", "a.example.com.evil.example", "10.1.2.3", 8200),
        ("10.1.0.0/16", "10.2.0.1", "", 8200),
        ("10.1.0.0/16:8200", "10.1.2.3", "", 80),
        ("10.1.2.3", "10.1.2.4", "", 80),
        ("example.com", "other.example", "10.1.2.3", 80),
    ],
)
def test_what_only_looks_like_it_is_not_allowed(listed: str, host: str, at: str, port: int) -> None:
    assert not permits(Destinations.of(NetworkMode.INTERNET, [listed]), host, at, port)


@pytest.mark.parametrize("at", ["127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254", "fe80::1", "0.0.0.0"])
@pytest.mark.parametrize("listed", ["vault.example", "*.example", "*.example:8200", "0.0.0.0/0", "::/0", "fc00::/7"])
def test_a_wide_permission_never_covers_the_machine(listed: str, at: str) -> None:
    assert not permits(Destinations.of(NetworkMode.LISTED, [listed]), "vault.example", at, 8200)


def test_the_machines_own_addresses_are_reached_by_a_host_with_its_port_alone() -> None:
    assert not permits(INTERNET, "example.com", PUBLIC[0], is_own=True)
    assert not permits(Destinations.of(NetworkMode.INTERNET, ["10.0.0.0/8"]), "10.1.2.3", is_own=True)
    assert permits(Destinations.of(NetworkMode.INTERNET, ["10.1.2.3:443"]), "10.1.2.3", is_own=True)


def test_nothing_but_what_is_listed_is_allowed_or_looked_up_in_mode_listed() -> None:
    rules = Destinations.of(NetworkMode.LISTED, ["vault.example:8200"])
    assert not permits(rules, "example.com", PUBLIC[0])
    assert not rules.needs_addresses(Destination("secret.of.evil.example", 443))
    assert not rules.needs_addresses(Destination("vault.example", 443))


@pytest.mark.parametrize(
    "name", ["vault.internal", "printer.local", "vault", "a.home.arpa", "x.localhost", "db.corp", "a.b.svc"]
)
def test_a_name_that_is_private_by_itself_is_not_looked_up_unless_listed(name: str) -> None:
    assert not INTERNET.needs_addresses(Destination(name, 443))
    assert Destinations.of(NetworkMode.INTERNET, [name if "localhost" not in name else f"{name}:443"]).needs_addresses(
        Destination(name, 443)
    )


def test_mail_is_sent_to_nobody_but_who_is_listed() -> None:
    assert not permits(INTERNET, "example.com", PUBLIC[0], 25)
    assert permits(Destinations.of(NetworkMode.INTERNET, ["example.com:25"]), "example.com", PUBLIC[0], 25)
    assert permits(INTERNET, "example.com", PUBLIC[0], 8200)


def test_behind_the_operators_proxy_names_are_judged_by_themselves() -> None:
    rules = Destinations.of(NetworkMode.INTERNET, ["vault.internal:8200"])
    allowed = ("example.com:443", "vault.internal:8200", "8.8.8.8:443")
    refused = ("vault.internal:443", "x.internal:443", "vault:443", "10.1.2.3:443", "[::1]:443", "example.com:25")
    assert [text for text in allowed + refused if rules.permits_unresolved(parse_authority(text))] == list(allowed)
    assert not Destinations.of(NetworkMode.LISTED, []).permits_unresolved(parse_authority("example.com:443"))


def test_a_refusal_names_the_destination_the_project_and_the_setting() -> None:
    rules = Destinations.of(NetworkMode.INTERNET, [], "db")
    sentence = "`vault.internal:8200` is not allowed for `db`; the operator may add it to CAGE__HOSTS"
    assert rules.refusal(parse_authority("Vault.internal.:8200")) == sentence
    assert "`[::1]:80` is not allowed; the" in INTERNET.refusal(parse_authority("[0::1]:80"))


@pytest.mark.parametrize("rule", ["vault.internal:8200", "[fd12::9]:8200", "10.1.2.3:8200", "[::1]:80", "localhost:80"])
def test_what_a_refusal_shows_can_be_listed(rule: str) -> None:
    destination = parse_authority(rule)
    shown = Destinations(NetworkMode.LISTED).refusal(destination).split("`")[1]
    at = str(destination.address or "10.9.9.9")
    assert Destinations.of(NetworkMode.LISTED, [shown]).permits(destination, address(at))


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "*:443", "https://example.com", "example.com/path", "user@example.com", "host:0", "host:x", "a b"),
        *("10.1.2.3/16", "10.1.0.0/33", "300.1.1.1", "0x7f.1", "a.*.example", "**.example", "*example.com", "[::1"),
        *("127.0.0.1", "localhost", "*.localhost", "*.localhost:80", "127.0.0.0/8", "127.0.0.0/8:80", "::1", "[::1]"),
        *("169.254.169.254", "169.254.0.0/16", "a.localhost", "fe80::/10"),
    ],
)
def test_a_host_that_cannot_be_meant_is_refused_with_its_right_form(text: str) -> None:
    with pytest.raises(ValueError, match="^CAGE__HOSTS: .*write"):
        parse_listed_host(text)
