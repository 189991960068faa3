"""The stage: the sandbox forge and the bot as processes, a repository between them, and people who act on it."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from sandbox.forge.client import Forge, Person

T = TypeVar("T")

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
LAST_LINES = 40
PROGRAM_PATH = os.defpath + ":/usr/local/bin:/usr/local/sbin"


class Waited(AssertionError):
    """What was waited for did not happen; says what there was instead, and the bot's last words."""


class Stage:
    """Use it in a `with`. `settings` are the bot's, without their prefix; `path` is where programs are looked for."""

    record: Path | None = None
    """Where the forge writes down what is asked of it, if anywhere."""
    repo_id: int | str = "*"
    """The forge's id of the repository, by which the bot names folders; any, where the forge is not ours."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] | None = None,
        *,
        port: int = 0,
        path: str = "",
        private: bool = False,
    ) -> None:
        self.directory = directory
        self.repo, self._private = "acme/infra", private
        self._settings, self._port, self._path = dict(settings or {}), port, path or PROGRAM_PATH
        self._secret = secrets.token_hex(16)
        self._bot: subprocess.Popen[str] | None = None
        self.bot_url = ""

    def __enter__(self) -> "Stage":
        self.directory.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as undo:
            self._forge_process = self._start_forge()
            undo.callback(_end, self._forge_process, signal.SIGTERM)
            self._furnish()
            self.start_bot()
            self._connect()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bot:
            _end(self._bot, signal.SIGTERM, patience=5)
        _end(self._forge_process, signal.SIGTERM)

    def move_to(self, repo: str) -> None:
        """Leave the repository for a new one; forge, bot and people stay."""
        self.repo = repo
        self._furnish()
        self._connect()

    def start_bot(self) -> None:
        """Start the bot, on the address it had before."""
        self.bot_url = self.bot_url or f"http://127.0.0.1:{_free_port()}"
        own = {"LISTEN": self.bot_url.removeprefix("http://"), "URL": self.bot_url}
        env = self.environment() | {f"GITOPS_BOT_SERVER__{key}": value for key, value in own.items()}
        self._bot = self._process("bot", [sys.executable, "-m", "bot", "serve", "--with-parent"], env)
        self._first_line(self._bot, "bot", "gitops-bot listening on ")

    def kill_bot(self, number: int = signal.SIGKILL) -> int:
        """Send the bot a signal and wait for its end; its exit status."""
        assert self._bot
        self._bot.send_signal(number)
        status = self._bot.wait(PATIENCE_SECONDS)
        self._bot = None
        return status

    def signal_bot(self, number: int) -> None:
        assert self._bot
        self._bot.send_signal(number)

    @property
    def bot_pid(self) -> int:
        assert self._bot
        return self._bot.pid

    def wait_for(self, what: str, look: Callable[[], T | None], patience: float = PATIENCE_SECONDS) -> T:
        """Look until there is something; it. Raises Waited."""
        until = time.monotonic() + patience
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > until:
                raise Waited(f"waited {patience:.0f} s for {what}\n{self.last_words()}")
            time.sleep(LOOK_SECONDS)

    def comment_with(self, number: int, *words: str, patience: float = PATIENCE_SECONDS) -> str:
        """The bot's newest comment on the pull that has all these words."""

        def look() -> str | None:
            bodies = [c["body"] for c in self.alice.comments(self.repo, number) if c["user"]["login"] == self.bot.login]
            return next((body for body in reversed(bodies) if all(word in body for word in words)), None)

        try:
            return self.wait_for(f"a comment with {words}", look, patience)
        except Waited as waited:
            raise Waited(f"{waited}\n{self._talk(number)}") from None

    def _talk(self, number: int) -> str:
        bodies = [comment["body"] for comment in self.alice.comments(self.repo, number)]
        return "\n-----\n".join(["--- the pull says", *bodies])

    def status(self, number: int, name: str, state: str, patience: float = PATIENCE_SECONDS) -> None:
        """Wait for a status of the pull's head."""

        def look() -> bool:
            sha = self.alice.pull(self.repo, number)["head"]["sha"]
            return self.alice.statuses(self.repo, sha).get(name) == state

        self.wait_for(f"status {name} to be {state}", look, patience)

    def merged(self, number: int) -> dict[str, Any]:
        """Wait until the pull is merged; it."""

        def look() -> dict[str, Any] | None:
            pull = self.alice.pull(self.repo, number)
            return pull if pull["merged"] else None

        try:
            return self.wait_for(f"#{number} to be merged", look)
        except Waited as waited:
            raise Waited(f"{waited}\n{self._talk(number)}") from None

    def last_words(self) -> str:
        log = self.directory / "bot.log"
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log.exists() else []
        return "\n".join(["--- the bot's log", *lines])

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def _start_forge(self) -> "subprocess.Popen[str]":
        listen = f"127.0.0.1:{self._port}"
        command = [sys.executable, "-m", "sandbox.forge", "--listen", listen, "--dir", str(self.directory / "forge")]
        command += ["--record", str(self.record)] if self.record else []
        process = self._process("forge", [*command, "--with-parent"], {"PATH": self._path})
        self.forge = Forge(self._first_line(process, "forge", "sandbox listening on "))
        return process

    def _furnish(self) -> None:
        """People and a repository. carol may only read."""
        self.alice, self.bob = self.forge.user("alice"), self.forge.user("bob")
        self.carol, self.bot = self.forge.user("carol"), self.forge.user("gitops-bot", type="Bot")
        roles = {"alice": "admin", "bob": "maintain", "carol": "read", self.bot.login: "write"}
        owner, name = self.repo.split("/")
        self.forge.repository(owner, name, roles, self._private)
        self.repo_id = self.alice.api("GET", f"/repos/{self.repo}")["id"]

    def _connect(self) -> None:
        """What happens in the repository is told to the bot."""
        self.alice.add_hook(self.repo, f"{self.bot_url}/webhooks/github", self._secret)

    def clone(self, person: Person | None = None) -> Path:
        """A fresh clone of the repository for somebody (alice)."""
        who = person or self.alice
        number = sum(1 for _ in self.directory.glob(f"{who.login}-*"))
        return who.clone(self.repo, self.directory / f"{who.login}-{number}")

    def environment(self) -> dict[str, str]:
        """What the bot runs with; the shell beside it needs the same."""
        own = {
            "DATA_DIR": str(self.data),
            "REPOS": "acme/*",
            "GITHUB__API_URL": f"{self.forge.url}/api/v3",
            "GITHUB__TOKEN": self.bot.token,
            "GITHUB__WEBHOOK_SECRET": self._secret,
        } | self._settings
        return {"PATH": self._path, "LANG": "C.UTF-8"} | {f"GITOPS_BOT_{key}": value for key, value in own.items()}

    def _process(self, name: str, argv: list[str], env: Mapping[str, str]) -> "subprocess.Popen[str]":
        source = str(Path(__file__).resolve().parents[1])
        with (self.directory / f"{name}.log").open("a") as log:
            return subprocess.Popen(
                argv,
                cwd=self.directory,
                env={"PYTHONPATH": source, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def _first_line(self, process: "subprocess.Popen[str]", name: str, start: str) -> str:
        """Wait for the line that says where it listens; the address."""
        assert process.stdout
        line = process.stdout.readline()
        if not line.startswith(start):
            _end(process, signal.SIGKILL)
            process.stdout.close()
            log = (self.directory / f"{name}.log").read_text(errors="replace")
            raise Waited(f"the {name} did not start: {line}{log[-4000:]}")
        threading.Thread(target=_drain, args=(process,), daemon=True).start()
        return line.removeprefix(start).strip()


def _free_port() -> int:
    import socket

    with socket.socket() as ear:
        ear.bind(("127.0.0.1", 0))
        return int(ear.getsockname()[1])


def _drain(process: "subprocess.Popen[str]") -> None:
    """Read what else it prints, so that it never waits for us; close the pipe when it ends."""
    if process.stdout:
        with process.stdout:
            process.stdout.read()


def _end(process: "subprocess.Popen[str]", number: int, patience: float = 10) -> None:
    """End a process that we started, by its id."""
    if process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
