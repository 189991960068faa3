"""`gitops-bot setup github`, as somebody at a terminal with a browser calls it; the sandbox is GitHub."""

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import requests

from tests.hosts.forms import submit
from tests.sandbox.running import running
from tests.shell.calling import TOP, gitops_bot

URL = "https://gitops.example.test"


def test_an_app_is_made_and_its_settings_are_written(here: Path, tmp_path: Path) -> None:
    with running(tmp_path / "forge") as forge:
        forge.user("olga")
        own = {"SERVER__URL": URL, "GITHUB__API_URL": f"{forge.url}/api/v3"}
        call = [sys.executable, "-m", "bot", "setup", "github", "--name", "acme-gitops", "--file", "app.toml"]
        env = {"PATH": os.defpath, "PYTHONPATH": str(TOP)} | {f"GITOPS_BOT_{key}": value for key, value in own.items()}
        with subprocess.Popen(call, cwd=here, env=env, stdout=subprocess.PIPE, text=True) as setting_up:
            assert setting_up.stdout
            line = next(line for line in setting_up.stdout if "http://127.0.0.1" in line)
            page = submit(submit(requests.get(line.strip(), timeout=30)))
            assert "Done" in page.text
            rest = setting_up.stdout.read()
        assert setting_up.returncode == 0
        assert re.search(r"^  http\S+/apps/acme-gitops/installations/new$", rest, re.MULTILINE)
        written = here / "app.toml"
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        settings = tomllib.loads(written.read_text())["github"]
        assert settings.keys() == {"api_url", "app_id", "webhook_secret", "private_key"}


def test_it_says_which_setting_it_lacks(here: Path) -> None:
    done = gitops_bot("setup", "github", cwd=here)
    assert done.returncode == 3
    assert "SERVER__URL is not set" in done.stderr
    assert list(here.iterdir()) == []
