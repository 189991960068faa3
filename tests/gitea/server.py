"""A Gitea of one's own: the real server with SQLite on loopback, without a first page, e-mail or the network.

`tests/gitea/serve.py` shares one over a whole run; use the class itself where a test must stop a server.
"""

import contextlib
import getpass
import http.client
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from bot.core.errors import ToolFailed
from tests.gitea.program import Program, find, lack

LOOPBACK = "127.0.0.1"
# Below the ports that systems hand out by themselves, so that nobody is given one between our look and its use.
PORTS = range(20_000, 32_000)
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05
STOP_SECONDS = 10
KEEPER = "keeper"
LAST_LINES = 15
# Away from UTC, so that a time read without its zone is seen to be wrong.
ZONE = "Asia/Kathmandu"
INI = """\
APP_NAME = Gitea
RUN_USER = {user}
RUN_MODE = prod
WORK_PATH = {work}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
PROTOCOL = http
HTTP_ADDR = {host}
HTTP_PORT = {port}
ROOT_URL = http://{host}:{port}/
STATIC_ROOT_PATH = {files}
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false
[database]
DB_TYPE = sqlite3
PATH = {work}/gitea.db
SQLITE_JOURNAL_MODE = WAL
SQLITE_TIMEOUT = 20000
[security]
INSTALL_LOCK = true
SECRET_KEY = only-for-tests
PASSWORD_HASH_ALGO = pbkdf2$1$8
MIN_PASSWORD_LENGTH = 6
[service]
DISABLE_REGISTRATION = true
NO_REPLY_ADDRESS = noreply.example.test
[webhook]
ALLOWED_HOST_LIST = loopback
DELIVER_TIMEOUT = 5
[repository]
ROOT = {work}/repositories
[time]
DEFAULT_UI_LOCATION = {zone}
[mailer]
ENABLED = false
[actions]
ENABLED = false
[packages]
ENABLED = false
[indexer]
REPO_INDEXER_ENABLED = false
[cron]
ENABLED = false
[cron.update_checker]
ENABLED = false
[log]
MODE = console
LEVEL = Warn
"""


class Server:
    """Use it in a `with`; it is ready when that begins. `token` is the site administrator's, whose name is `keeper`."""

    def __init__(self, directory: Path, env: Mapping[str, str] = os.environ) -> None:
        self.directory, self.url, self.token = directory, "", ""
        self._env = env
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def repositories(self) -> Path:
        """Bare repositories, `owner/name.git`."""
        return self.directory / "repositories"

    def __enter__(self) -> "Server":
        if why := lack(self._env):
            raise ToolFailed(why)
        self.directory.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        program = self._program()
        text = INI.format(
            user=getpass.getuser(), work=self.directory, host=LOOPBACK, port=port, files=program.files, zone=_zone()
        )
        (self.directory / "app.ini").write_text(text)
        self._once("migrate")
        named = ("--username", KEEPER, "--email", "keeper@users.example.test", "--password", KEEPER * 2)
        said = self._once(
            "admin", "user", "create", "--admin", *named, "--must-change-password=false",
            "--access-token", "--access-token-scopes", "all", "--access-token-name", "tests",
        )  # fmt: skip
        self.token = next(line.rpartition(" ")[2] for line in said.splitlines() if "Access token" in line)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin, or begin again at the same address; return when it answers."""
        with (self.directory / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [*_leash(self._path()), *self._command("web")],
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            if self._running.poll() is not None or time.monotonic() > until:
                self.stop()
                raise ToolFailed(f"Gitea did not start\n{self.last_words()}")
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """End it; what it keeps stays. Does nothing the second time."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        self._running = None

    def last_words(self) -> str:
        log = self.directory / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:]) if log.exists() else ""

    def _once(self, *arguments: str) -> str:
        ended = subprocess.run(
            self._command(*arguments),
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if ended.returncode:
            raise ToolFailed(f"gitea {arguments[0]} failed\n{ended.stdout}")
        return ended.stdout

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._program().path), "--config", str(self.directory / "app.ini"), *arguments]

    def _program(self) -> Program:
        found = find(self._env)
        if not found:
            raise ToolFailed(lack(self._env) or "no Gitea")
        return found

    def _environment(self) -> dict[str, str]:
        return {"PATH": self._path(), "HOME": str(self.directory), "GIT_CONFIG_NOSYSTEM": "1"}

    def _path(self) -> str:
        return self._env.get("PATH", os.defpath)

    def _answers(self) -> bool:
        host, _, port = self.url.removeprefix("http://").partition(":")
        try:
            with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=5)) as connection:
                connection.request("GET", "/api/v1/version")
                return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def _zone() -> str:
    return ZONE if Path("/usr/share/zoneinfo", ZONE).exists() else "UTC"


def _leash(path: str) -> list[str]:
    """A program ends when the thread that started it does. Linux only."""
    setpriv = shutil.which("setpriv", path=path)
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _free_port() -> int:
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as ear, contextlib.suppress(OSError):
            ear.bind((LOOPBACK, port))
            return port
    raise ToolFailed("no free port")
