"""GitHub's JSON for what the forge knows. Pure: the address of the forge comes in."""

from typing import Any

from sandbox.forge import repository
from sandbox.forge.state import REACTIONS, Comment, Pull, Repo, Review, Status, User, Webhook


class Shapes:
    """Makes JSON with addresses under `url`, the forge's own."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.api = f"{self.url}/api/v3"

    def user(self, user: User | None) -> dict[str, Any] | None:
        """A user."""
        if user is None:
            return None
        return {
            "login": user.login,
            "id": user.id,
            "node_id": f"U_{user.id}",
            "type": user.type,
            "name": user.name,
            "email": user.email,
            "user_view_type": "public",
            "site_admin": False,
            "url": f"{self.api}/users/{user.login}",
            "html_url": f"{self.url}/{user.login}",
        }

    def account(self, login: str, id: int = 1, type: str = "Organization") -> dict[str, Any]:
        """Whoever owns things: the sandbox knows no more of an owner than the name."""
        return {"login": login, "id": id, "node_id": f"O_{id}", "type": type, "site_admin": False}

    def repo(self, repo: Repo, viewer: User | None = None) -> dict[str, Any]:
        """A repository, with what the viewer may do in it."""
        role = repo.role(viewer.login) if viewer else "none"
        rank = ("none", "read", "triage", "write", "maintain", "admin").index(role)
        names = ("pull", "triage", "push", "maintain", "admin")
        return {
            "id": repo.id,
            "node_id": f"R_{repo.id}",
            "name": repo.name,
            "full_name": repo.full_name,
            "private": repo.private,
            "archived": repo.archived,
            "fork": repo.parent is not None,
            "owner": self.account(repo.owner, repo.id),
            "default_branch": repo.default_branch,
            "url": f"{self.api}/repos/{repo.full_name}",
            "html_url": f"{self.url}/{repo.full_name}",
            "clone_url": f"{self.url}/{repo.full_name}.git",
            "allow_merge_commit": "merge" in repo.methods,
            "allow_squash_merge": "squash" in repo.methods,
            "allow_rebase_merge": "rebase" in repo.methods,
            "permissions": {name: rank > place for place, name in enumerate(names)},
        }

    def pull(self, repo: Repo, pull: Pull) -> dict[str, Any]:
        """A pull request; whether it merges is looked up only while it is open."""
        mergeable = None
        if pull.state == "open":
            mergeable = repository.mergeable(repo, pull.base_sha, pull.head_sha)
        api = f"{self.api}/repos/{repo.full_name}"
        return {
            "id": pull.id,
            "node_id": f"PR_{pull.id}",
            "number": pull.number,
            "state": pull.state,
            "title": pull.title,
            "body": pull.body,
            "user": self.user(pull.user),
            "draft": pull.draft,
            "locked": False,
            "url": f"{api}/pulls/{pull.number}",
            "issue_url": f"{api}/issues/{pull.number}",
            "html_url": f"{self.url}/{repo.full_name}/pull/{pull.number}",
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "closed_at": pull.closed_at,
            "merged_at": pull.merged_at,
            "merged": pull.merged,
            "merged_by": self.user(pull.merged_by),
            "merge_commit_sha": pull.merge_commit_sha,
            "mergeable": mergeable,
            "mergeable_state": {True: "clean", False: "dirty", None: "unknown"}[mergeable],
            "head": self._side(pull.head_repo, pull.head, pull.head_sha),
            "base": self._side(repo, pull.base, pull.base_sha),
        }

    def _side(self, repo: Repo | None, branch: str, sha: str) -> dict[str, Any]:
        """One of the two branches; the head's repository is null when the fork is gone."""
        owner = repo.owner if repo else "unknown"
        user = self.account(owner, type="User")
        repository_json = self.repo(repo) if repo else None
        return {"ref": branch, "sha": sha, "label": f"{owner}:{branch}", "repo": repository_json, "user": user}

    def comment(self, repo: Repo, comment: Comment) -> dict[str, Any]:
        """A comment, with the count of its reactions."""
        api = f"{self.api}/repos/{repo.full_name}"
        role = repo.role(comment.user.login)
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "user": self.user(comment.user),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": "MEMBER" if role in ("write", "maintain", "admin") else "NONE",
            "performed_via_github_app": None,
            "minimized": {"reason": comment.minimized} if comment.minimized else None,
            "url": f"{api}/issues/comments/{comment.id}",
            "issue_url": f"{api}/issues/{comment.number}",
            "html_url": f"{self.url}/{repo.full_name}/pull/{comment.number}#issuecomment-{comment.id}",
            "reactions": _count_reactions(comment),
        }

    def review(self, repo: Repo, pull: Pull, review: Review) -> dict[str, Any]:
        """A review."""
        return {
            "id": review.id,
            "node_id": f"PRR_{review.id}",
            "user": self.user(review.user),
            "body": review.body,
            "state": review.state,
            "commit_id": review.commit_id,
            "submitted_at": review.submitted_at,
            "author_association": "MEMBER",
            "html_url": f"{self.url}/{repo.full_name}/pull/{pull.number}#pullrequestreview-{review.id}",
            "pull_request_url": f"{self.api}/repos/{repo.full_name}/pulls/{pull.number}",
        }

    def status(self, repo: Repo, sha: str, status: Status) -> dict[str, Any]:
        """A commit's status."""
        return {
            "id": status.id,
            "node_id": f"SC_{status.id}",
            "url": f"{self.api}/repos/{repo.full_name}/statuses/{sha}",
            "state": status.state,
            "context": status.context,
            "description": status.description,
            "target_url": status.target_url,
            "creator": self.user(status.creator),
            "avatar_url": _avatar_url(status.creator),
            "created_at": status.created_at,
            "updated_at": status.created_at,
        }

    def hook(self, repo: Repo, hook: Webhook) -> dict[str, Any]:
        """A webhook, without its secret."""
        return {
            "id": hook.id,
            "type": "Repository",
            "name": "web",
            "active": True,
            "events": hook.events,
            "config": {"url": hook.url, "content_type": "json"},
            "url": f"{self.api}/repos/{repo.full_name}/hooks/{hook.id}",
        }


def _count_reactions(comment: Comment) -> dict[str, int]:
    contents = [reaction["content"] for reaction in comment.reactions]
    return {"total_count": len(contents)} | {content: contents.count(content) for content in REACTIONS}


def _avatar_url(user: User) -> str:
    """GitHub's addresses tell Apps from people; nothing is fetched from there."""
    who = f"u/{user.id}" if user.app is None else f"in/{user.app}"
    return f"https://avatars.githubusercontent.com/{who}?v=4"
