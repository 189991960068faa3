"""Someone who has never seen it connects it to GitHub, with docs/install.md alone: an App, against the sandbox.

Commands and settings are taken from the page; only addresses, directories and secrets are one's own.
"""

import html
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from tests.docs.reading import TOP, blocks, inline
from tests.sandbox.running import Place, furnish, running, until
from tests.shell.calling import ONE, PROGRAMS, write
from tests.staging import ForgeClient

PAGE = TOP / "docs/install.md"
UNIT = TOP / "deploy/gitops-bot.service"
FIELD = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"')
ACTION = re.compile(r'<form method="post" action="([^"]*)"')


class Machine:
    """The bot's machine: nothing is there but the program, git and Terraform; `etc` stands for /etc/gitops-bot."""

    def __init__(self, top: Path, forge: ForgeClient) -> None:
        self.etc, self.home, self.data = top / "etc", top / "home", top / "data"
        for directory in (self.etc, self.home, self.data):
            directory.mkdir(parents=True)
        self._programs = write(top / "bin", {"gitops-bot": f'#!/bin/sh\nexec {sys.executable} -m bot "$@"\n'})
        (self._programs / "gitops-bot").chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self._own = {
            "/opt/gitops-bot/.venv/bin": str(self._programs),
            "/etc/gitops-bot": str(self.etc),
            "https://gitops.example.com": f"http://{self.address}",
        }
        self._forge = forge

    def mine(self, text: str) -> str:
        """What the page says, with one's own addresses and directories."""
        for theirs, own in self._own.items():
            text = text.replace(theirs, own)
        return text

    def environment(self, *files: Path) -> dict[str, str]:
        """As systemd gives it: what the unit's files hold, and what makes the sandbox GitHub."""
        env = {"PATH": f"{self._programs}:{PROGRAMS}", "PYTHONPATH": str(TOP), "HOME": str(self.home)}
        env |= {"GITOPS_BOT_DATA_DIR": str(self.data), "GITOPS_BOT_GITHUB__API_URL": f"{self._forge.url}/api/v3"}
        env["GITOPS_BOT_SERVER__LISTEN"] = self.address
        for file in files:
            env |= variables(file.read_text())
        return env


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeClient]:
    with running(tmp_path / "forge") as started:
        yield started


def variables(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def shown(word: str, language: str = "console") -> str:
    """The one line of the page's blocks that has the word."""
    [line] = {line for body in blocks(PAGE, language) for line in body.splitlines() if word in line}
    return line


def unit(name: str) -> list[str]:
    """What the unit says by that name."""
    return re.findall(rf"^{name}=-?(.+)$", UNIT.read_text(), re.MULTILINE)


def press(page: requests.Response, **chosen: str) -> requests.Response:
    """Press the page's button, as a browser does."""
    fields = {name: html.unescape(value) for name, value in FIELD.findall(page.text)}
    address = html.unescape(ACTION.findall(page.text)[0])
    return requests.post(urljoin(page.url, address), data=fields | chosen, timeout=30)


def make_the_app(machine: Machine) -> str:
    """Sections 3 and 4: the settings, then the command of the page with a browser beside it; where one installs it."""
    [settings, *_] = [body for body in blocks(PAGE, "ini") if body.startswith("GITOPS_BOT_REPOS")]
    (machine.etc / "env").write_text(machine.mine(settings))
    line = machine.mine(shown("setup github"))
    words = shlex.split(line)
    given = variables(words.pop(0))
    env = machine.environment() | given
    with subprocess.Popen(words, cwd=machine.home, env=env, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout
        first = next(line.strip() for line in command.stdout if "http://127.0.0.1" in line)
        assert "Done" in press(press(requests.get(first, timeout=30))).text
        rest = command.stdout.read()
    assert command.returncode == 0, rest
    [second] = re.findall(r"^  (http\S+/installations/new)$", rest, re.MULTILINE)
    return str(second)


@contextmanager
def serving(machine: Machine, env: Mapping[str, str]) -> Iterator[None]:
    """Section 5: what the unit starts, as systemd does."""
    [start] = unit("ExecStart")
    command = [*shlex.split(machine.mine(start)), "--with-parent"]
    with (machine.home / "log").open("w") as log:
        server = subprocess.Popen(command, cwd="/", env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert server.stdout
        said = server.stdout.readline().strip()
        assert said == f"gitops-bot listening on http://{machine.address}", (machine.home / "log").read_text()
        yield
    finally:
        server.terminate()
        server.communicate(timeout=60)


def looked_at(said: str) -> set[str]:
    """What lines of `gitops-bot check` are about."""
    return set(re.findall(r"^[✓!✗] ([^:]+):", said, re.MULTILINE))


def test_from_nothing_to_a_first_plan_by_the_page_alone(forge: ForgeClient, tmp_path: Path) -> None:
    place = furnish(forge, tmp_path / "place")
    machine = Machine(tmp_path / "machine", forge)
    second = make_the_app(machine)
    assert press(requests.get(second, timeout=30), account="acme").ok
    files = [Path(machine.mine(name)) for name in unit("EnvironmentFile")]
    assert sorted(files) == sorted(machine.etc.iterdir())
    assert {file.stat().st_mode & 0o077 for file in files if file.name == "github.env"} == {0}
    env = machine.environment(*files) | {"GITOPS_BOT_REPOS": place.repo, "GITOPS_BOT_VAULT__KEY": "A" * 43 + "="}
    with serving(machine, env):
        done = subprocess.run(["gitops-bot", "check"], cwd=machine.data, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        [page_says] = [body for body in blocks(PAGE, "console") if body.startswith("$ gitops-bot check")]
        elsewhere = {"helm", "acme/infra", "acme/network"}
        assert looked_at(page_says) - elsewhere == looked_at(done.stdout) - elsewhere - {place.repo, "kustomize"}
        assert "signed in as acme-gitops[bot]" in done.stdout
        assert f"✓ {place.repo}: the App has the rights it needs" in done.stdout
        number = place.propose({"net/main.tf": ONE})
        comment = until(lambda: first_plan(place, number), 60)
        assert comment.startswith("## Plan for `net` · 1 to create")
        check = until(lambda: place.alice.check_runs(place.repo, place.head(number)).get("gitops-bot/plan"))
        assert (check["app"]["slug"], check["conclusion"]) == ("acme-gitops", "success")
        the_metrics_are_those_of_the_page(machine)
    kept = {path.name.removesuffix("-wal").removesuffix("-shm") for path in machine.data.iterdir()}
    told = {code.removesuffix("/") for code in inline(TOP / "docs/operation.md")}
    assert kept - told == set()
    assert os.listdir(machine.home) == ["log"]


def first_plan(place: Place, number: int) -> str | None:
    """The plan comment when it is ready, without the mark by which the bot knows it."""
    bodies = [str(comment["body"]).partition("-->\n")[2] for comment in place.alice.comments(place.repo, number)]
    return next((body for body in bodies if body.startswith("## Plan for")), None)


def the_metrics_are_those_of_the_page(machine: Machine) -> None:
    text = requests.get(f"http://{machine.address}/metrics", timeout=30).text
    told = set(re.findall(r"^\| `(gitops_bot_\w+)` \|", (TOP / "docs/operation.md").read_text(), re.MULTILINE))
    assert told == {name for name in re.findall(r"^# TYPE (\w+)", text, re.MULTILINE) if not name.endswith("_created")}
