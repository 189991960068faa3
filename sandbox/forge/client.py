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
        response = self.session.request(
            method,
            f"{self.url}/api/v3{path}",
            json=json or None,
            headers={"Authorization": f"token {self.token}"},
            timeout=TIMEOUT_SECONDS,
        )
        if response.status_code >= 400:
            raise requests.HTTPError(f"{response.status_code} {response.text}", response=response)
        return response.json() if response.content else None

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
            existing = self.git(directory, "branch", "--list", branch)
            self.git(directory, "checkout", "--quiet", *([] if existing else ["-b"]), branch)
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

    def git(self, directory: Path, *arguments: str) -> str:
        """Run git in a clone; its output. Raises RuntimeError with git's words."""
        process = subprocess.run(
            ["git", *arguments], cwd=directory, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        if process.returncode:
            raise RuntimeError(f"git {' '.join(arguments)}: {process.stderr}")
        return process.stdout.strip()

    def open_pull(self, repo: str, head: str, base: str, title: str, body: str = "", draft: bool = False) -> int:
        """Open a pull request; its number."""
        pull = self.api("POST", f"/repos/{repo}/pulls", head=head, base=base, title=title, body=body, draft=draft)
        return int(pull["number"])

    def comment(self, repo: str, number: int, body: str) -> int:
        """Comment on a pull request; the comment's id."""
        return int(self.api("POST", f"/repos/{repo}/issues/{number}/comments", body=body)["id"])

    def approve(self, repo: str, number: int) -> int:
        """Submit an approval; the review's id."""
        review = self.api("POST", f"/repos/{repo}/pulls/{number}/reviews", event="APPROVE")
        return int(review["id"])

    def merge(self, repo: str, number: int, method: str = "merge", sha: str | None = None) -> str:
        """Merge, at `sha` if it is given; the commit that landed."""
        pinned = {"sha": sha} if sha else {}
        return str(self.api("PUT", f"/repos/{repo}/pulls/{number}/merge", merge_method=method, **pinned)["sha"])

    def pull(self, repo: str, number: int) -> dict[str, Any]:
        """A pull request's JSON."""
        pull_json: dict[str, Any] = self.api("GET", f"/repos/{repo}/pulls/{number}")
        return pull_json

    def pulls(self, repo: str, state: str = "open") -> list[dict[str, Any]]:
        """The pull requests in a state."""
        open_pulls: list[dict[str, Any]] = self.api("GET", f"/repos/{repo}/pulls?state={state}&per_page=100")
        return open_pulls

    def comments(self, repo: str, number: int) -> list[dict[str, Any]]:
        """The comments of a pull request, oldest first."""
        thread: list[dict[str, Any]] = self.api("GET", f"/repos/{repo}/issues/{number}/comments?per_page=100")
        return thread

    def add_hook(self, repo: str, url: str, secret: str) -> int:
        """Add a webhook for every event; its id."""
        config = {"url": url, "secret": secret, "content_type": "json"}
        return int(self.api("POST", f"/repos/{repo}/hooks", config=config, events=["*"])["id"])


class ForgeClient:
    """The sandbox as its runner sees it; `person_type` is what its people can do."""

    person_type: type[Person] = Person

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = _session()

    def control(self, method: str, path: str, **json: Any) -> Any:
        """Call the sandbox's own API; the answer's JSON. Raises requests.HTTPError."""
        response = self._session.request(method, f"{self.url}/_sandbox{path}", json=json, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        return response.json()

    def user(self, login: str, type: str = "User", email: str | None = None) -> Person:
        """Make somebody, or look them up."""
        account = self.control("POST", "/users", login=login, type=type, email=email)
        return self.person_type(self.url, login, account["email"], account["token"], _session())

    def repository(self, owner: str, name: str, collaborators: Mapping[str, str], private: bool = False) -> str:
        """Make a repository; its full name."""
        self.control("POST", "/repos", owner=owner, name=name, collaborators=dict(collaborators), private=private)
        return f"{owner}/{name}"
