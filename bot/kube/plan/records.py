"""Stands in for `diff` under `kubectl diff`: prints what kubectl would have compared, as one JSON record an object.

`kubectl_diff` writes a program that runs this file by itself, so it needs nothing but the standard library.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

LIVE, MERGED = "live", "merged"


def main(live: Path, merged: Path) -> int:
    """Both directories hold a YAML file of the same name for each object; it is empty where there is no object.

    Always ends with 0: that something changes is no failure.
    """
    for name in sorted({path.name for folder in (live, merged) for path in folder.iterdir()}):
        sys.stdout.write(json.dumps({LIVE: _text(live / name), MERGED: _text(merged / name)}) + "\n")
    return 0


def read(printed: bytes) -> Iterator[tuple[str, str]]:
    """The two texts of each record."""
    for line in printed.splitlines():
        record = json.loads(line)
        yield record[LIVE], record[MERGED]


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
