"""What install.md and operation.md have people do beside our own commands, done; the image and the gate as they are."""

import ast
import base64
import inspect
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from bot.config.settings import Settings
from bot.core import gate
from bot.vault import Vault
from tests.docs.reading import DOCUMENTS, TOP, blocks, inline
from tests.shell.calling import PROGRAMS, write

INSTALL = TOP / "docs/install.md"
UNIT = TOP / "deploy/gitops-bot.service"
MANIFEST = TOP / "deploy/kubernetes.yaml"
DATA = "/var/lib/gitops-bot"
DOCKERFILE = (TOP / "Dockerfile").read_text()
# Each demand of the gate, by the function that makes it, and the line of docs/gate.md that tells of it.
DEMANDS = {
    "_state": "open",
    "_mergeable": "mergeable",
    "_not_frozen": "freeze",
    "_no_objection": "objections",
    "_checks": "checks",
    "_fresh": "plan",
    "_approved": "approval",
    "_content_demands": "the plan's own",
    "_locks": "lock",
}


def commands(word: str) -> list[str]:
    """Lines of the page's blocks that begin with the word."""
    return [line for body in blocks(INSTALL, "console") for line in body.splitlines() if line.startswith(word)]


def test_the_backup_holds_what_must_not_be_lost_and_leaves_out_what_is_made_again(tmp_path: Path) -> None:
    kept = ("store.sqlite", "engine.sqlite", "vault.key", "state/net/terraform.tfstate", "artifacts/one")
    made = ("mirrors/a", "checkouts/a", "scratch/a", "cache/a")
    data = write(tmp_path / "data", dict.fromkeys((*kept, *made), ""))
    [line] = commands("tar ")
    archive = tmp_path / "backup.tar.gz"
    own = line.replace(DATA, str(data)).replace("/var/backups/gitops-bot.tar.gz", str(archive))
    subprocess.run(own.split(), check=True, env={"PATH": PROGRAMS})
    with tarfile.open(archive) as found:
        files = {member.name.removeprefix("./") for member in found if member.isfile()}
    assert files == set(kept)


def test_the_commands_that_make_secrets_make_them(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    long_secret, key = (code for code in inline(INSTALL) if code.startswith("openssl "))
    said = [subprocess.run(one.split(), check=True, capture_output=True, text=True) for one in (long_secret, key)]
    assert len(said[0].stdout.strip()) >= 32
    assert len(base64.b64decode(said[1].stdout)) == 32
    Vault.open_or_create(tmp_path / "vault.key", said[1].stdout.strip(), [])


def test_the_image_is_as_the_page_says() -> None:
    text = INSTALL.read_text()
    [image] = re.findall(r"TERRAFORM_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)[-1:]
    assert f"--build-arg TERRAFORM_IMAGE={image} " in text
    assert f"one Terraform ({image.rpartition(':')[2]} unless" in text
    [user] = re.findall(r"--uid (\d+)", DOCKERFILE)
    assert f"runs as user {user}" in re.sub(r"\s+", " ", text)
    assert all(f"user {user}" in (TOP / name).read_text() for name in ("docs/credentials.md",))
    assert "GITOPS_BOT_DATA_DIR=/data GITOPS_BOT_SERVER__LISTEN=0.0.0.0:8080" in DOCKERFILE
    assert {"bubblewrap", "git", "tini"} <= set(DOCKERFILE.split())
    assert "python -m compileall -q bot" in DOCKERFILE  # its user cannot write there
    for line in commands("docker run"):
        assert " -v gitops-bot:/data " in line
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert [name for name in copied.split() if not (TOP / name).exists()] == []


def test_the_unit_waits_longer_than_the_bot_for_its_applies() -> None:
    unit = UNIT.read_text()
    assert "KillMode=process" in unit
    assert "TimeoutStopSec=12min" in unit
    assert all("--stop-timeout 720 " in line for line in commands("docker run -d"))
    assert "terminationGracePeriodSeconds: 720" in MANIFEST.read_text()


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    unit = UNIT.read_text()
    file = write(tmp_path, {"try.service": re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit, flags=re.MULTILINE)})
    command = ["systemd-analyze", "verify", str(file / "try.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "try.service" in line] == []


def test_the_unit_and_the_page_start_the_same_program() -> None:
    [start] = re.findall(r"^ExecStart=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert start in inline(INSTALL)
    [line] = commands("install -m 0644 /opt")
    assert (TOP / line.split()[3].removeprefix("/opt/gitops-bot/")).samefile(UNIT)


def test_the_unit_takes_nothing_from_the_cage_that_it_needs() -> None:
    comment, _, unit = UNIT.read_text().partition("[Unit]")
    needed = re.findall(r"(\w+)=", comment)
    assert len(needed) > 3
    assert [name for name in needed if re.search(rf"^{name}=", unit, re.MULTILINE)] == []


def test_the_settings_of_the_manifest_load(tmp_path: Path) -> None:
    documents = list(yaml.safe_load_all(MANIFEST.read_text()))
    [settings] = [document["data"] for document in documents if document["kind"] == "ConfigMap"]
    [line] = commands("kubectl -n gitops-bot create secret")
    secrets = {word.removeprefix("--from-file=") for word in line.split() if word.startswith("--from-file=")}
    files = {name: Path(path) for name, path in settings.items() if name.endswith("_FILE")}
    assert {path.name for path in files.values()} == secrets
    write(tmp_path, dict.fromkeys(secrets, base64.b64encode(b"k" * 32).decode()))
    own = {name: str(tmp_path / path.name) for name, path in files.items()}
    assert Settings.load(settings | own, tmp_path).repos == ("acme/infra", "acme/network")


def test_every_demand_of_the_gate_has_its_line() -> None:
    made = {
        name
        for name, its in inspect.getmembers(gate, inspect.isfunction)
        if its.__module__ == gate.__name__ and "Demand" in str(its.__annotations__.get("return"))
    }
    assert made - {"_pull_demands", "_project_demands", "lock_demand"} == set(DEMANDS)
    told = re.findall(r"^\| ([a-z' ]+) \| ", (TOP / "docs/gate.md").read_text(), re.MULTILINE)
    assert [line for line in told if line != "line"] == list(DEMANDS.values())


def test_the_index_leads_to_every_page() -> None:
    index = (TOP / "docs/README.md").read_text()
    pages = {path.name for path in (TOP / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"]({name}" not in index} == set()


def test_python_that_is_shown_is_python() -> None:
    for document in DOCUMENTS:
        for text in blocks(document, "python"):
            ast.parse(text)
