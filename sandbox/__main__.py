"""`python -m sandbox --listen HOST:PORT --dir DIR`: the forge alone, as the stage and the tests start it."""

import argparse
from pathlib import Path

from bot.cli.die_with_parent import die_with_parent
from sandbox.forge.app import serve_forge


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(
        prog="gitops-bot sandbox", description="A GitHub-compatible forge for trying things."
    )
    parser.add_argument("--listen", default="127.0.0.1:8081", help="address and port; port 0 is any free one")
    parser.add_argument("--dir", type=Path, required=True, help="where its bare repositories are kept")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started it ends")
    parser.add_argument("--record", type=Path, help="a file for all that is asked of the API, a JSON object a line")
    options = parser.parse_args()
    if options.with_parent:
        die_with_parent()
    serve_forge(options.listen, options.dir, options.record)


if __name__ == "__main__":
    main()
