"""A bucket on an S3 of our own (moto), for states that are on nobody's disk."""

import contextlib
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

PATIENCE_SECONDS = 60
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=x/20240101/us-east-1/s3/aws4_request",
    "Content-Type": "application/json",
}
BACKEND = """\
terraform {
  backend "s3" {
    bucket                      = "state"
    key                         = "NAME.tfstate"
    region                      = "us-east-1"
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    use_path_style              = true
  }
}
"""


@dataclass(frozen=True)
class Bucket:
    """The bucket `state`. Its address is in no configuration, and so in no plan: tools get it by `environment`."""

    address: str

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_S3": self.address, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}

    def objects(self) -> dict[str, str]:
        """Texts by key."""
        listed = self._ask("GET", "?list-type=2")
        return {key: self._ask("GET", f"/{key}") for key in sorted(re.findall("<Key>([^<]+)</Key>", listed))}

    def put(self, objects: Mapping[str, str]) -> None:
        for key, text in objects.items():
            self._ask("PUT", f"/{key}", text.encode())

    def make(self) -> None:
        self._ask("PUT")

    def _ask(self, method: str, path: str = "", body: bytes | None = None) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{self.address}/state{path}", data=body, method=method, headers=SIGNED)
        with opener.open(request, timeout=10) as answer:
            return str(answer.read().decode())


def backend(name: str) -> str:
    """Configuration that keeps a project's state in the bucket."""
    return BACKEND.replace("NAME", name)


def free_port() -> int:
    with socket.socket() as ear:
        ear.bind(("127.0.0.1", 0))
        return int(ear.getsockname()[1])


@contextlib.contextmanager
def bucket() -> Iterator[Bucket]:
    port = str(free_port())
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port], **quiet)
    made, until = Bucket(f"http://127.0.0.1:{port}"), time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            try:
                made.make()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield made
    finally:
        server.terminate()
        server.wait()
