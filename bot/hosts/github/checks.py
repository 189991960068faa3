"""Statuses as an App says them: a check run a name, with a summary and words at lines of files. Called by the host.

A check run that is over is never taken up again: GitHub adds annotations and takes none away, so a new run of the same
name takes its place. Branch protection knows it by its name, as it knows a commit status.
"""

import hashlib
from collections.abc import Sequence
from itertools import islice
from typing import Any

from bot.core.pull import Annotation, CheckState, Repository, Status
from bot.hosts.github.account import Account

MOST_AT_ONCE = 50
LONGEST_TITLE, LONGEST_MESSAGE, LONGEST_SUMMARY = 255, 16000, 65000
CONCLUSIONS = {CheckState.SUCCESS: "success", CheckState.FAILURE: "failure"}

Raw = dict[str, Any]


def say(call: Account, repository: Repository, sha: str, status: Status, title: str) -> None:
    """Bring the check run of that name to what the status says; nothing is sent when it says so already."""
    path, mark = f"/repos/{repository.name}", _mark(status, title)
    known = _known(call, f"{path}/commits/{sha}/check-runs", status.name)
    if known.get("external_id") == mark:
        return
    batches = _batches(status.annotations)
    output = {"title": title, "summary": (status.summary or status.description or title)[:LONGEST_SUMMARY]}
    details = {"details_url": status.url} if status.url else {}
    ends = _ending(status, mark)
    written = known.get("id", 0) if _may_be_taken_up(known) else 0
    for number, batch in enumerate(batches, 1):
        fields = {"name": status.name, "output": output | {"annotations": batch}} | details
        fields |= ends if number == len(batches) else {"status": "in_progress"}
        if written:
            call("PATCH", f"{path}/check-runs/{written}", fields)
        else:
            written = int(call("POST", f"{path}/check-runs", fields | {"head_sha": sha})["id"])


def _known(call: Account, path: str, name: str) -> Raw:
    """Our newest of that name."""
    found = call.pages(path, "check_runs", check_name=name, app_id=str(call.app), filter="latest")
    return next(islice(found, 1), {})


def _may_be_taken_up(known: Raw) -> bool:
    """Not when it is over, and not when a writer was killed between two batches."""
    return known.get("status") in ("queued", "in_progress") and not known["output"].get("annotations_count")


def _ending(status: Status, mark: str) -> Raw:
    """The last thing that is written; until it is, the run does not count as said."""
    if status.state is CheckState.PENDING:
        return {"status": "in_progress", "external_id": mark}
    return {"status": "completed", "conclusion": CONCLUSIONS[status.state], "external_id": mark}


def _batches(annotations: Sequence[Annotation]) -> list[list[Raw]]:
    shaped = [_shape(one) for one in annotations]
    return [shaped[at : at + MOST_AT_ONCE] for at in range(0, len(shaped), MOST_AT_ONCE)] or [[]]


def _shape(one: Annotation) -> Raw:
    return {
        "path": one.path,
        "start_line": one.line,
        "end_line": one.line,
        "annotation_level": "failure" if one.fails else "warning",
        "title": one.title[:LONGEST_TITLE],
        "message": one.message[:LONGEST_MESSAGE] or one.title,
    }


def _mark(status: Status, title: str) -> str:
    """What GitHub keeps for us, so that a repetition finds that it was said."""
    whole = repr((status.state.value, title, status.url, status.summary, status.annotations))
    return f"gitops-bot:{hashlib.sha256(whole.encode()).hexdigest()[:16]}"
