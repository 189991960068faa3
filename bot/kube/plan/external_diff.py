"""Stands in for `diff` under `kubectl diff`: prints what kubectl would have compared, as one JSON record an object.

`kubectl_diff` writes a program that runs this file by itself, so it needs nothing but the standard library.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

LIVE_KEY, MERGED_KEY = "live", "merged"


def main(live: Path, merged: Path) -> int:
    """Print a record for each object: both directories hold a YAML file of its name, empty where there is no object.

    Always ends with 0: that something changes is no failure.
    """
    for name in sorted({path.name for folder in (live, merged) for path in folder.iterdir()}):
        sys.stdout.write(json.dumps({LIVE_KEY: _read_text(live / name), MERGED_KEY: _read_text(merged / name)}) + "\n")
    return 0


def read_records(output: bytes) -> Iterator[tuple[str, str]]:
    """Yield the live and the merged text of each record."""
    for line in output.splitlines():
        record = json.loads(line)
        yield record[LIVE_KEY], record[MERGED_KEY]


def _read_text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
