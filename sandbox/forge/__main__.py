"""`python -m sandbox.forge --listen HOST:PORT --dir DIR`."""

import argparse
import os
from pathlib import Path

from sandbox.forge.app import run
from sandbox.forge.leash import end_with_parent


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="gitops-bot sandbox", description="A GitHub-compatible forge for trying things."
    )
    parser.add_argument("--listen", default="127.0.0.1:8081", help="address and port; port 0 is any free one")
    parser.add_argument("--dir", type=Path, required=True, help="where its bare repositories are kept")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started it ends")
    parser.add_argument("--record", type=Path, help="a file for all that is asked of the API, a JSON object a line")
    chosen = parser.parse_args()
    if chosen.with_parent:
        end_with_parent(os.getppid())
    run(chosen.listen, chosen.dir, chosen.record)


if __name__ == "__main__":
    main()
