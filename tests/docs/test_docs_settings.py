"""Every setting and every gitops.yaml that the documents show is there, loads, and has the default that is told."""

import base64
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import BaseModel

from bot.config.schema import UNSUPPORTED
from bot.config.settings import Settings
from bot.core.errors import Refused
from bot.hosts.github.settings import GitHubSettings
from bot.kube.cluster.clusters import Clusters, ClusterSettings
from bot.wiring import ALWAYS_PASSED
from tests.config.composed import TABLES, read
from tests.docs.reading import DOCUMENTS, SHELLS, TOP, blocks, inline
from tests.docs.reference import sections

CONFIGURATION = TOP / "docs/configuration.md"
PREFIX, CLUSTER = "GITOPS_BOT_", "KUBERNETES__CLUSTERS__NAME__"
SECTIONS: Mapping[str, type[BaseModel]] = sections()
SECRET = re.compile(r"(.*_)?(KEY|KEYS|SECRET|TOKEN)|STORE__URL")
ROW = re.compile(r"^\| `([A-Za-z_.]+)` \| (.*?) \| ", re.MULTILINE)
BY_ITSELF = {"CONFIG"}


@pytest.fixture(scope="module")
def private_key() -> str:
    """A key as GitHub gives it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def known() -> set[str]:
    names = {f"{CLUSTER}{key}".upper() for key in ClusterSettings.model_fields}
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        names |= {f"{name}__{key}".upper() for key in inner} if inner else {name.upper()}
    for section, model in SECTIONS.items():
        names |= {f"{section}__{key}".upper() for key in model.model_fields}
    return names


def rows(document: Path = CONFIGURATION) -> dict[str, str]:
    return dict(ROW.findall(document.read_text()))


def test_every_setting_stands_in_the_table_and_nothing_else() -> None:
    assert {name for name in rows() if name.isupper()} == known()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    named = {name.rstrip("_") for name in re.findall(rf"{PREFIX}([A-Z][A-Z0-9_]*)(?!…|[A-Z0-9_])", text)}
    named |= {name for code in inline(document) for name in re.findall(r"^([A-Z]+__[A-Z_]*[A-Z])\b", code)}
    there = known() | BY_ITSELF
    there |= {f"{name}_FILE" for name in there if SECRET.fullmatch(name)}
    assert {name for name in named if re.sub(r"(CLUSTERS)__[A-Z]+?__", r"\1__NAME__", name) not in there} == set()


@pytest.mark.parametrize(
    ("name", "told"), [(n, d) for n, d in rows().items() if n.isupper() and d.startswith("`") and n != "DATA_DIR"]
)
def test_the_default_of_a_setting_is_the_one_that_is_told(name: str, told: str, tmp_path: Path) -> None:
    section, _, key = name.rpartition("__")
    value = told.strip("`")
    if name.startswith(CLUSTER):
        made = ClusterSettings.model_validate({"kubeconfig": "x", key.lower(): value})
        assert made == ClusterSettings(kubeconfig=Path("x"))
    elif section in SECTIONS:
        model = SECTIONS[section]
        assert model.model_validate({key.lower(): value}) == model.model_validate({})
    else:
        given = Settings.load({f"{PREFIX}{name}": value}, tmp_path)
        assert given.model_dump() == Settings.load({}, tmp_path).model_dump()


def variables(document: Path) -> list[dict[str, str]]:
    """Every block of variables."""
    texts = [text for text in blocks(document, "ini") if re.match(r"[A-Z_]+=", text)]
    return [dict(line.split("=", 1) for line in text.splitlines() if line) for text in texts]


def test_the_environment_of_the_installation_loads(tmp_path: Path) -> None:
    first, token, *_ = variables(TOP / "docs/install.md")
    settings = Settings.load(first | token, tmp_path)
    assert settings.repos == ("acme/infra", "acme/network")
    assert GitHubSettings.of(settings.section("github")).webhook_secret.get_secret_value() == "another long secret"


def test_the_variables_of_an_app_load(tmp_path: Path, private_key: str) -> None:
    [given] = variables(TOP / "docs/github-app.md")
    name = "GITOPS_BOT_GITHUB__PRIVATE_KEY"
    for told in (private_key, private_key.replace("\n", "\\n"), base64.b64encode(private_key.encode()).decode()):
        section = Settings.load(given | {name: told}, tmp_path).section("github")
        assert GitHubSettings.of(section).private_key.get_secret_value() == private_key.strip()
    with pytest.raises(Refused, match="no private key"):
        GitHubSettings.of(Settings.load(given, tmp_path).section("github"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_of_variables_loads(document: Path, tmp_path: Path) -> None:
    for given in variables(document):
        Settings.load({name: value for name, value in given.items() if name.startswith(PREFIX)}, tmp_path)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_variable_that_is_set_at_a_prompt_loads(document: Path, tmp_path: Path) -> None:
    lines = [line for kind in SHELLS for text in blocks(document, kind) for line in text.splitlines()]
    words = [word for line in lines if PREFIX in line for word in shlex.split(line.removeprefix("$ "), comments=True)]
    given = dict(word.split("=", 1) for word in words if re.match(rf"{PREFIX}\w+=", word))
    settings = Settings.load(given, tmp_path)
    if clusters := settings.section("kubernetes"):
        assert Clusters.of(clusters).names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_of_yaml_and_toml_can_be_read(document: Path) -> None:
    for text in blocks(document, "yaml"):
        assert list(yaml.safe_load_all(text))
    for text in blocks(document, "toml"):
        assert tomllib.loads(text)


def test_the_settings_file_that_is_shown_loads(tmp_path: Path) -> None:
    for name in ("github-token", "webhook-secret"):
        (tmp_path / name).write_text("a secret")
    for text in blocks(CONFIGURATION, "toml"):
        (tmp_path / "settings.toml").write_text(text.replace("/run/secrets", str(tmp_path)))
        assert Settings.load({}, tmp_path, tmp_path / "settings.toml").server.url == "https://gitops.example.com"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_an_example_sets_for_tools_is_also_given_to_them(document: Path, tmp_path: Path) -> None:
    for text in blocks(document, "ini"):
        if f"{PREFIX}TOOL_ENV=" in text:
            given = dict(line.split("=", 1) for line in text.splitlines())
            own = {name: value for name, value in given.items() if name.startswith(PREFIX)}
            assert given.keys() - own.keys() <= set(Settings.load(own, tmp_path).tool_env)


def test_every_list_of_variables_for_tools_is_taken(tmp_path: Path) -> None:
    lists = [code for code in inline(TOP / "docs/credentials.md") if re.fullmatch(r"[A-Z0-9_]+(,[A-Z0-9_]+)+", code)]
    assert len(lists) > 5
    for names in lists:
        assert Settings.load({f"{PREFIX}TOOL_ENV": names}, tmp_path).tool_env == tuple(names.split(","))


def test_what_tools_always_get_is_told() -> None:
    for document in (CONFIGURATION, TOP / "docs/credentials.md"):
        assert set(ALWAYS_PASSED) <= set(inline(document)), document.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_gitops_yaml_that_is_shown_loads(document: Path) -> None:
    for text in blocks(document, "yaml"):
        if re.search(r"^(version: 1|projects:)", text, re.MULTILINE):
            read(text.encode())


def test_every_key_of_gitops_yaml_is_told() -> None:
    text = CONFIGURATION.read_text()
    for table in TABLES.values():
        for key in table.model_fields:
            assert re.search(rf"\b{key}\b", text), key


def test_every_key_of_later_versions_is_told_as_refused() -> None:
    part = CONFIGURATION.read_text().split("### Not in this version")[1].split("\n## ")[0]
    assert {key for key in UNSUPPORTED if f"`{key}`" not in part} == set()


@pytest.mark.parametrize(("key", "told"), [(k, d) for k, d in rows().items() if not k.isupper() and d.startswith("`")])
def test_the_default_of_a_key_is_the_one_that_is_told(key: str, told: str) -> None:
    """To write a default is the same as to leave it out."""
    value = told.strip("`")
    outer, _, inner = key.rpartition(".")
    rule = key in TABLES[("defaults",)].model_fields
    project = f"  - dir: a\n    {f'{outer}: {{{inner}: {value}}}' if outer else f'{key}: {value}'}\n"
    if rule:
        text = f"version: 1\ndefaults: {{{key}: {value}}}\nprojects:\n  - dir: a\n"
    elif outer or key in TABLES[("projects",)].model_fields:
        text = f"version: 1\nprojects:\n{project}"
    else:
        text = f"version: 1\n{key}: {value}\nprojects:\n  - dir: a\n"
    assert read(text.encode()) == read(b"version: 1\nprojects:\n  - dir: a\n")
