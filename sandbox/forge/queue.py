"""Merge queues: pull requests land in their order, each once the required checks of its commit in the queue passed.

Called by the doors with the lock of the forge's state held. A branch with a queue takes no other merges.
"""

from sandbox.forge import repository
from sandbox.forge.forge import ApiError, Forge
from sandbox.forge.state import Pull, QueueEntry, Repo, User, now


def enqueue(forge: Forge, repo: Repo, pull: Pull, user: User, head: str | None) -> None:
    """Put a pull request at the end of its base branch's queue. Raises ApiError where GitHub would refuse it."""
    if pull.base not in repo.queues:
        raise ApiError(422, "Merge queue is not enabled")
    entries = repo.queues[pull.base]
    if pull.state != "open" or pull.draft or any(entry.pull is pull for entry in entries):
        raise ApiError(422, "Pull request is not in a mergeable state")
    if head is not None and head != pull.head_sha:
        raise ApiError(422, "Head branch was modified")
    entries.append(QueueEntry(pull, pull.head_sha, "", "", user))
    _build(forge, repo, pull.base, len(entries) - 1)


def advance(forge: Forge, repo: Repo, sha: str) -> None:
    """The checks of a commit changed: land what has passed, in order; let go what failed, and build anew behind it."""
    for branch, entries in repo.queues.items():
        failed = next((entry for entry in entries if entry.sha == sha and _verdict(repo, branch, entry) is False), None)
        if failed:
            _let_go(forge, repo, branch, failed)
        while entries and _verdict(repo, branch, entries[0]):
            _land(forge, repo, branch, entries.pop(0))


def _build(forge: Forge, repo: Repo, branch: str, start: int) -> None:
    """Make the commits of the entries from there on, each on the one before, and ask for their checks."""
    entries = repo.queues[branch]
    for position in range(start, len(entries)):
        entry = entries[position]
        entry.parent = entries[position - 1].sha if position else repository.refs(repo)[f"refs/heads/{branch}"]
        message = f"Merge pull request #{entry.pull.number}"
        entry.sha = repository.merge(repo, entry.parent, entry.head_sha, "merge", entry.user, message)
        ref = f"refs/heads/gh-readonly-queue/{branch}/pr-{entry.pull.number}-{entry.parent}"
        repository.set_ref(repo, ref, entry.sha)
        group = {"head_sha": entry.sha, "head_ref": ref, "base_sha": entry.parent, "base_ref": f"refs/heads/{branch}"}
        forge.send(repo, "merge_group", entry.user, action="checks_requested", merge_group=group)


def _verdict(repo: Repo, branch: str, entry: QueueEntry) -> bool | None:
    """Whether what the branch requires passed on the entry's commit; None where it is not all told."""
    states = {status.context: status.state for status in repo.statuses.get(entry.sha, [])}
    required = [states.get(name, "pending") for name in repo.required.get(branch, {})]
    if any(state in ("failure", "error") for state in required):
        return False
    return True if all(state == "success" for state in required) else None


def _let_go(forge: Forge, repo: Repo, branch: str, entry: QueueEntry) -> None:
    entries = repo.queues[branch]
    position = entries.index(entry)
    entries.remove(entry)
    forge.notify(repo, entry.pull, "dequeued", entry.user, reason="CI_FAILURE")
    _build(forge, repo, branch, position)


def _land(forge: Forge, repo: Repo, branch: str, entry: QueueEntry) -> None:
    before, pull, moment = repository.refs(repo), entry.pull, now()
    repository.set_ref(repo, f"refs/heads/{branch}", entry.sha)
    pull.state, pull.merged, pull.merged_by, pull.merge_commit_sha = "closed", True, entry.user, entry.sha
    pull.merged_at = pull.closed_at = pull.updated_at = moment
    forge.notify(repo, pull, "closed", entry.user)
    forge.notify(repo, pull, "dequeued", entry.user, reason="MERGE")
    forge.record_push(repo, before, entry.user)
