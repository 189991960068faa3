"""What can happen on the forge, whichever door it comes through: pushes, pull requests, comments, reviews, merges.

Every function is called with the lock of the state held, changes the state, and queues the webhooks that GitHub sends.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.forge import repository
from sandbox.forge.shapes import Shapes
from sandbox.forge.state import App, Comment, ForgeState, Pull, Repo, Review, Status, User, now
from sandbox.forge.webhooks import Webhooks


class ApiError(Exception):
    """What the forge refuses, as GitHub would: an HTTP status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Forge:
    """Acts on the state as users do; `shapes` writes the payloads that `hooks` send."""

    forge_state: ForgeState
    hooks: Webhooks
    shapes: Shapes

    def record_push(self, repo: Repo, before: dict[str, str], user: User) -> None:
        """Refs may have moved: tell it, and bring pull requests up to date."""
        after = repository.refs(repo)
        for ref in sorted(before.keys() | after.keys()):
            if ref.startswith("refs/heads/") and before.get(ref) != after.get(ref):
                self._record_ref_change(repo, ref, before.get(ref, "0" * 40), after.get(ref, "0" * 40), user)

    def open_pull(self, repo: Repo, user: User, fields: dict[str, Any]) -> Pull:
        """Open a pull request from `head` (`branch` or `owner:branch`) into `base`. Raises ApiError as GitHub would."""
        source, branch = self._resolve_head(repo, str(fields["head"]))
        base = str(fields["base"])
        head_sha, base_sha = repository.branch_sha(source, branch), repository.branch_sha(repo, base)
        if head_sha is None or base_sha is None:
            raise ApiError(422, f"Validation Failed: no such branch {branch if head_sha is None else base}")
        if any(
            p.state == "open" and (p.head, p.base, p.head_repo) == (branch, base, source) for p in repo.pulls.values()
        ):
            raise ApiError(422, "Validation Failed: A pull request already exists")
        if head_sha == base_sha:
            raise ApiError(422, f"Validation Failed: No commits between {base} and {branch}")
        number = max([0, *repo.pulls, *(c.number for c in repo.comments.values())]) + 1
        moment = now()
        pull = Pull(
            id=self.forge_state.new_id(),
            number=number,
            title=str(fields["title"]),
            body=str(fields.get("body") or ""),
            user=user,
            base=base,
            head=branch,
            head_repo=source,
            base_sha=base_sha,
            head_sha=head_sha,
            created_at=moment,
            updated_at=moment,
            draft=bool(fields.get("draft")),
        )
        repo.pulls[number] = pull
        self._update_head_ref(repo, pull)
        self.notify(repo, pull, "opened", user)
        return pull

    def comment(self, repo: Repo, number: int, user: User, body: str) -> Comment:
        """Comment on a pull request. Raises ApiError where GitHub would refuse it."""
        if number not in repo.pulls:
            raise ApiError(404, "Not Found")
        if len(body) > 65536:
            raise ApiError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        moment = now()
        comment = Comment(self.forge_state.new_id(), number, user, body, moment, moment)
        repo.comments[comment.id] = comment
        self._notify_comment(repo, comment, "created", user)
        return comment

    def edit_comment(self, repo: Repo, comment: Comment, user: User, body: str) -> None:
        """Change a comment's text. Raises ApiError where it is too long."""
        if len(body) > 65536:
            raise ApiError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        comment.body, comment.updated_at = body, now()
        self.forge_state.changes += 1
        self._notify_comment(repo, comment, "edited", user)

    def delete_comment(self, repo: Repo, comment: Comment, user: User) -> None:
        """Delete a comment."""
        del repo.comments[comment.id]
        self._notify_comment(repo, comment, "deleted", user)

    def review(self, repo: Repo, pull: Pull, user: User, fields: dict[str, Any]) -> Review:
        """Submit a review. Raises ApiError, as for one's own pull request."""
        event = str(fields.get("event") or "COMMENT")
        if user.login == pull.user.login and event != "COMMENT":
            raise ApiError(422, "Unprocessable Entity: Can not approve your own pull request")
        states = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
        if event not in states:
            raise ApiError(422, "Validation Failed: event")
        commit = str(fields.get("commit_id") or pull.head_sha)
        review = Review(self.forge_state.new_id(), user, states[event], str(fields.get("body") or ""), commit, now())
        pull.reviews.append(review)
        pull.updated_at = now()
        self._notify_review(repo, pull, review, "submitted", user)
        return review

    def dismiss(self, repo: Repo, pull: Pull, review: Review, user: User) -> None:
        """Dismiss a review."""
        review.state = "DISMISSED"
        self.forge_state.changes += 1
        self._notify_review(repo, pull, review, "dismissed", user)

    def status(self, repo: Repo, sha: str, user: User, fields: dict[str, Any]) -> Status:
        """Set a commit's status. Raises ApiError where GitHub would refuse it."""
        if fields.get("state") not in ("error", "failure", "pending", "success"):
            raise ApiError(422, "Validation Failed: state")
        description = str(fields.get("description") or "")
        if len(description) > 140:
            raise ApiError(422, "Validation Failed: description is too long (maximum is 140 characters)")
        context = str(fields.get("context") or "default")
        target = fields.get("target_url")
        created_status = Status(
            self.forge_state.new_id(), context, str(fields["state"]), description, target, user, now()
        )
        repo.statuses.setdefault(sha, []).append(created_status)
        return created_status

    def merge(self, repo: Repo, pull: Pull, user: User, fields: dict[str, Any]) -> str:
        """Merge at a pinned head; what landed. Raises Wrong with GitHub's words."""
        method = str(fields.get("merge_method") or "merge")
        self._require_mergeable(repo, pull, method, str(fields.get("sha") or pull.head_sha))
        title = fields.get("commit_title") or f"Merge pull request #{pull.number} from {repo.owner}/{pull.head}"
        if method == "squash":
            title = fields.get("commit_title") or f"{pull.title} (#{pull.number})"
        message = f"{title}\n\n{fields.get('commit_message') or pull.title}"
        before = repository.refs(repo)
        base = before[f"refs/heads/{pull.base}"]
        merge_sha = repository.merge(repo, base, pull.head_sha, method, user, message)
        repository.set_ref(repo, f"refs/heads/{pull.base}", merge_sha)
        moment = now()
        pull.state, pull.merged, pull.merged_by, pull.merge_commit_sha = "closed", True, user, merge_sha
        pull.merged_at = pull.closed_at = pull.updated_at = moment
        self.notify(repo, pull, "closed", user)
        self.record_push(repo, before, user)
        return merge_sha

    def set_state(self, repo: Repo, pull: Pull, user: User, state: str) -> None:
        """Close, or reopen at what was pushed to its branch meanwhile."""
        if pull.merged or state == pull.state:
            return
        if state == "open" and pull.head_repo and (tip := repository.branch_sha(pull.head_repo, pull.head)):
            pull.head_sha = tip
            self._update_head_ref(repo, pull)
        pull.state, pull.closed_at = state, now() if state == "closed" else None
        self.notify(repo, pull, "closed" if state == "closed" else "reopened", user)

    def set_draft(self, repo: Repo, pull: Pull, user: User, draft: bool) -> None:
        """Make a pull request a draft, or ready."""
        pull.draft = draft
        self.notify(repo, pull, "converted_to_draft" if draft else "ready_for_review", user)

    def edit_text(self, repo: Repo, pull: Pull, user: User, title: str, body: str) -> None:
        """Change a pull request's title or body."""
        changes = {"title": {"from": pull.title}} if title != pull.title else {"body": {"from": pull.body}}
        pull.title, pull.body = title, body
        self.notify(repo, pull, "edited", user, changes=changes)

    def retarget(self, repo: Repo, pull: Pull, user: User, base: str) -> None:
        """Change a pull request's base. Raises ApiError where there is no such branch."""
        sha = repository.branch_sha(repo, base)
        if sha is None:
            raise ApiError(422, "Validation Failed: base")
        old, pull.base, pull.base_sha = pull.base, base, sha
        self.notify(repo, pull, "edited", user, changes={"base": {"ref": {"from": old}}})

    def notify(self, repo: Repo, pull: Pull, action: str, user: User, **extra: Any) -> None:
        """Queue a `pull_request` event."""
        pull.updated_at = now()
        self.forge_state.changes += 1
        shape = self.shapes.pull(repo, pull)
        self.send(repo, "pull_request", user, action=action, number=pull.number, pull_request=shape, **extra)

    def merge_group(self, repo: Repo, sha: str, user: User) -> None:
        """Tell hooks that a merge queue wants checks on a commit."""
        group = {"head_sha": sha, "head_ref": "refs/heads/gh-readonly-queue/main/x", "base_ref": "refs/heads/main"}
        self.send(repo, "merge_group", user, action="checks_requested", merge_group=group)

    def _require_mergeable(self, repo: Repo, pull: Pull, method: str, sha: str) -> None:
        if pull.base in repo.queues:
            raise ApiError(405, "Changes must be made through the merge queue")
        if pull.state != "open" or pull.draft or method not in repo.methods:
            raise ApiError(405, "Pull Request is not mergeable")
        if sha != pull.head_sha:
            raise ApiError(409, "Head branch was modified. Review and try the merge again.")
        if not repository.mergeable(repo, pull.base_sha, pull.head_sha):
            raise ApiError(405, "Pull Request is not mergeable")
        latest = {status.context: status.state == "success" for status in repo.statuses.get(sha, [])}
        for run in sorted((run for run in repo.check_runs.values() if run.head_sha == sha), key=lambda run: run.id):
            latest[run.name] = run.conclusion in ("success", "neutral", "skipped")
        missing = [name for name in repo.required.get(pull.base, []) if not latest.get(name)]
        if missing:
            raise ApiError(405, f'Required status check "{missing[0]}" is expected.')

    def _record_ref_change(self, repo: Repo, ref: str, old: str, new: str, user: User) -> None:
        branch = ref.removeprefix("refs/heads/")
        zero = "0" * 40
        payload: dict[str, Any] = {
            "ref": ref,
            "before": old,
            "after": new,
            "created": old == zero,
            "deleted": new == zero,
            "forced": False,
        }
        self.send(repo, "push", user, **payload, pusher={"name": user.login}, commits=[], head_commit=None)
        for target in self.forge_state.repos.values():
            for pull in target.pulls.values():
                if pull.state == "open" and pull.head_repo is repo and pull.head == branch and new != zero:
                    pull.head_sha = new
                    self._update_head_ref(target, pull)
                    self.notify(target, pull, "synchronize", user, before=old, after=new)
                if pull.state == "open" and target is repo and pull.base == branch:
                    pull.base_sha = new
        self.forge_state.changes += 1

    def _resolve_head(self, repo: Repo, head: str) -> tuple[Repo, str]:
        owner, colon, branch = head.rpartition(":")
        if not colon or owner == repo.owner:
            return repo, branch
        fork = next((r for r in self.forge_state.repos.values() if r.owner == owner and r.parent is repo), None)
        if fork is None:
            raise ApiError(422, "Validation Failed: head")
        return fork, branch

    def _update_head_ref(self, repo: Repo, pull: Pull) -> None:
        ref = f"refs/pull/{pull.number}/head"
        if pull.head_repo is not None and pull.head_repo is not repo:
            repository.fetch_commit(repo, pull.head_repo, pull.head_sha, ref)
        else:
            repository.set_ref(repo, ref, pull.head_sha)

    def _notify_comment(self, repo: Repo, comment: Comment, action: str, user: User) -> None:
        pull = repo.pulls[comment.number]
        issue = {
            "number": pull.number,
            "title": pull.title,
            "state": pull.state,
            "user": self.shapes.user(pull.user),
            "pull_request": {"url": f"{self.shapes.api}/repos/{repo.full_name}/pulls/{pull.number}"},
        }
        shape = self.shapes.comment(repo, comment)
        self.send(repo, "issue_comment", user, action=action, issue=issue, comment=shape)

    def _notify_review(self, repo: Repo, pull: Pull, review: Review, action: str, user: User) -> None:
        shape = self.shapes.review(repo, pull, review) | {"state": review.state.lower()}
        pull_shape = self.shapes.pull(repo, pull)
        self.send(repo, "pull_request_review", user, action=action, review=shape, pull_request=pull_shape)

    def send(self, repo: Repo, event: str, user: User, only: App | None = None, **payload: Any) -> None:
        """Queue an event for every hook, or for the only App that it concerns."""
        both = {"repository": self.shapes.repo(repo), "sender": self.shapes.user(user)}
        self.hooks.send(repo, event, payload | both, only)
