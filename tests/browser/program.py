"""The browser that the tests drive: finds a Chromium, and installs Debian's where there is none and we may.

`python -m tests.browser.program` does that; `make rig` calls it. A browser comes from GITOPS_BOT_BROWSER (its path) or
PATH. `RIG=no` leaves the browser's tests out; `RIG=required` makes the lack of one a failure.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.rig.debian import install, may_install, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-liberation", "fonts-noto-color-emoji")
FLAGS = (
    "--no-sandbox",  # as root there is no other way; it only ever opens our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def find(env: Mapping[str, str] = os.environ) -> Path | None:
    """Where a browser is, if anywhere. One that is named and not there is none."""
    if named := env.get("GITOPS_BOT_BROWSER"):
        return Path(named) if os.access(named, os.X_OK) else None
    found = (shutil.which(name, path=env.get("PATH", os.defpath)) for name in NAMES)
    return next((Path(one) for one in found if one), None)


def lack(env: Mapping[str, str] = os.environ) -> str | None:
    """Why no page can be opened, in one line; None when one can be."""
    if env.get("RIG") == "no":
        return "no browser: RIG=no"
    if find(env):
        return None
    if env.get("GITOPS_BOT_BROWSER"):
        return f"no browser: GITOPS_BOT_BROWSER is {env['GITOPS_BOT_BROWSER']}, which cannot be run"
    return "no browser: no Chromium on PATH; install one, or name it in GITOPS_BOT_BROWSER"


def main(env: Mapping[str, str] = os.environ) -> int:
    """Make sure of a browser; fail only when RIG=required and there is none."""
    if env.get("RIG") != "no" and not find(env) and not env.get("GITOPS_BOT_BROWSER") and may_install(env):
        say("chromium: installing Debian's")
        if words := install(PACKAGES, env):
            say(words)
    why = lack(env)
    say(f"{why}: the tests that need one are skipped" if why else f"browser: {find(env)}")
    return 1 if why and env.get("RIG") == "required" else 0


if __name__ == "__main__":
    sys.exit(main())
