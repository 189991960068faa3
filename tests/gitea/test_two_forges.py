"""One bot for GitHub and Gitea at once: a repository of the same name on each shares nothing with the other."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.e2e.acting import ONE, applied, approved, begin, go_on, held, propose
from tests.gitea.people import BOT
from tests.gitea.running import Place
from tests.gitea.stage import Person
from tests.hosts.published.records import new_record
from tests.staging import Stage

TOKEN = "for the pages, and long enough for them"


@dataclass
class Two:
    """The same bot, seen from each forge."""

    github: Stage
    gitea: Stage

    def page(self, path: str) -> str:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.get(f"{self.github.bot_url}{path}", headers=headers, timeout=20).text

    def states(self) -> int:
        return len(list(self.github.data.glob("state/*/net-*/terraform.tfstate")))


@pytest.fixture
def two(place: Place, tmp_path: Path) -> Iterator[Two]:
    owner, _, name = place.repo.partition("/")
    settings = {
        "REPOS": f"{owner}/*",
        "SWEEP_EVERY": "1s",
        "SERVER__TOKEN": TOKEN,
        "GITEA__URL": place.site.url,
        "GITEA__TOKEN": place.site.tokens[BOT],
        "GITEA__WEBHOOK_SECRET": "another secret",
    }
    stage = Stage(tmp_path / "stage", settings)
    stage.record = new_record()
    with stage:
        stage.repo = place.repo
        stage.forge.repository(owner, name, {"alice": "admin", "bob": "maintain", stage.bot.login: "write"})
        twin = copy.copy(stage)
        twin.alice, twin.bob, twin.bot = (_person(place, login) for login in ("alice", "bob", BOT))
        yield Two(stage, twin)


def _person(place: Place, login: str) -> Person:
    session = requests.Session()
    session.trust_env = False
    one = place.person(login)
    return Person(one.url, login, one.email, one.token, session)


def test_what_one_forge_locks_and_runs_the_other_applies_meanwhile(two: Two) -> None:
    github, gitea = two.github, two.gitea
    theirs = propose(gitea, begin(gitea), {"net/main.tf": ONE})
    ours = propose(github, begin(github), {"net/main.tf": held(github)})
    assert ours == theirs
    approved(github, ours)
    github.alice.comment(github.repo, ours, "/apply")
    github.wait_for("the tool", lambda: list(github.data.glob("applies/*/tool")))
    applied(gitea, theirs)
    assert not github.alice.pull(github.repo, ours)["merged"]
    assert two.states() == 2
    here, there = f"{github.forge.url}/{github.repo}/pull/{ours}", f"{gitea.alice.url}/{gitea.repo}/pulls/{theirs}"
    gitea.wait_for("their lock to be let go", lambda: there not in two.page("/locks"))
    assert here in two.page("/locks")
    assert f"{github.repo} (github:" in two.page("/runs")
    assert f"{github.repo} (gitea:" in two.page("/runs")
    go_on(github)
    github.wait_for_merge(ours)
    github.wait_for_comment(ours, "Applied", "Merged as")


def test_an_approval_on_one_forge_is_none_on_the_other(two: Two) -> None:
    github, gitea = two.github, two.gitea
    number = propose(github, begin(github), {"net/main.tf": ONE})
    assert propose(gitea, begin(gitea), {"net/main.tf": ONE}) == number
    approved(github, number)
    gitea.wait_for_comment(number, "What blocks the apply")
    gitea.alice.comment(gitea.repo, number, "/apply")
    gitea.wait_for_comment(number, "0 of 1 approvals")
    assert two.states() == 0
