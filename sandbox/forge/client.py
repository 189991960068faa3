"""Act on the sandbox as people do: by its public API and by real git. Used by the demo and by the tests."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox.forge.repository import ENVIRONMENT

TIMEOUT_SECONDS = 60


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@dataclass(frozen=True)
class Person:
    """Someone with a token. Repositories are named `owner/name`."""

    url: str
    login: str
    email: str
    token: str
    session: requests.Session

    def api(self, method: str, path: str, **json: Any) -> Any:
        """Call the REST API; the answer's JSON. Raises requests.HTTPError with the answer's text."""
        answer = self.session.request(
            method,
            f"{self.url}/api/v3{path}",
            json=json or None,
            headers={"Authorization": f"token {self.token}"},
            timeout=TIMEOUT_SECONDS,
        )
        if answer.status_code >= 400:
            raise requests.HTTPError(f"{answer.status_code} {answer.text}", response=answer)
        return answer.json() if answer.content else None

    def clone(self, repo: str, directory: Path) -> Path:
        """A fresh clone, with the token in its address (it is the person's own machine)."""
        address = f"{self.url.replace('://', f'://{self.login}:{self.token}@')}/{repo}.git"
        self.git(directory.parent, "clone", "--quiet", address, str(directory))
        self.git(directory, "config", "user.name", self.login)
        self.git(directory, "config", "user.email", self.email)
        return directory

    def push(
        self, directory: Path, files: Mapping[str, str | None], branch: str, message: str, force: bool = False
    ) -> str:
        """Write (None: delete) files on the branch, from where the clone stands, and push; the commit."""
        if self.git(directory, "branch", "--show-current") != branch:
            known = self.git(directory, "branch", "--list", branch)
            self.git(directory, "checkout", "--quiet", *([] if known else ["-b"]), branch)
        for name, text in files.items():
            path = directory / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git(directory, "add", "--all")
        self.git(directory, "commit", "--quiet", "--allow-empty", "-m", message)
        self.git(directory, "push", "--quiet", *(["--force"] if force else []), "origin", f"HEAD:refs/heads/{branch}")
        return self.git(directory, "rev-parse", "HEAD")

    def git(self, directory: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=directory, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"git {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def open_pull(self, repo: str, head: str, base: str, title: str, body: str = "", draft: bool = False) -> int:
        made = self.api("POST", f"/repos/{repo}/pulls", head=head, base=base, title=title, body=body, draft=draft)
        return int(made["number"])

    def comment(self, repo: str, number: int, body: str) -> int:
        return int(self.api("POST", f"/repos/{repo}/issues/{number}/comments", body=body)["id"])

    def review(self, repo: str, number: int, event: str, body: str = "") -> int:
        return int(self.api("POST", f"/repos/{repo}/pulls/{number}/reviews", event=event, body=body)["id"])

    def approve(self, repo: str, number: int) -> int:
        return self.review(repo, number, "APPROVE")

    def request_changes(self, repo: str, number: int) -> int:
        return self.review(repo, number, "REQUEST_CHANGES", "please look again")

    def merge(self, repo: str, number: int, method: str = "merge", sha: str | None = None) -> str:
        pinned = {"sha": sha} if sha else {}
        return str(self.api("PUT", f"/repos/{repo}/pulls/{number}/merge", merge_method=method, **pinned)["sha"])

    def close(self, repo: str, number: int) -> None:
        self.api("PATCH", f"/repos/{repo}/pulls/{number}", state="closed")

    def reopen(self, repo: str, number: int) -> None:
        self.api("PATCH", f"/repos/{repo}/pulls/{number}", state="open")

    def pull(self, repo: str, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.api("GET", f"/repos/{repo}/pulls/{number}")
        return found

    def pulls(self, repo: str, state: str = "open") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api("GET", f"/repos/{repo}/pulls?state={state}&per_page=100")
        return found

    def comments(self, repo: str, number: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api("GET", f"/repos/{repo}/issues/{number}/comments?per_page=100")
        return found

    def reactions(self, repo: str, comment: int) -> list[str]:
        found = self.api("GET", f"/repos/{repo}/issues/comments/{comment}/reactions")
        return [reaction["content"] for reaction in found]

    def statuses(self, repo: str, sha: str) -> dict[str, str]:
        """State by context."""
        combined = self.api("GET", f"/repos/{repo}/commits/{sha}/status")
        return {status["context"]: status["state"] for status in combined["statuses"]}

    def check_runs(self, repo: str, sha: str) -> dict[str, dict[str, Any]]:
        """The newest check run of each name."""
        found = self.api("GET", f"/repos/{repo}/commits/{sha}/check-runs?per_page=100")
        return {run["name"]: run for run in found["check_runs"]}

    def annotations(self, repo: str, run: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api("GET", f"/repos/{repo}/check-runs/{run}/annotations?per_page=100")
        return found

    def add_hook(self, repo: str, url: str, secret: str) -> int:
        config = {"url": url, "secret": secret, "content_type": "json"}
        return int(self.api("POST", f"/repos/{repo}/hooks", config=config, events=["*"])["id"])


class Forge:
    """The sandbox as its runner sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = _session()

    def control(self, method: str, path: str, **json: Any) -> Any:
        answer = self._session.request(method, f"{self.url}/_sandbox{path}", json=json, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def user(self, login: str, type: str = "User", email: str | None = None) -> Person:
        made = self.control("POST", "/users", login=login, type=type, email=email)
        return Person(self.url, login, made["email"], made["token"], _session())

    def repository(self, owner: str, name: str, collaborators: Mapping[str, str], private: bool = False) -> str:
        """Make a repository; its full name."""
        self.control("POST", "/repos", owner=owner, name=name, collaborators=dict(collaborators), private=private)
        return f"{owner}/{name}"

    def app(self, owner: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Make an App; its `id`, `slug`, `pem` and `webhook_secret`."""
        made: dict[str, Any] = self.control("POST", "/apps", owner=owner, manifest=dict(manifest))
        return made

    def install(self, app: int, account: str, **fields: Any) -> int:
        """Install an App, or change how it is: `repos`, `permissions`, `suspended_at`, `gone`."""
        return int(self.control("PUT", f"/apps/{app}/installations/{account}", **fields)["id"])

    def end_tokens(self, seconds: float = 3600) -> None:
        """End all tokens of Apps; the next ones last so long."""
        self.control("PUT", "/tokens", seconds=seconds)

    def fine_token(self, login: str, **fields: Any) -> str:
        """Another token of a user, with `permissions` or `scopes`."""
        return str(self.control("POST", f"/users/{login}/tokens", **fields)["token"])

    def faults(self, **wanted: Any) -> None:
        """Replace all faults; none given ends them."""
        self.control("PUT", "/faults", **wanted)

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "/requests")
        return found

    def forget_requests(self) -> None:
        self.control("DELETE", "/requests")
