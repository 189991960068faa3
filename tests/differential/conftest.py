"""Two API servers of the suite's own: one is theirs (helm, kubectl), one is the bot's.

Never the run's common server: what is compared has one name on both, and charts bring webhooks that judge the objects
of everybody. They end with the module, so that no other test runs beside them.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.differential.ours import Operator
from tests.rig.access import Access

SOURCE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def theirs(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Access]:
    with _server(tmp_path_factory.mktemp("theirs")) as access:
        yield access


@pytest.fixture(scope="module")
def operator(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Of the bot's server, who has made the two identities as the documentation tells."""
    with _server(tmp_path_factory.mktemp("ours")) as access:
        yield Operator.prepared(access, tmp_path_factory.mktemp("operator"))


@contextmanager
def _server(directory: Path) -> Iterator[Access]:
    """A server that lives as long as `cat`, which ends with this process, however that ends."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as leash:
        with (directory / "serve.log").open("w") as log:
            argv = [sys.executable, "-m", "tests.rig.serve", str(directory), str(leash.pid)]
            ended = subprocess.run(argv, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if ended.returncode:
            pytest.fail((directory / "serve.log").read_text(), pytrace=False)
        yield Access.read(directory / "kubeconfig")
