"""Fixtures for tests with a real Kubernetes API server: one server for the whole run, and a namespace each.

`GITOPS_BOT_TEST_KUBECONFIG` names a kubeconfig whose server is used instead of one of our own. `RIG=no` leaves these
tests out; `RIG=required` makes the lack of a server a failure.
"""

import fcntl
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.rig.access import Access
from tests.rig.build import lack
from tests.sandbox.running import until

SOURCE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def programs() -> None:
    """For tests that start a server of their own: the programs are there, or the test is left out."""
    if why := lack():
        pytest.fail(why, pytrace=False) if os.environ.get("RIG") == "required" else pytest.skip(why)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Access:
    """The way to the run's API server, as admin. The first worker to ask starts it; it ends when the run does."""
    if named := os.environ.get("GITOPS_BOT_TEST_KUBECONFIG"):
        return Access.read(Path(named))
    request.getfixturevalue("programs")
    alone = worker_id == "master"
    own = tmp_path_factory.getbasetemp()
    directory = (own if alone else own.parent) / "cluster"
    _start_once(directory, os.getpid() if alone else os.getppid())
    return Access.read(directory / "kubeconfig")


@pytest.fixture
def namespace(cluster: Access) -> Iterator[str]:
    """A new namespace, ready for pods; gone after the test."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    with cluster.client() as api:
        core = client.CoreV1Api(api)
        core.create_namespace({"metadata": {"name": name}})
        until(lambda: _has_account(core, name))
        yield name
        core.delete_namespace(name)


def _start_once(directory: Path, pid: int) -> None:
    """Start the cluster of this run, unless another worker has."""
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (directory / "kubeconfig").exists():
            return
        with (directory / "serve.log").open("w") as log:
            command = [sys.executable, "-m", "tests.rig.serve", str(directory), str(pid)]
            ended = subprocess.run(command, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if ended.returncode:
            pytest.fail((directory / "serve.log").read_text(), pytrace=False)


def _has_account(core: client.CoreV1Api, namespace: str) -> bool:
    """Whether the controllers have given it the account that every pod needs."""
    try:
        core.read_namespaced_service_account("default", namespace)
    except ApiException as missing:
        if missing.status != 404:
            raise
        return False
    return True
