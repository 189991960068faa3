"""Keeps one Gitea for a whole test run: `python -m tests.gitea.serve DIR PID` returns when it is ready.

A child stays behind that has the server, and ends it when the process PID, the test run, has ended.
"""

import contextlib
import json
import os
import select
import sys
import time
from pathlib import Path

from bot.core.errors import ToolFailed
from tests.gitea.people import invite
from tests.gitea.server import Server

LOOK_SECONDS = 0.2
READY = b"ready"
SITE = "site.json"


def main(directory: Path, pid: int) -> int:
    hear, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(hear, len(READY)) == READY else 1
    os.close(hear)
    os.setsid()
    try:
        with Server(directory) as server:
            people = invite(server.url, server.token)
            aside = directory / f".{SITE}"
            aside.write_text(
                json.dumps({"url": server.url, "repositories": str(server.repositories), "tokens": people})
            )
            os.replace(aside, directory / SITE)
            os.write(tell, READY)
            _wait_for_the_end_of(pid)
    except ToolFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    return 0


def _wait_for_the_end_of(pid: int) -> None:
    if hasattr(os, "pidfd_open"):  # also hears of an end that nobody has asked after
        with contextlib.suppress(ProcessLookupError):
            select.select([os.pidfd_open(pid)], [], [])
        return
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
