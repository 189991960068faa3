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

from sandbox.forge.client import ForgeClient, Person

T = TypeVar("T")

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
LOG_TAIL_LINES = 40
PROGRAM_PATH = os.defpath + ":/usr/local/bin:/usr/local/sbin"


class WaitTimeout(AssertionError):
    """What was waited for did not happen; says what there was instead, and the bot's last words."""


class Stage:
    """Use it in a `with`. `settings` are the bot's, without their prefix; `path` is where programs are looked for."""

    client_type: type[ForgeClient] = ForgeClient

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
            undo.callback(_terminate, self._forge_process, signal.SIGTERM)
            self._create_repository()
            self.start_bot()
            self._add_webhook()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bot:
            _terminate(self._bot, signal.SIGTERM, patience=5)
        _terminate(self._forge_process, signal.SIGTERM)

    def start_bot(self) -> None:
        """Start the bot, on the address it had before."""
        self.bot_url = self.bot_url or f"http://127.0.0.1:{_free_port()}"
        address = {"LISTEN": self.bot_url.removeprefix("http://"), "URL": self.bot_url}
        env = self.environment() | {f"GITOPS_BOT_SERVER__{key}": value for key, value in address.items()}
        self._bot = self._spawn("bot", [sys.executable, "-m", "bot", "serve", "--with-parent"], env)
        self._wait_until_listening(self._bot, "bot", "gitops-bot listening on ")

    def wait_for(self, description: str, poll: Callable[[], T | None], patience: float = PATIENCE_SECONDS) -> T:
        """Look until there is something; it. Raises WaitTimeout."""
        deadline = time.monotonic() + patience
        while True:
            outcome = poll()
            if outcome:
                return outcome
            if time.monotonic() > deadline:
                raise WaitTimeout(f"waited {patience:.0f} s for {description}\n{self.bot_log_tail()}")
            time.sleep(POLL_SECONDS)

    def wait_for_comment(self, number: int, *snippets: str, patience: float = PATIENCE_SECONDS) -> str:
        """The bot's newest comment on the pull that has all these words. Raises WaitTimeout."""

        def newest() -> str | None:
            bodies = [c["body"] for c in self.alice.comments(self.repo, number) if c["user"]["login"] == self.bot.login]
            return next((body for body in reversed(bodies) if all(word in body for word in snippets)), None)

        try:
            return self.wait_for(f"a comment with {snippets}", newest, patience)
        except WaitTimeout as error:
            raise WaitTimeout(f"{error}\n{self._transcript(number)}") from None

    def _transcript(self, number: int) -> str:
        bodies = [comment["body"] for comment in self.alice.comments(self.repo, number)]
        return "\n-----\n".join(["--- the pull says", *bodies])

    def wait_for_merge(self, number: int) -> dict[str, Any]:
        """Wait until the pull is merged; it. Raises WaitTimeout."""

        def merged_pull() -> dict[str, Any] | None:
            pull = self.alice.pull(self.repo, number)
            return pull if pull["merged"] else None

        try:
            return self.wait_for(f"#{number} to be merged", merged_pull)
        except WaitTimeout as error:
            raise WaitTimeout(f"{error}\n{self._transcript(number)}") from None

    def bot_log_tail(self) -> str:
        """The last lines of the bot's log."""
        log = self.directory / "bot.log"
        lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:] if log.exists() else []
        return "\n".join(["--- the bot's log", *lines])

    @property
    def data(self) -> Path:
        """The bot's DATA_DIR."""
        return self.directory / "data"

    def _start_forge(self) -> "subprocess.Popen[str]":
        process = self._spawn("forge", self._forge_command(), {"PATH": self._path})
        self.forge = self.client_type(self._wait_until_listening(process, "forge", "sandbox listening on "))
        return process

    def _forge_command(self) -> list[str]:
        listen, directory = f"127.0.0.1:{self._port}", str(self.directory / "forge")
        return [sys.executable, "-m", "sandbox", "--listen", listen, "--dir", directory, "--with-parent"]

    def _create_repository(self) -> None:
        """People and a repository. carol may only read."""
        self.alice, self.bob = self.forge.user("alice"), self.forge.user("bob")
        self.carol, self.bot = self.forge.user("carol"), self.forge.user("gitops-bot", type="Bot")
        roles = {"alice": "admin", "bob": "maintain", "carol": "read", self.bot.login: "write"}
        owner, name = self.repo.split("/")
        self.forge.repository(owner, name, roles, self._private)

    def _add_webhook(self) -> None:
        """What happens in the repository is told to the bot."""
        self.alice.add_hook(self.repo, f"{self.bot_url}/webhooks/github", self._secret)

    def clone(self, person: Person | None = None) -> Path:
        """A fresh clone of the repository for somebody (alice)."""
        who = person or self.alice
        number = sum(1 for _ in self.directory.glob(f"{who.login}-*"))
        return who.clone(self.repo, self.directory / f"{who.login}-{number}")

    def environment(self) -> dict[str, str]:
        """What the bot runs with; the shell beside it needs the same."""
        settings = {
            "DATA_DIR": str(self.data),
            "REPOS": "acme/*",
            "GITHUB__API_URL": f"{self.forge.url}/api/v3",
            "GITHUB__TOKEN": self.bot.token,
            "GITHUB__WEBHOOK_SECRET": self._secret,
        } | self._settings
        return {"PATH": self._path, "LANG": "C.UTF-8"} | {f"GITOPS_BOT_{key}": value for key, value in settings.items()}

    def _spawn(self, name: str, argv: list[str], env: Mapping[str, str]) -> "subprocess.Popen[str]":
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

    def _wait_until_listening(self, process: "subprocess.Popen[str]", name: str, start: str) -> str:
        """Wait for the line that says where it listens; the address."""
        assert process.stdout
        line = process.stdout.readline()
        if not line.startswith(start):
            _terminate(process, signal.SIGKILL)
            process.stdout.close()
            log = (self.directory / f"{name}.log").read_text(errors="replace")
            raise WaitTimeout(f"the {name} did not start: {line}{log[-4000:]}")
        threading.Thread(target=_drain_output, args=(process,), daemon=True).start()
        return line.removeprefix(start).strip()


def _free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _drain_output(process: "subprocess.Popen[str]") -> None:
    """Read what else it prints, so that it never waits for us; close the pipe when it ends."""
    if process.stdout:
        with process.stdout:
            process.stdout.read()


def _terminate(process: "subprocess.Popen[str]", number: int, patience: float = 10) -> None:
    """End a process that we started, by its id."""
    if process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
