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


def publish(account: Account, repository: Repository, sha: str, status: Status, title: str) -> None:
    """Bring the check run of that name to what the status says; nothing is sent when it says so already."""
    path, external_id = f"/repos/{repository.name}", _external_id(status, title)
    check_run = _latest_run(account, f"{path}/commits/{sha}/check-runs", status.name)
    if check_run.get("external_id") == external_id:
        return
    batches = _batches(status.annotations)
    output = {"title": title, "summary": (status.summary or status.description or title)[:LONGEST_SUMMARY]}
    details = {"details_url": status.url} if status.url else {}
    final_fields = _final_fields(status, external_id)
    run_id = check_run.get("id", 0) if _is_resumable(check_run) else 0
    for number, batch in enumerate(batches, 1):
        fields = {"name": status.name, "output": output | {"annotations": batch}} | details
        fields |= final_fields if number == len(batches) else {"status": "in_progress"}
        if run_id:
            account("PATCH", f"{path}/check-runs/{run_id}", fields)
        else:
            run_id = int(account("POST", f"{path}/check-runs", fields | {"head_sha": sha})["id"])


def _latest_run(account: Account, path: str, name: str) -> Raw:
    """Our newest of that name."""
    check_runs = account.pages(path, "check_runs", check_name=name, app_id=str(account.app_id), filter="latest")
    return next(islice(check_runs, 1), {})


def _is_resumable(check_run: Raw) -> bool:
    """Not when it is over, and not when a writer was killed between two batches."""
    return check_run.get("status") in ("queued", "in_progress") and not check_run["output"].get("annotations_count")


def _final_fields(status: Status, external_id: str) -> Raw:
    """The last thing that is written; until it is, the run does not count as said."""
    if status.state is CheckState.PENDING:
        return {"status": "in_progress", "external_id": external_id}
    return {"status": "completed", "conclusion": CONCLUSIONS[status.state], "external_id": external_id}


def _batches(annotations: Sequence[Annotation]) -> list[list[Raw]]:
    raw_annotations = [_raw_annotation(annotation) for annotation in annotations]
    return [
        raw_annotations[start : start + MOST_AT_ONCE] for start in range(0, len(raw_annotations), MOST_AT_ONCE)
    ] or [[]]


def _raw_annotation(annotation: Annotation) -> Raw:
    return {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": "failure" if annotation.fails else "warning",
        "title": annotation.title[:LONGEST_TITLE],
        "message": annotation.message[:LONGEST_MESSAGE] or annotation.title,
    }


def _external_id(status: Status, title: str) -> str:
    """What GitHub keeps for us, so that a repetition finds that it was said."""
    content = repr((status.state.value, title, status.url, status.summary, status.annotations))
    return f"gitops-bot:{hashlib.sha256(content.encode()).hexdigest()[:16]}"
