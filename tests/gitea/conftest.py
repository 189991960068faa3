"""The run's Gitea: a fresh organisation for each test, and a host that speaks to it over a line that can fail."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.core.pull import Repository
from bot.hosts.gitea import host as gitea
from bot.ports import Host
from tests.gitea.people import BOT
from tests.gitea.proxy import Proxy, proxied
from tests.gitea.running import Place, Site, furnish, running

SECRET = "between the forge and us"
Hosts = Callable[..., Host]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return running(tmp_path_factory.getbasetemp())


@pytest.fixture
def place(site: Site, tmp_path: Path) -> Place:
    return furnish(site, tmp_path, f"org-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def line(site: Site) -> Iterator[Proxy]:
    with proxied(site.url) as between:
        yield between


@pytest.fixture
def hosts(site: Site, line: Proxy) -> Hosts:
    """A host with a token, the bot's own if none is given."""

    def made(token: str = "", repos: str = "*") -> Host:
        section = {"url": line.url, "token": token or site.tokens[BOT], "webhook_secret": SECRET}
        return gitea(section, [repos])

    return made


@pytest.fixture
def host(hosts: Hosts) -> Host:
    return hosts()


@pytest.fixture
def repository(host: Host, place: Place) -> Repository:
    return host.repository(place.repo)
