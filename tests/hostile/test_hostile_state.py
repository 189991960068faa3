"""A backend that takes no state: what an apply just made must not be forgotten with the checkout."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.e2e.acting import ONE, approved, begin, propose
from tests.staging import Stage

BACKEND = """terraform {
  backend "http" {
    address        = "http://127.0.0.1:PORT/state"
    retry_max      = 1
    retry_wait_min = 1
  }
}
"""


class _Deaf(BaseHTTPRequestHandler):
    """There is no state yet, and none is taken."""

    def do_GET(self) -> None:  # noqa: N802  # the name that http.server looks for
        self._answer(404)

    def do_POST(self) -> None:  # noqa: N802
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer(500)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def deaf() -> Iterator[int]:
    """A backend's port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Deaf) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_state_that_no_backend_took_is_kept_and_its_place_is_told(stages: Callable[..., Stage], deaf: int) -> None:
    stage = stages({"CAGE__HOSTS": f"127.0.0.1:{deaf}"})
    clone = begin(stage, {"net/backend.tf": BACKEND.replace("PORT", str(deaf))})
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    comment = stage.wait_for_comment(number, "the state that could not be saved is kept at")
    (kept,) = stage.data.glob("state/*/net-*/errored.tfstate/*.tfstate")
    assert "terraform_data" in kept.read_text()
    assert kept.name in comment
    assert not stage.alice.pull(stage.repo, number)["merged"]
