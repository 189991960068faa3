"""A remote backend: S3, as moto answers it, with its lock file."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.core.run import ApplyOutcome
from tests.terraform.conftest import Ground

BACKEND = """
terraform {
  backend "s3" {
    bucket                      = "state"
    key                         = "net/terraform.tfstate"
    region                      = "us-east-1"
    use_lockfile                = true
    access_key                  = "x"
    secret_key                  = "y"
    endpoints                   = { s3 = "URL", sts = "URL" }
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    use_path_style              = true
  }
}
resource "terraform_data" "one" {
  input = "1"
}
"""
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=x/20240101/us-east-1/s3/aws4_request",
    "Content-Type": "application/json",
}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket `state` on a server of our own."""
    with socket.socket() as ear:
        ear.bind(("127.0.0.1", 0))
        port = ear.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    while True:
        try:
            _request("PUT", f"{url}/state")
            break
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)
    yield url
    server.terminate()
    server.wait()


def _request(method: str, url: str, body: bytes | None = None) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=body, method=method, headers=SIGNED)
    with opener.open(request, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def test_state_is_kept_where_the_backend_says(open_ground: Ground, s3: str, program: Path) -> None:
    text = BACKEND.replace("URL", s3).replace("net/", f"{program.name}/")
    applied = open_ground.apply(text)
    assert applied.outcome is ApplyOutcome.DONE
    planned = open_ground.plan(text)
    assert planned.content.counts.empty
    assert planned.content.notes == ()
    assert not list((open_ground.top / "bot" / "kept").iterdir())
    assert b"terraform_data" in _request("GET", f"{s3}/state/{program.name}/terraform.tfstate")


def test_a_lock_that_another_holds_is_waited_for_and_then_told(open_ground: Ground, s3: str) -> None:
    text = BACKEND.replace("URL", s3).replace("net/", "held/")
    lock = {"ID": "1", "Operation": "OperationTypeApply", "Who": "carol@laptop", "Created": "2026-01-02T03:04:05Z"}
    more = {"Info": "", "Version": "1.11.4", "Path": "state/held/terraform.tfstate"}
    _request("PUT", f"{s3}/state/held/terraform.tfstate.tflock", json.dumps(lock | more).encode())
    with pytest.raises(Refused, match=r"locked by carol@laptop since 2026-01-02"):
        open_ground.plan(text)
    _request("DELETE", f"{s3}/state/held/terraform.tfstate.tflock")
    assert open_ground.plan(text).content.counts.create == 1
