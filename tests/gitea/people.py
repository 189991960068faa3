"""People on the tests' Gitea: they call its API and push with git, as people do, past every proxy."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

KEEPER, BOT = "keeper", "gitops-bot"
LOGINS = ("alice", "bob", "carol", "mallory", BOT)
TIMEOUT_SECONDS = 30
GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}


class Answered(AssertionError):
    """Gitea said no to somebody in a test."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status


@dataclass(frozen=True)
class Person:
    url: str
    login: str
    token: str

    @property
    def email(self) -> str:
        return f"{self.login}@users.example.test"

    def api(self, method: str, path: str, **body: object) -> Any:
        """The answer's JSON. Raises Answered with the status where Gitea says no."""
        answer = self._asked(method, path, body)
        return answer.json() if answer.content else None

    def pages(self, path: str, key: str | None = None) -> list[Any]:
        found: list[Any] = []
        for number in range(1, 20):
            raw = self.api("GET", f"{path}?limit=50&page={number}")
            new = (raw[key] if key else raw) or []
            found += [one for one in new if one not in found]
            if not new:
                break
        return found

    def git(self, clone: Path, *arguments: str) -> str:
        """In a clone, with this person's credentials and nobody's configuration."""
        header = f"http.extraHeader=Authorization: token {self.token}"
        named = ["-c", f"user.name={self.login}", "-c", header]
        command = ["git", *named, *arguments]
        done = subprocess.run(
            command, cwd=clone, env={"PATH": "/usr/local/bin:/usr/bin:/bin", **GIT}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, clone: Path, files: Mapping[str, str], message: str, email: str = "") -> str:
        for name, text in files.items():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_text(text)
        self.git(clone, "add", "--all")
        self.git(clone, "-c", f"user.email={email or self.email}", "commit", "--quiet", "-m", message)
        return self.git(clone, "rev-parse", "HEAD")

    def _asked(self, method: str, path: str, body: Mapping[str, object]) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        url = f"{self.url}/api/v1{path}"
        answer = requests.request(method, url, headers=headers, json=body or None, timeout=TIMEOUT_SECONDS)
        if answer.status_code >= 300:
            raise Answered(answer.status_code, f"{method} {path}: {answer.text}")
        return answer


def invite(url: str, token: str) -> dict[str, str]:
    """Everybody of the tests, with a token each that may do everything they may; tokens by login. And `acme`."""
    keeper = Person(url, KEEPER, token)
    keeper.api("POST", "/orgs", username="acme", visibility="private")
    tokens = {KEEPER: token}
    for login in LOGINS:
        email, password = f"{login}@users.example.test", login * 2
        keeper.api("POST", "/admin/users", username=login, email=email, password=password, must_change_password=False)
        tokens[login] = made_token(url, login, "all")
    return tokens


def made_token(url: str, login: str, *scopes: str) -> str:
    """A token of a person with these scopes; Gitea gives them for a password only."""
    name = "-".join(scopes).replace(":", "-")
    answer = requests.post(
        f"{url}/api/v1/users/{login}/tokens",
        auth=(login, login * 2),
        json={"name": name, "scopes": list(scopes)},
        timeout=TIMEOUT_SECONDS,
    )
    if answer.status_code >= 300:
        raise Answered(answer.status_code, answer.text)
    return str(answer.json()["sha1"])
