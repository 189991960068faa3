"""A cluster that lives as long as another process: `python -m tests.rig.serve DIRECTORY PID`.

Started by `tests/rig/fixtures.py`, so that the workers of one test run share a server that none of them owns. Ends
with 0 once the server is ready, which then goes on by itself until the process PID is gone, however that ended.
"""

import contextlib
import os
import select
import sys
import time
from pathlib import Path

from bot.core.errors import ToolFailed
from tests.rig.cluster import Cluster

LOOK_SECONDS = 0.2
READY = b"ready"


def main(directory: Path, pid: int) -> int:
    """Leave a child that has the cluster, and wait until it is ready or has failed."""
    hear, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(hear, len(READY)) == READY else 1
    os.close(hear)
    os.setsid()
    try:
        with Cluster(directory):
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
    while _lives(pid):
        time.sleep(LOOK_SECONDS)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
