"""Settings as operators give them: variables, one TOML file, secrets in files; and what they are told when wrong."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, SecretStr

from bot.config.durations import duration
from bot.config.sections import settings_of
from bot.config.settings import Settings
from bot.core.errors import Refused

SECTIONS = frozenset({"github", "terraform"})


def load(cwd: Path, toml: str | None = None, **variables: str) -> Settings:
    environment = {f"GITOPS_BOT_{name}": value for name, value in variables.items()}
    if toml is not None:
        (cwd / "bot.toml").write_text(toml)
        environment["GITOPS_BOT_CONFIG"] = "bot.toml"
    return Settings.load(environment, cwd, sections=SECTIONS)


def refusal(cwd: Path, toml: str | None = None, **variables: str) -> str:
    with pytest.raises(Refused) as refused:
        load(cwd, toml, **variables)
    return str(refused.value)


def test_nothing_has_to_be_said(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.data_dir == tmp_path / "gitops-bot-data"
    assert (settings.server.listen, settings.server.url, settings.server.token) == ("127.0.0.1:8080", "", None)
    assert (settings.repos, settings.store.url, settings.vault.key, settings.vault.old_keys) == ((), "", None, ())
    assert (settings.stop_grace, settings.plan_ttl) == (timedelta(minutes=10), timedelta(hours=72))
    assert (settings.timeout, settings.sweep_every) == (timedelta(minutes=30), timedelta(minutes=1))
    assert (settings.state.local, settings.tool_env, settings.project_status) == (None, (), False)
    assert settings.workers >= 2
    assert settings.section("github") == {}


def test_every_setting_is_a_variable(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        DATA_DIR="/srv/bot",
        SERVER__LISTEN="[::1]:0",
        SERVER__URL="https://bot.example.com/gitops/",
        SERVER__TOKEN="open",
        REPOS="acme/*, other/infra",
        STORE__URL="postgresql+psycopg://db/bot",
        VAULT__KEY="k",
        VAULT__OLD_KEYS="a,b",
        STATE__LOCAL="shared-disk",
        STOP_GRACE="90s",
        PLAN_TTL="1d",
        TIMEOUT="3600",
        SWEEP_EVERY="1h30m",
        WORKERS="5",
        TOOL_ENV='["AWS_REGION", "AWS_PROFILE"]',
        PROJECT_STATUS="true",
        GITHUB__TOKEN="t",
    )
    assert settings.data_dir == Path("/srv/bot")
    assert settings.server.url == "https://bot.example.com/gitops"
    assert settings.server.token == SecretStr("open")
    assert settings.repos == ("acme/*", "other/infra")
    assert settings.vault.old_keys == (SecretStr("a"), SecretStr("b"))
    assert (settings.stop_grace, settings.timeout) == (timedelta(seconds=90), timedelta(hours=1))
    assert (settings.plan_ttl, settings.sweep_every) == (timedelta(days=1), timedelta(minutes=90))
    assert (settings.workers, settings.project_status, settings.state.local) == (5, True, "shared-disk")
    assert settings.tool_env == ("AWS_REGION", "AWS_PROFILE")
    assert settings.section("github") == {"token": "t"}


def test_every_setting_is_a_key_of_the_file_and_variables_win(tmp_path: Path) -> None:
    text = 'plan_ttl = "1h"\nrepos = ["a/b"]\nworkers = 3\n[server]\nlisten = ":1"\n[github]\napi_url = "file"\nx = 1\n'
    settings = load(tmp_path, text, WORKERS="4", GITHUB__API_URL="variable")
    assert (settings.plan_ttl, settings.repos, settings.server.listen) == (timedelta(hours=1), ("a/b",), ":1")
    assert settings.workers == 4
    assert settings.section("github") == {"api_url": "variable", "x": 1}


def test_a_file_given_by_hand_wins_over_the_variable(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("workers = 7")
    assert Settings.load({"GITOPS_BOT_CONFIG": "none.toml"}, tmp_path, Path("other.toml"), SECTIONS).workers == 7


def test_a_relative_data_directory_is_made_absolute_where_we_were_started(tmp_path: Path) -> None:
    assert load(tmp_path, DATA_DIR="x/../data").data_dir == tmp_path / "data"


def test_only_the_environment_that_is_given_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITOPS_BOT_WORKERS", "WORKERS", "DATA_DIR", "REPOS"):
        monkeypatch.setenv(name, "77")
    settings = load(tmp_path)
    assert settings.workers != 77
    assert (settings.repos, settings.data_dir) == ((), tmp_path / "gitops-bot-data")


def test_empty_variables_are_as_good_as_none(tmp_path: Path) -> None:
    assert load(tmp_path, SERVER__TOKEN="", GITHUB__WEBHOOK_SECRET="").server.token is None


def test_variables_that_kubernetes_puts_into_every_pod_are_no_settings(tmp_path: Path) -> None:
    service = {"SERVICE_HOST": "10.0.0.1", "SERVICE_PORT": "80", "SERVICE_PORT_HTTP": "80", "PORT": "tcp://10.0.0.1:80"}
    service |= {"PORT_80_TCP": "x", "PORT_80_TCP_ADDR": "x", "PORT_80_TCP_PORT": "80", "PORT_80_TCP_PROTO": "tcp"}
    assert load(tmp_path, **service).server.listen == "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("variable", "suggestion"),
    [
        ("SERVER__LISTN", "GITOPS_BOT_SERVER__LISTEN"),
        ("SERVER_URL", "GITOPS_BOT_SERVER__URL"),
        ("PLANTTL", "GITOPS_BOT_PLAN_TTL"),
        ("GITUB__TOKEN", "GITOPS_BOT_GITHUB__…"),
        ("GITHUB", "GITOPS_BOT_GITHUB__…"),
    ],
)
def test_a_variable_that_nobody_knows_is_refused_with_the_nearest(
    tmp_path: Path, variable: str, suggestion: str
) -> None:
    said = f"GITOPS_BOT_{variable}: there is no such setting; did you mean {suggestion}?"
    assert refusal(tmp_path, **{variable: "value of mine"}) == said


def test_a_key_that_nobody_knows_is_refused_with_the_nearest(tmp_path: Path) -> None:
    said = f"server.lisen in {tmp_path}/bot.toml: there is no such setting; did you mean server.listen?"
    assert refusal(tmp_path, '[server]\nlisen = "x"') == said
    assert refusal(tmp_path, "qqqqqqq = 1").endswith("there is no such setting; take it out")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SERVER__LISTEN", "8080", "is no address to listen on: write host:port, like 127.0.0.1:8080"),
        ("SERVER__LISTEN", "a:99999", "is no address to listen on: write host:port, like 127.0.0.1:8080"),
        ("SERVER__URL", "bot.example.com", "is no web address: write it like https://gitops.example.com"),
        ("SERVER__URL", "javascript://x", "is no web address: write it like https://gitops.example.com"),
        ("PLAN_TTL", "10q", "is no duration: write 90s, 10m, 72h or plain seconds"),
        ("PLAN_TTL", "0s", "must be longer than nothing and shorter than ten years"),
        ("WORKERS", "0", "should be greater than or equal to 1"),
        ("WORKERS", "x", "should be a valid integer, unable to parse string as an integer"),
        ("STATE__LOCAL", "yes", "should be 'shared-disk'"),
        ("REPOS", "[1", 'is no list: write a, b or ["a", "b"]'),
        ("TOOL_ENV", "A B", "holds what is no variable's name"),
        ("TOOL_ENV", "AWS_REGION,GITOPS_BOT_GITHUB__TOKEN", "our own settings are never given to tools"),
    ],
)
def test_a_wrong_value_is_told_by_its_variable_with_the_fix(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    message = refusal(tmp_path, **{variable: value})
    assert message.startswith(f"GITOPS_BOT_{variable}: ")
    assert message.endswith(said)


def test_a_wrong_value_in_the_file_is_told_by_its_key(tmp_path: Path) -> None:
    said = f"workers in {tmp_path}/bot.toml: should be greater than or equal to 1"
    assert refusal(tmp_path, "workers = 0") == said


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    assert len(refusal(tmp_path, "workers = 0", PLAN_TTL="x", SERVER__LISTEN="x").split("\n")) == 3


def test_a_file_that_is_missing_or_no_toml_is_told(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path, CONFIG="none.toml")
    assert "is no TOML" in refusal(tmp_path, "a =")


def test_each_secret_may_be_given_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sésame\n")
    names = ("SERVER__TOKEN_FILE", "VAULT__KEY_FILE", "VAULT__OLD_KEYS_FILE", "STORE__URL_FILE")
    theirs = ("GITHUB__TOKEN_FILE", "GITHUB__WEBHOOK_SECRET_FILE")
    settings = load(tmp_path, **dict.fromkeys((*names, *theirs), "secret"))
    assert settings.server.token == settings.vault.key == SecretStr("sésame")
    assert settings.vault.old_keys == (SecretStr("sésame"),)
    assert settings.store.url == "sésame"
    assert settings.section("github") == {"token": "sésame", "webhook_secret": "sésame"}


def test_a_secret_s_file_may_be_named_in_the_toml_file_and_a_variable_wins(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file")
    toml = '[github]\ntoken_file = "secret"'
    assert load(tmp_path, toml).section("github") == {"token": "from the file"}
    assert load(tmp_path, toml, GITHUB__TOKEN="from the variable").section("github") == {"token": "from the variable"}


def test_a_file_that_is_no_secret_stays_a_path(tmp_path: Path) -> None:
    assert load(tmp_path, GITHUB__CA_FILE="/ca.pem").section("github") == {"ca_file": "/ca.pem"}


def test_a_secret_given_twice_missing_or_empty_is_refused(tmp_path: Path) -> None:
    twice = refusal(tmp_path, SERVER__TOKEN="x", SERVER__TOKEN_FILE="y")
    assert twice == "GITOPS_BOT_SERVER__TOKEN and GITOPS_BOT_SERVER__TOKEN_FILE are both given: take one away"
    assert "GITOPS_BOT_GITHUB__TOKEN_FILE names" in refusal(tmp_path, GITHUB__TOKEN_FILE="none")
    (tmp_path / "empty").write_text("\n")
    assert refusal(tmp_path, GITHUB__TOKEN_FILE="empty").endswith("which is empty")


def test_secrets_are_never_repeated(tmp_path: Path) -> None:
    secrets = {"SERVER__TOKEN": "s3cret", "VAULT__KEY": "s3cret", "STORE__URL": "postgresql://u:s3cret@h/d"}
    settings = load(tmp_path, GITHUB__TOKEN="s3cret", **secrets)
    assert "s3cret" not in repr(settings) + str(settings)
    assert "s3cret" not in refusal(tmp_path, VAULT__OLD_KEYS='["s3cret"', SERVER__TOKEM="s3cret", **secrets)
    assert "s3cret" not in refusal(tmp_path, VAULT__OLD_KEYS='["s3cret"', **secrets)


class Theirs(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: SecretStr
    api_url: str = "https://api.github.com"
    retries: int = 3


def theirs(settings: Settings) -> Theirs:
    return settings_of(Theirs, "github", settings.section("github"))


def test_a_provider_checks_its_own_section_and_errors_name_the_variable(tmp_path: Path) -> None:
    assert theirs(load(tmp_path, GITHUB__TOKEN="t")).token == SecretStr("t")
    with pytest.raises(Refused) as refused:
        theirs(load(tmp_path, "[github]\nretries = 'x'", GITHUB__TOKN="t"))
    assert str(refused.value).split("\n") == [
        "GITOPS_BOT_GITHUB__TOKEN: is missing",
        f"github.retries in {tmp_path}/bot.toml: should be a valid integer, unable to parse string as an integer",
        "GITOPS_BOT_GITHUB__TOKN: is no such setting",
    ]


def test_a_value_where_a_table_belongs_is_refused(tmp_path: Path) -> None:
    settings = load(tmp_path, GITHUB__TOKEN="t", GITHUB__TOKEN__MORE="x")
    with pytest.raises(Refused, match="GITOPS_BOT_GITHUB__TOKEN: "):
        theirs(settings)
    assert "GITOPS_BOT_SERVER: there is no such setting" in refusal(tmp_path, SERVER="x", SERVER__URL="")


def test_providers_are_known_by_their_files(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="GITOPS_BOT_NOBODY__TOKEN: there is no such setting"):
        Settings.load({"GITOPS_BOT_NOBODY__TOKEN": "x"}, tmp_path)


@pytest.mark.parametrize("value", ["", "m", "-1", "1.5h", "1 h", "1h30", "9999999d", True, None, [], "1w", "٣s"])
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"is no duration|must be longer"):
        duration(value)


@given(st.integers(1, 300_000_000))
def test_every_number_of_seconds_is_a_duration(seconds: int) -> None:
    assert duration(seconds) == duration(str(seconds)) == timedelta(seconds=seconds)


@given(st.one_of(st.text(), st.from_regex(r"([0-9]{1,7}[dhms]){1,3}", fullmatch=True)))
def test_any_text_is_a_duration_longer_than_nothing_or_refused(text: str) -> None:
    try:
        length = duration(text)
    except ValueError:
        return
    assert timedelta() < length <= timedelta(days=3650)
