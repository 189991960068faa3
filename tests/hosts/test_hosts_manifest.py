"""An App is made from a manifest, by a person's browser, on the sandbox as on GitHub."""

import re
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from bot.config.settings import Settings
from bot.core.errors import Refused
from bot.hosts.github import host
from bot.hosts.github.manifest import AppRequest, CreatedApp, create_app
from tests.hosts.forms import submit
from tests.sandbox.running import furnish, running, until
from tests.staging import ForgeClient


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> object:
    with running(tmp_path_factory.mktemp("forge")) as started:
        yield started


def wanted(forge: ForgeClient, file: Path, name: str, owner: str = "") -> AppRequest:
    patience = timedelta(seconds=30)
    return AppRequest({"api_url": f"{forge.url}/api/v3"}, "https://bot.test", file, owner, name, patience)


class Making:
    """`make_app` beside the person who is asked for."""

    def __init__(self, what: AppRequest) -> None:
        self.said: list[str] = []
        self.made: list[CreatedApp | Exception] = []
        self._what = what
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.made.append(create_app(self._what, self.said.append))
        except Refused as why:
            self.made.append(why)

    def address(self) -> str:
        return until(lambda: next(iter(re.findall(r"http://127\S+", "".join(self.said))), None))

    def end(self) -> CreatedApp | Exception:
        self._thread.join(30)
        return self.made[0]


def test_an_app_is_made_installed_and_signs_in(forge: ForgeClient, tmp_path: Path) -> None:
    file = tmp_path / "gitops-bot.toml"
    making = Making(wanted(forge, file, "acme gitops", owner="acme"))
    on_github = submit(requests.get(making.address(), timeout=30))
    assert "Create GitHub App for acme" in on_github.text
    assert "checks: write" in on_github.text
    assert "https://bot.test/webhooks/github" in on_github.text
    assert "Done" in submit(on_github).text
    made = making.end()
    assert isinstance(made, CreatedApp)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    place = furnish(forge, tmp_path / "place")
    section = Settings.load({}, tmp_path, file).section("github")
    bot = host(section, (place.repo,))
    assert bot.whoami() == "acme-gitops[bot]"
    with pytest.raises(Refused, match="not installed"):
        bot.repository(place.repo)
    install = requests.get(made.install, timeout=30)
    assert install.ok
    requests.post(f"{forge.url}/apps/{made.slug}/installations", data={"account": "acme"}, timeout=30)
    assert not bot.missing_rights(bot.repository(place.repo))
    assert bot.remote(bot.repository(place.repo)).url


def test_a_visitor_without_the_secret_gets_nothing(forge: ForgeClient, tmp_path: Path) -> None:
    making = Making(wanted(forge, tmp_path / "one.toml", "another"))
    address = making.address()
    origin = address.rpartition("/")[0]
    assert requests.get(origin, timeout=30).status_code == 404
    assert requests.get(f"{origin}/back?code=x&state=guess", timeout=30).status_code == 404
    assert requests.get(address, headers={"Host": "evil.test"}, timeout=30).status_code == 403
    assert not making.made
    submit(submit(requests.get(address, timeout=30)))
    assert isinstance(making.end(), CreatedApp)


def test_a_name_that_is_taken_may_be_changed_on_the_page(forge: ForgeClient, tmp_path: Path) -> None:
    first = Making(wanted(forge, tmp_path / "one.toml", "taken"))
    submit(submit(requests.get(first.address(), timeout=30)))
    first.end()
    second = Making(wanted(forge, tmp_path / "two.toml", "taken"))
    page = submit(requests.get(second.address(), timeout=30))
    assert submit(page).status_code == 422
    submit(page, name="not taken")
    made = second.end()
    assert isinstance(made, CreatedApp)
    assert made.slug == "not-taken"


def test_a_code_that_github_does_not_know_makes_nothing(forge: ForgeClient, tmp_path: Path) -> None:
    making = Making(wanted(forge, tmp_path / "one.toml", "unknown code"))
    origin, _, secret = making.address().rpartition("/")
    requests.get(f"{origin}/back?code=deadbeef&state={secret}", timeout=30)
    assert "Not Found" in str(making.end())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda made: AppRequest(made.section, "", made.file), "SERVER__URL"),
        (lambda made: AppRequest(made.section, made.url, made.file, name="x" * 35), "34"),
        (lambda made: AppRequest(made.section, made.url, made.file / "no" / "such"), "cannot be written"),
        (lambda made: AppRequest({"api_url": "nowhere"}, made.url, made.file), "GITHUB__API_URL"),
        (lambda made: AppRequest(made.section, made.url, made.file, timeout=timedelta(0)), "nobody came"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_made(
    forge: ForgeClient, tmp_path: Path, change: Callable[[AppRequest], AppRequest], named: str
) -> None:
    with pytest.raises(Refused, match=named):
        create_app(change(wanted(forge, tmp_path / "one.toml", "nothing")), lambda words: None)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_never_overwritten(forge: ForgeClient, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("mine")
    with pytest.raises(Refused, match="there already"):
        create_app(wanted(forge, file, "nothing"), lambda words: None)
    assert file.read_text() == "mine"
