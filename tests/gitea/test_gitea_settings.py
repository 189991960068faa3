"""The operator's settings for Gitea, and what is imported for them."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.hosts.gitea import host
from bot.hosts.gitea.settings import GiteaSettings
from tests.gitea.signed import SECTION

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({}, "GITEA__URL"),
        (SECTION | {"url": ""}, "GITEA__URL"),
        (SECTION | {"url": "git.acme.test"}, "GITEA__URL"),
        (SECTION | {"url": "https://alice:secret@git.acme.test"}, "GITEA__URL"),
        (SECTION | {"token": ""}, "GITEA__TOKEN"),
        (SECTION | {"webhook_secret": " \n"}, "GITEA__WEBHOOK_SECRET"),
        (SECTION | {"ca_file": "/no/such/file"}, "GITEA__CA_FILE"),
        (SECTION | {"tokken": "x"}, "GITEA__TOKKEN"),
    ],
)
def test_a_missing_or_wrong_setting_is_named_at_the_start(section: dict[str, object], named: str) -> None:
    with pytest.raises(Refused, match=named):
        host(section, ["acme/*"])


def test_a_refusal_does_not_say_the_secret() -> None:
    with pytest.raises(Refused) as refused:
        host(SECTION | {"token": ["hush-hush"]}, ["acme/*"])
    assert "hush-hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://git.acme.test", "https://git.acme.test"),
        ("https://git.acme.test/", "https://git.acme.test"),
        ("http://127.0.0.1:3000/git/", "http://127.0.0.1:3000/git"),
        ("https://git.acme.test/api/v1", "https://git.acme.test"),
    ],
)
def test_the_address_of_the_api_follows_from_that_for_people(url: str, web: str) -> None:
    made = GiteaSettings.of(SECTION | {"url": url})
    assert (made.web_url, made.api_url) == (web, f"{web}/api/v1")


def test_the_client_is_imported_only_when_a_host_is_made() -> None:
    code = "import sys, bot.hosts.gitea; sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
