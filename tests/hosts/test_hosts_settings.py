"""The operator's settings for GitHub, and what is imported for them."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.config.settings import Settings
from bot.core.errors import Refused
from bot.core.repository_filter import RepositoryFilter
from bot.hosts.github import host
from bot.hosts.github.settings import GitHubSettings
from tests.hosts.signed import SECTION

KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    .decode()
)
APP = {"app_id": 1, "private_key": KEY, "webhook_secret": "s"}


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({}, "GITHUB__TOKEN, or GITHUB__APP_ID"),
        (APP | {"token": "t"}, "both set"),
        (SECTION | {"app_id": 1}, "both set"),
        (SECTION | {"private_key": KEY}, "both set"),
        ({"app_id": 1, "webhook_secret": "s"}, "GITHUB__PRIVATE_KEY"),
        ({"private_key": KEY, "webhook_secret": "s"}, "GITHUB__APP_ID is missing"),
        (APP | {"app_id": "my-app"}, "GITHUB__APP_ID"),
        (APP | {"private_key": "/etc/key.pem"}, "GITHUB__PRIVATE_KEY_FILE"),
        (APP | {"webhook_secret": ""}, "GITHUB__WEBHOOK_SECRET"),
        (SECTION | {"token": ""}, "GITHUB__TOKEN"),
        (SECTION | {"webhook_secret": ""}, "GITHUB__WEBHOOK_SECRET"),
        (SECTION | {"webhook_secret": " \n"}, "GITHUB__WEBHOOK_SECRET"),
        (SECTION | {"api_url": "api.github.com"}, "GITHUB__API_URL"),
        (SECTION | {"ca_file": "/no/such/file"}, "GITHUB__CA_FILE"),
        (SECTION | {"tokken": "x"}, "GITHUB__TOKKEN"),
    ],
)
def test_a_missing_or_wrong_setting_is_named_at_the_start(section: dict[str, object], named: str) -> None:
    with pytest.raises(Refused, match=named):
        host(section, ["acme/*"])


def test_a_refusal_does_not_say_the_secret() -> None:
    with pytest.raises(Refused) as refused:
        host(SECTION | {"token": ["hush-hush"]}, ["acme/*"])
    assert "hush-hush" not in str(refused.value)
    with pytest.raises(Refused) as refused:
        host(APP | {"private_key": "hush-hush"}, ["acme/*"])
    assert "hush-hush" not in str(refused.value)


@pytest.mark.parametrize("key", [KEY, KEY.strip(), KEY.replace("\n", "\\n")])
def test_a_key_may_be_squeezed_into_one_line(key: str) -> None:
    made = GitHubSettings.of(APP | {"private_key": key})
    assert made.private_key.get_secret_value() == KEY.strip()


def test_a_key_may_be_given_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(KEY)
    names = {"APP_ID": "1", "PRIVATE_KEY_FILE": "key.pem", "WEBHOOK_SECRET": "s"}
    variables = {f"GITOPS_BOT_GITHUB__{name}": value for name, value in names.items()}
    section = Settings.load(variables, tmp_path).section("github")
    assert GitHubSettings.of(section).private_key.get_secret_value() == KEY.strip()


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.github.com/", "https://github.com"),
        ("https://git.acme.test/api/v3", "https://git.acme.test"),
        ("https://git.acme.test/api/v3/", "https://git.acme.test"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
    ],
)
def test_the_address_for_people_follows_from_that_of_the_api(api: str, web: str) -> None:
    assert GitHubSettings.of(SECTION | {"api_url": api}).web_url == web


@pytest.mark.parametrize(
    ("patterns", "name", "taken"),
    [
        ((), "acme/infra", False),
        (("*",), "acme/infra", True),
        (("acme/*",), "ACME/Infra", True),
        (("acme/*", "!acme/secret"), "acme/secret", False),
        (("!acme/secret", "acme/*"), "acme/secret", True),
        (("acme/*",), "acme-evil/infra", False),
        (("acme/infra",), "acme/infra2", False),
        (("*",), "", False),
    ],
)
def test_the_last_glob_that_matches_decides(patterns: tuple[str, ...], name: str, taken: bool) -> None:
    assert RepositoryFilter(patterns)(name) is taken


def test_githubs_library_is_imported_only_when_a_host_is_made() -> None:
    code = "import sys, bot.hosts.github; sys.exit('github' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
