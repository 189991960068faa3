"""From a pull request to its finished plan comment, against bare terraform: `python -m benchmarks.terraform`.

The forge is the sandbox in a process of its own, on loopback; with `--delay` its API answers so many milliseconds
later. Bare is `init && plan -out && show -json` in each directory, two at a time.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.staging import Stage

LOOK_SECONDS = 0.03
SETTLED_SECONDS = 1.0
PATIENCE_SECONDS = 120
PATH = f"{os.path.dirname(shutil.which('terraform') or '')}:/usr/bin:/bin"
CPUS = 2


def project(word: str) -> str:
    return f'resource "terraform_data" "one" {{\n  input = "{word}"\n}}\n'


def files(count: int, word: str) -> dict[str, str]:
    return {f"p{number:02}/main.tf": project(word) for number in range(count)}


def bare(directory: Path, count: int) -> float:
    """Seconds that terraform alone takes for as many projects."""
    for name, text in files(count, "bare").items():
        path = directory / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (directory / "empty.tfrc").write_text("")
    env = {"PATH": PATH, "HOME": str(directory), "TF_CLI_CONFIG_FILE": str(directory / "empty.tfrc")}
    one = "cd {} && T=terraform && $T init -input=false >/dev/null && $T plan -input=false -out=p >/dev/null"
    command = ["xargs", f"-P{CPUS}", "-I{}", "sh", "-c", f"{one} && $T show -json p >/dev/null"]
    names = "\n".join(sorted(path.name for path in directory.iterdir() if path.is_dir()))
    env |= {"CHECKPOINT_DISABLE": "1"}
    return seconds(lambda: subprocess.run(command, cwd=directory, env=env, input=names, text=True, check=True))


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def finished(stage: Stage, number: int, wanted: str) -> None:
    """Wait for the plan comment that says this; looks past the delay, at the forge's own page for whoever runs it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        bodies = [comment["body"] for comment in stage.alice.comments(stage.repo, number)]
        if any(wanted in body and "What blocks the apply" in body for body in bodies):
            return
        time.sleep(LOOK_SECONDS)
    raise SystemExit(f"no finished plan\n{stage.bot_log_tail()}")


def ours(stage: Stage, clone: Path, change: Mapping[str, str], branch: str, wanted: str) -> tuple[float, int]:
    """(seconds from the webhook, which goes out with the answer, to the finished comment; requests of the bot)."""
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, change, branch, "Change")
    stage.forge.control("DELETE", "/requests")
    number = stage.alice.open_pull(stage.repo, branch, "main", branch)
    finished(stage, number, wanted)
    time.sleep(SETTLED_SECONDS)
    everything = stage.forge.requests()
    asked = [one for one in everything if one.get("user") == stage.bot.login]
    (opened,) = (one["at"] for one in everything if one["method"] == "POST" and one["path"].endswith("/pulls"))
    told = max(one["at"] for one in asked if one["method"] in ("POST", "PATCH") and "/comments" in one["path"])
    return told - opened, len(asked)


def one_of(stage: Stage, clone: Path, count: int) -> float:
    """Seconds from a push that changes one of so many planned projects to its finished comment."""
    stage.alice.push(clone, files(count, "all"), "many", "Many")
    number = stage.alice.open_pull(stage.repo, "many", "main", "many")
    finished(stage, number, f"{count} to create")
    time.sleep(SETTLED_SECONDS)
    stage.forge.control("DELETE", "/requests")
    pushed = time.time()
    head = stage.alice.push(clone, {"p07/main.tf": project("other")}, "many", "One")
    while stage.alice.statuses(stage.repo, head).get("gitops-bot/plan") != "success":
        time.sleep(LOOK_SECONDS)
    time.sleep(SETTLED_SECONDS)
    asked = [one for one in stage.forge.requests() if one.get("user") == stage.bot.login]
    said = [one["at"] for one in asked if one["method"] in ("POST", "PATCH") and "/comments" in one["path"]]
    return float(max(said) - pushed)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--delay", type=int, default=0)
    options.add_argument("--counts", type=int, nargs="*", default=[1, 50])
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        top = Path(place)
        with Stage(top / "stage", {"SWEEP_EVERY": "10m"}, path=PATH) as stage:
            clone = stage.clone()
            stage.alice.push(clone, {"README.md": "one\n"}, "main", "Begin")
            ours(stage, clone, files(1, "warm"), "warm", "1 to create")
            for count in asked.counts:
                took = min(bare(top / f"bare-{count}-{turn}", count) for turn in range(3 if count < 10 else 1))
                stage.forge.faults(latency_ms=asked.delay)
                runs = [
                    ours(stage, clone, files(count, f"w{turn}"), f"b{count}-{turn}", f"{count} to create")
                    for turn in range(3 if count < 10 else 1)
                ]
                stage.forge.faults(latency_ms=0)
                mine, requests = min(runs)
                ratio = f"{mine / took:.2f} times, +{mine - took:.2f} s"
                print(f"{count} projects: bare {took:.2f} s, ours {mine:.2f} s ({ratio}), {requests} requests")
            print(f"a push that changes 1 of 50: {one_of(stage, clone, 50):.2f} s, with the push itself")


if __name__ == "__main__":
    main()
