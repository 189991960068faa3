"""Debian's packages, where a program is missing and we may install it: `python -m tests.rig.debian`, by `make rig`.

These are the programs that a few tests drive beside git and terraform. `RIG=no` installs none and leaves their tests
out; `RIG=required` makes the lack of one a failure.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

PACKAGES = {
    "zsh": "zsh",
    "fish": "fish",
    "jq": "jq",
    "openssl": "openssl",
    "bwrap": "bubblewrap",
}  # by name: the package
LAST_LINES = 20


def missing(env: Mapping[str, str] = os.environ) -> list[str]:
    return [name for name in PACKAGES if not shutil.which(name, path=env.get("PATH", os.defpath))]


def may_install(env: Mapping[str, str] = os.environ) -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get", path=env.get("PATH", os.defpath)) is not None


def install(packages: Sequence[str], env: Mapping[str, str] = os.environ) -> str | None:
    """Install them; the last words of what failed, or None."""
    own = {**env, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
        ended = subprocess.run(
            ["apt-get", "-qq", *words],
            env=own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ended.returncode:
            return "\n".join(ended.stdout.splitlines()[-LAST_LINES:])
    return None


def main(env: Mapping[str, str] = os.environ) -> int:
    """Make sure of the programs; fail only when RIG=required and one is missing."""
    if env.get("RIG") == "no":
        return 0
    if (wanted := missing(env)) and may_install(env):
        say(f"{', '.join(wanted)}: installing Debian's")
        if words := install([PACKAGES[name] for name in wanted], env):
            say(words)
    if left := missing(env):
        say(f"not installed: {', '.join(left)}: the tests that need them are skipped")
    return 1 if left and env.get("RIG") == "required" else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
