"""Makes jobs, and nobody else does: ids by which a repetition finds the first promise, and arguments that `Job` reads.

Pure. An id or a kind that changes here is another promise for those who wait in the engine of a version before.
"""

import json
from dataclasses import asdict

from bot.core.event import MergeGroup
from bot.core.job import Job
from bot.core.keys import CommentRef, CommentSlot, PullKey
from bot.core.run import RunKind, Selection
from bot.core.trigger import Trigger, TriggerKind

PROJECT_JOBS = {RunKind.PLAN: "plan_project", RunKind.APPLY: "apply_project"}


def plan(cause: str, pull: PullKey, asked_by: str, trigger: Trigger) -> Job:
    """Plan a pull request. `cause` is what asks: a delivery, an activity, a run."""
    return Job(cause, "plan", _asked(pull, asked_by, trigger))


def apply(cause: str, pull: PullKey, asked_by: str, trigger: Trigger) -> Job:
    """Apply a pull request's plans as far as the trigger lets them."""
    return Job(cause, "apply", _asked(pull, asked_by, trigger))


def review(cause: str, pull: PullKey) -> Job:
    """Look at a pull request's gate again."""
    return Job(cause, "review", _pull(pull))


def close(cause: str, pull: PullKey, asked_by: str) -> Job:
    """Deal with a pull request that was merged or closed."""
    return Job(cause, "close", {**_pull(pull), "asked_by": asked_by})


def merge(run: str, pull: PullKey) -> Job:
    """Merge the pull request that the apply run finished."""
    return Job(f"merge:{run}", "merge", {**_pull(pull), "run": run})


def read_comment(comment: CommentRef, *, swept: bool = False) -> Job:
    """Read a comment's commands; webhook and sweep promise the same job, and only the sweep's may be an old one."""
    args = {**_pull(comment.pull), "comment": comment.id, **({"swept": "yes"} if swept else {})}
    return Job(f"comment:{comment.pull.repository}:{comment.id}", "command", args)


def command(kind: str, comment: CommentRef, position: int, asked_by: str, selection: Selection, sha: str) -> Job:
    """What the comment's command at that position asks for. `sha` is a fork's commit that may be planned."""
    chosen = {"selection": json.dumps(asdict(selection)), "sha": sha}
    args = {**_asked(comment.pull, asked_by, Trigger.comment(comment.id)), **chosen}
    return Job(f"{comment.pull}:{comment.id}:{position}", kind, args)


def from_shell(kind: str, delivery: str, pull: PullKey, asked_by: str) -> Job:
    """What somebody asked for where the bot runs."""
    return Job(f"{kind}:{delivery}", kind, _asked(pull, asked_by, Trigger(TriggerKind.SHELL)))


def branch_pushed(delivery: str, repository: str, branch: str, pusher: str, sha: str) -> Job:
    """Look at what a push to the branch means for pull requests into it and from it."""
    args = {"repository": repository, "branch": branch, "by": pusher, "sha": sha}
    return Job(f"branch_pushed:{delivery}", "branch_pushed", args)


def merge_group(delivery: str, group: MergeGroup) -> Job:
    """Judge a merge queue's commit and set its statuses."""
    args = {"repository": group.repository.key, "sha": group.sha, "parent": group.parent, "branch": group.branch}
    about = {"number": str(group.number)} if group.number is not None else {}
    return Job(f"merge_group:{delivery}", "merge_group", args | about)


def dequeued(delivery: str, pull: PullKey) -> Job:
    """Tell that a merge queue let a pull request go without merging it."""
    return Job(f"dequeued:{delivery}", "dequeued", _pull(pull))


def project(kind: RunKind, run: str, place: str, attempt: str) -> Job:
    """Do the run's work on one project. Each attempt is a promise of its own: the row is claimed by one."""
    return Job(f"{run}:{place}:{attempt}", PROJECT_JOBS[kind], {"run": run, "place": place})


def run_finished(run: str, pull: PullKey) -> Job:
    """Do once what a run's end asks for."""
    return Job(f"run_finished:{run}", "run_finished", {"run": run, **_pull(pull)})


def update_comment(slot: CommentSlot, version: int, pull: PullKey) -> Job:
    """Bring a comment to that version, or to a newer one."""
    return Job(f"update_comment:{slot}:{version}", "update_comment", {"topic": slot, **_pull(pull)})


def _asked(pull: PullKey, asked_by: str, trigger: Trigger) -> dict[str, str]:
    return {**_pull(pull), "asked_by": asked_by, "why": str(trigger)}


def _pull(pull: PullKey) -> dict[str, str]:
    return {"repository": pull.repository, "number": str(pull.number)}
