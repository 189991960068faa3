"""Makes a case's `plan.json` with the real terraform: each `before*.tf` is applied, then all else is planned.

What differs each time (ids, deposed keys, the time) is numbered, so that a plan made again is the same text.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

RANDOM = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|(?<=\"deposed\": \")[0-9a-f]{8}")
TIME = re.compile(r"(?<=\"timestamp\": \")[^\"]+")


def made(case: Path, here: Path) -> str:
    """The plan's JSON, made in the empty directory `here`."""
    environment = {"PATH": os.environ["PATH"], "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    shutil.copytree(case, here, dirs_exist_ok=True, ignore=shutil.ignore_patterns("before*.tf", "*.json", "*.md"))
    for before in sorted(case.glob("before*.tf")):
        shutil.copy(before, here / "main.tf")
        _terraform(here, environment, "init")
        _terraform(here, environment, "apply", "-auto-approve", fails=True)
    shutil.copy(case / "main.tf", here / "main.tf")
    _terraform(here, environment, "init")
    _terraform(here, environment, "plan", "-out=plan", fails=True)
    shown = json.loads(_terraform(here, environment, "show", "-json", "plan"))
    return steady(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")


def steady(text: str) -> str:
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        count = f"{len(numbers) + 1:08x}"
        return numbers.setdefault(found[0], count + "-0000-4000-8000-000000000000"[: len(found[0]) - 8])

    return TIME.sub("2025-11-26T12:00:00Z", RANDOM.sub(number, text))


def _terraform(here: Path, environment: Mapping[str, str], *words: str, fails: bool = False) -> str:
    command = ["terraform", words[0], "-no-color", *words[1:]]
    command += [] if words[0] == "show" else ["-input=false"]
    done = subprocess.run(command, cwd=here, env=dict(environment), capture_output=True, text=True)
    assert fails or done.returncode == 0, done.stderr
    return done.stdout
