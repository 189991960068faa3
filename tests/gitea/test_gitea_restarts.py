"""A Gitea that is restarted while the bot speaks to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.errors import Transient
from bot.core.pull import PullState
from bot.hosts.gitea import host as gitea
from bot.steps.say.topics import say
from tests.gitea.people import BOT, invite
from tests.gitea.running import Site, furnish, need, plant
from tests.gitea.server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    need()
    with Server(tmp_path / "gitea") as own:
        yield own


def test_a_server_that_restarts_in_the_middle_is_waited_for_and_found_as_it_was(server: Server, tmp_path: Path) -> None:
    plant(seed := tmp_path / "seed.git")
    place = furnish(Site(server.url, server.repositories, invite(server.url, server.token), seed), tmp_path, "acme")
    section = {"url": server.url, "token": place.site.tokens[BOT], "webhook_secret": "s"}
    host = gitea(section, [place.repo])
    repository, number = host.repository(place.repo), place.open()
    pull = host.pull(repository, number)
    said = say(host, repository, number, "plan", "words")
    server.stop()
    for call in (
        lambda: host.pull(repository, number),
        lambda: say(host, repository, number, "plan", "others", said.id),
        lambda: host.merge(pull, "x"),
    ):
        with pytest.raises(Transient, match="cannot be reached"):
            call()
    server.start()
    assert say(host, repository, number, "plan", "others", said.id).id == said.id
    assert host.merge(pull, "x") == host.pull(repository, number).merge_commit
    assert host.pull(repository, number).state is PullState.MERGED
