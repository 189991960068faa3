"""Two API servers of the suite's own: one is theirs (helm, kubectl), one is the bot's.

Never the run's common server: what is compared has one name on both, and charts bring webhooks that judge the objects
of everybody.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.differential.ours import Operator
from tests.rig.access import Access

SOURCE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One for all workers of a run."""
    own = tmp_path_factory.getbasetemp()
    made = (own if worker_id == "master" else own.parent) / "differential"
    made.mkdir(exist_ok=True)
    return made


@pytest.fixture(scope="session")
def theirs(programs: None, folder: Path, worker_id: str) -> Access:
    return _server(folder / "theirs", worker_id)


@pytest.fixture(scope="session")
def operator(programs: None, folder: Path, worker_id: str) -> Operator:
    """Of the bot's server, who has made the two identities as the documentation tells."""
    access = _server(folder / "ours", worker_id)
    with (folder / "operator.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Operator.prepared(access, folder / "operator")


def _server(directory: Path, worker_id: str) -> Access:
    """Started by the first worker to ask; ends when the run does."""
    directory.mkdir(exist_ok=True)
    pid = os.getpid() if worker_id == "master" else os.getppid()
    with (directory / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "kubeconfig").exists():
            with (directory / "serve.log").open("w") as log:
                argv = [sys.executable, "-m", "tests.rig.serve", str(directory), str(pid)]
                ended = subprocess.run(argv, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
            if ended.returncode:
                pytest.fail((directory / "serve.log").read_text(), pytrace=False)
    return Access.read(directory / "kubeconfig")
