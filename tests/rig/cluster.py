"""A Kubernetes API server of one's own: real etcd, kube-apiserver and kube-controller-manager on loopback, no nodes.

The tests use it through `tests/rig/fixtures.py`, which shares one over a whole run; use the class itself where a test
must stop a server. Three programs run in one directory, which keeps their logs. They never outlive the thread that
started them, and what was stored goes with them.
"""

import contextlib
import http.client
import os
import random
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from bot.core.errors import ToolFailed
from tests.rig.build import SERVER, find, lack
from tests.rig.credentials import Credentials

LOOPBACK = "127.0.0.1"
# Below the ports that systems hand out by themselves, so that nobody is given one between our look and its use.
PORTS = range(20_000, 32_000)
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05
CONTROLLERS = "controllers.kubeconfig"
# Made by the controllers once they work: no pod can be created in a namespace before its account is there.
FIRST_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
LAST_LINES = 15


class Cluster:
    """Use it in a `with`. It is ready when that begins; `kubeconfig` has a context for each user, admin's first."""

    def __init__(self, directory: Path, env: Mapping[str, str] = os.environ) -> None:
        self.directory, self.kubeconfig = directory, directory / "kubeconfig"
        self.url, self.token = "", ""
        self._env = env
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Cluster":
        if why := lack(self._env):
            raise ToolFailed(why)
        self.directory.mkdir(parents=True, exist_ok=True)
        own = Credentials.write(self.directory)
        store, peer, door = _free_ports(3)
        self.url, self.token = f"https://{LOOPBACK}:{door}", own.tokens["admin"]
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self._start("etcd", _etcd(self.directory / "etcd", store, peer))
            self._start("kube-apiserver", _apiserver(own, store, door))
            self._wait_for("/readyz", own, door)
            own.write_kubeconfig(self.directory / CONTROLLERS, self.url)
            self._start("kube-controller-manager", _controllers(own))
            self._wait_for(FIRST_ACCOUNT, own, door)
            own.write_kubeconfig(self.kubeconfig, self.url)
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the three programs at once and forget what they stored; the logs stay. Does nothing the second time."""
        for program in self._running.values():
            program.kill()
        for program in self._running.values():
            program.wait()
        self._running.clear()
        shutil.rmtree(self.directory / "etcd", ignore_errors=True)

    def last_words(self) -> str:
        """The ends of the programs' logs."""
        logs = [log for log in map(self._log, SERVER) if log.exists()]
        lines = [[f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-LAST_LINES:]] for log in logs]
        return "\n".join(line for each in lines for line in each)

    def _start(self, name: str, options: Sequence[str]) -> None:
        path = self._env.get("PATH", os.defpath)
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                [*_leash(path), str(find(name, self._env)), *options],
                cwd=self.directory,
                env={"PATH": path, "HOME": str(self.directory)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait_for(self, path: str, own: Credentials, port: int) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not _answers(path, own, port):
            ended = [name for name, program in self._running.items() if program.poll() is not None]
            if ended or time.monotonic() > until:
                who = " and ".join(ended) or f"in {PATIENCE_SECONDS:.0f} s the cluster"
                raise ToolFailed(f"{who} did not start\n{self.last_words()}")
            time.sleep(LOOK_SECONDS)

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"


def _etcd(directory: Path, client: int, peer: int) -> list[str]:
    return [
        f"--data-dir={directory}",
        f"--listen-client-urls=http://{LOOPBACK}:{client}",
        f"--advertise-client-urls=http://{LOOPBACK}:{client}",
        f"--listen-peer-urls=http://{LOOPBACK}:{peer}",
        f"--initial-advertise-peer-urls=http://{LOOPBACK}:{peer}",
        f"--initial-cluster=default=http://{LOOPBACK}:{peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(own: Credentials, store: int, port: int) -> list[str]:
    return [
        f"--etcd-servers=http://{LOOPBACK}:{store}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--cert-dir={own.directory}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={own.public_key}",
        f"--service-account-signing-key-file={own.private_key}",
        f"--token-auth-file={own.token_file}",
        "--allow-privileged=true",
    ]


def _controllers(own: Credentials) -> list[str]:
    return [
        f"--kubeconfig={own.directory / CONTROLLERS}",
        f"--service-account-private-key-file={own.private_key}",
        f"--root-ca-file={own.authority}",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def _leash(path: str) -> list[str]:
    """A program ends when the thread that started it does. Linux only."""
    setpriv = shutil.which("setpriv", path=path)
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _answers(path: str, own: Credentials, port: int) -> bool:
    headers = {"Authorization": f"Bearer {own.tokens['admin']}"}
    try:
        trust = ssl.create_default_context(cafile=str(own.authority))
        with contextlib.closing(http.client.HTTPSConnection(LOOPBACK, port, timeout=5, context=trust)) as connection:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):  # no certificate yet, half of one, or nobody who listens
        return False


def _free_ports(count: int) -> tuple[int, ...]:
    """Ports that nobody has, each another one."""
    free: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as ear, contextlib.suppress(OSError):
            ear.bind((LOOPBACK, port))
            free.append(port)
        if len(free) == count:
            break
    return tuple(free)
