"""Webhooks recorded per second while the bot is idle and while eight plans run: `python -m benchmarks.webhooks`.

Deliveries are signed, have the size of a pull request's and say nothing that asks for work. Who sends them shares the
machine's processors with the bot, so the figures are floors.
"""

import hashlib
import hmac
import json
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from benchmarks.terraform import PATH, files, finished
from tests.staging import Stage

SENDERS, DELIVERIES = 4, 400
BODY_BYTES = 24_000
PLANS = 200
SECRET = "GITOPS_BOT_GITHUB__WEBHOOK_SECRET"


def body(stage: Stage, number: int) -> bytes:
    """A comment that commands nothing, as GitHub delivers it."""
    repository = stage.alice.api("GET", f"/repos/{stage.repo}")
    comment = stage.alice.comments(stage.repo, number)[0] | {"body": "x" * BODY_BYTES}
    issue = {"number": number, "pull_request": {"url": "https://example.invalid"}}
    payload = {"action": "created", "repository": repository, "issue": issue, "comment": comment}
    return json.dumps(payload | {"sender": comment["user"]}).encode()


def deliver(stage: Stage, content: bytes, took: list[float], until: Callable[[], bool]) -> None:
    """Send until there are enough; the seconds that each took."""
    signature = hmac.new(stage.environment()[SECRET].encode(), content, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": "issue_comment"}
    headers |= {"Content-Type": "application/json"}
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(DELIVERIES):
            if until():
                return
            began = time.monotonic()
            named = headers | {"X-GitHub-Delivery": str(uuid.uuid4())}
            answer = session.post(f"{stage.bot_url}/webhooks/github", content, headers=named, timeout=30)
            if answer.status_code != 202:
                raise SystemExit(f"the bot answered {answer.status_code}: {answer.text}")
            took.append(time.monotonic() - began)


def measured(stage: Stage, content: bytes, until: Callable[[], bool] = lambda: False) -> str:
    took: list[float] = []
    senders = [threading.Thread(target=deliver, args=(stage, content, took, until)) for _ in range(SENDERS)]
    began = time.monotonic()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    seconds = time.monotonic() - began
    p99 = statistics.quantiles(took, n=100)[98]
    middle = statistics.median(took)
    return f"{len(took) / seconds:.0f} a second, median {middle * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms ({len(took)})"


def memory(pid: int) -> float:
    """MB of the process itself."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def at_work(stage: Stage, number: int) -> Callable[[], Any]:
    """Begin a plan of many projects; whether it is over."""
    clone = stage.clone()
    stage.alice.push(clone, files(PLANS, "many"), "many", "Many")
    opened = stage.alice.open_pull(stage.repo, "many", "main", "many")
    stage.wait_for_comment(opened, "Planning")
    return lambda: any("What blocks the apply" in one["body"] for one in stage.alice.comments(stage.repo, opened))


def main() -> None:
    settings = {"SWEEP_EVERY": "10m", "WORKERS": "8"}
    with tempfile.TemporaryDirectory() as place, Stage(Path(place) / "stage", settings, path=PATH) as stage:
        clone = stage.clone()
        stage.alice.push(clone, {"README.md": "one\n"}, "main", "Begin")
        print(f"memory at rest: {memory(stage.bot_pid):.0f} MB")
        stage.alice.push(clone, files(1, "warm"), "warm", "Warm")
        number = stage.alice.open_pull(stage.repo, "warm", "main", "warm")
        finished(stage, number, "1 to create")
        content = body(stage, number)
        print(f"webhooks, idle: {measured(stage, content)}")
        over = at_work(stage, number)
        print(f"webhooks, while eight plans run: {measured(stage, content)}")
        print(f"memory then: {memory(stage.bot_pid):.0f} MB" + (" (the plans had ended)" if over() else ""))


if __name__ == "__main__":
    main()
