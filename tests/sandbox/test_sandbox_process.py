"""The sandbox as a process."""

import subprocess
import sys
from pathlib import Path

import requests

from tests.sandbox.running import SOURCE, running, until

STARTS = """
import subprocess, sys
command = [sys.executable, "-m", "sandbox", "--listen", "127.0.0.1:0", "--dir", sys.argv[1], "--with-parent"]
process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
print(process.stdout.readline().split()[-1], flush=True)
sys.stdin.read()
"""


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", STARTS, str(tmp_path)]
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        assert requests.get(url, timeout=5).ok
        parent.kill()
        parent.wait(10)
        until(lambda: not _answers(url))


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def test_repositories_left_from_before_are_no_obstacle(tmp_path: Path) -> None:
    for _ in range(2):
        with running(tmp_path) as forge:
            forge.repository("acme", "infra", {})
