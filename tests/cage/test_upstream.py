"""The operator's own proxy: which variables are read, and what goes past it."""

import pytest

from bot.cage.proxy.destinations import parse_authority
from bot.cage.proxy.upstream import Upstream, UpstreamProxy

OUTER = UpstreamProxy("proxy.example", 3128)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.example:3128", OUTER),
        ("proxy.example:3128", OUTER),
        ("http://proxy.example", UpstreamProxy("proxy.example", 80)),
        ("https://proxy.example/", UpstreamProxy("proxy.example", 443, is_tls=True)),
        ("http://u:p%40@proxy.example:3128", UpstreamProxy("proxy.example", 3128, authorization="Basic dTpwQA==")),
        ("http://[::1]:3128", UpstreamProxy("::1", 3128)),
    ],
)
def test_a_proxy_is_read_as_it_is_written(text: str, proxy: UpstreamProxy) -> None:
    assert Upstream.of({"HTTPS_PROXY": text}) == Upstream(tunnels=proxy)
    assert Upstream.of({"http_proxy": text}) == Upstream(plain=proxy)


@pytest.mark.parametrize("text", ["socks5://proxy.example:1080", "http://", "http://proxy.example:port"])
def test_a_proxy_that_cannot_be_used_is_refused_by_the_name_of_its_variable(text: str) -> None:
    with pytest.raises(ValueError, match="^HTTPS_PROXY is no URL of a proxy; write http://HOST:PORT"):
        Upstream.of({"HTTPS_PROXY": text})


def test_lower_case_comes_first_and_credentials_are_not_shown() -> None:
    upstream = Upstream.of({"HTTPS_PROXY": "http://other.example", "https_proxy": "http://u:secret@proxy.example:3128"})
    assert upstream.tunnels is not None
    assert upstream.tunnels.host == "proxy.example"
    assert "dTpzZWNyZXQ=" not in repr(upstream)


@pytest.mark.parametrize(
    ("direct", "destination"),
    [
        *(
            ("example.com", "example.com:443"),
            ("example.com", "a.example.com:443"),
            (".example.com", "a.example.com:443"),
        ),
        *(("*.example.com", "a.example.com:443"), ("x, EXAMPLE.com ", "example.com:443"), ("*", "example.com:443")),
        *(("10.0.0.0/8", "10.1.2.3:443"), ("10.1.2.3", "10.1.2.3:443"), ("[fd12::9]", "[fd12::9]:443")),
        *(("", "127.0.0.1:8200"), ("", "localhost:8200"), ("", "[::1]:80"), ("", "169.254.169.254:80")),
    ],
)
def test_no_proxy_and_this_machine_are_reached_without_one(direct: str, destination: str) -> None:
    upstream = Upstream.of({"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": direct})
    assert upstream.proxy_for(parse_authority(destination), is_tunnel=True) is None


@pytest.mark.parametrize(
    ("direct", "destination"),
    [
        *(("example.com", "badexample.com:443"), ("a.example.com", "example.com:443"), ("10.0.0.0/8", "11.1.2.3:443")),
        *(
            ("10.0.0.0/8", "a.example:443"),
            ("example.com", "10.1.2.3:443"),
            (".", "example.com:443"),
            ("", "8.8.8.8:53"),
        ),
    ],
)
def test_all_else_goes_by_the_proxy(direct: str, destination: str) -> None:
    upstream = Upstream.of({"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": direct})
    assert upstream.proxy_for(parse_authority(destination), is_tunnel=True) == OUTER
    assert upstream.proxy_for(parse_authority(destination), is_tunnel=False) is None
