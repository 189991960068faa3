"""A forge is one package: CONTRIBUTING.md's own, in a copy of the tree, delivers a pull request and shows its plan."""

import hashlib
import hmac
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import requests

from tests.contributing import StageFromCopy, copy_tree, files_of
from tests.e2e.acting import ONE
from tests.e2e.conftest import QUICK

SECRET = "the folder's own"
PEOPLE = {"GIT_AUTHOR_NAME": "alice", "GIT_AUTHOR_EMAIL": "a@x", "GIT_COMMITTER_NAME": "alice"}
DELIVERY = {"id": "d-1", "repository": "acme/infra", "pull": 1, "change": "opened", "sender": "alice"}


def test_a_forge_is_added_by_one_package(tmp_path: Path) -> None:
    files = files_of("Add a forge")
    assert list(files) == ["bot/hosts/folder/__init__.py"]
    folder = tmp_path / "folder"
    settings = {"FOLDER__PATH": str(folder), "FOLDER__WEBHOOK_SECRET": SECRET}
    pull = _a_pull(folder / "acme/infra", tmp_path / "clone")
    with StageFromCopy(tmp_path / "stage", QUICK | settings, copy_tree(tmp_path / "tree", files)) as stage:
        body = json.dumps(DELIVERY).encode()
        assert _delivered(stage.bot_url, body, "of somebody else") == 401
        assert _delivered(stage.bot_url, body, SECRET) == 202
        assert "terraform_data.one" in stage.wait_for("the plan", lambda: _plan(pull))
        stage.wait_for("its status", lambda: _statuses(pull).get("gitops-bot/plan") == "success")
        _comment(pull, "talk-1", "/help")
        assert "/unlock" in stage.wait_for("the answer", lambda: _said(pull, "talk-1:0"))
    assert len(json.loads(pull.read_text())["comments"]) == 3


def _a_pull(repository: Path, clone: Path) -> Path:
    """A repository with a pull request that adds a project; the file of the pull."""
    (repository / "pulls").mkdir(parents=True)
    clone.mkdir()
    _git(clone, "init", "--quiet", "--initial-branch=main")
    base = _commit(clone, "README.md", "nothing yet\n")
    head = _commit(clone, "net/main.tf", ONE)
    _git(clone, "init", "--quiet", "--bare", str(repository / "git"))
    _git(clone, "push", "--quiet", str(repository / "git"), f"{base}:refs/heads/main", f"{head}:refs/pull/1/head")
    about = {"id": 1, "default_branch": "main", "roles": {"alice": "write"}}
    (repository / "repository.json").write_text(json.dumps(about))
    branches = {"base": {"name": "main", "sha": base}, "head": {"name": "change", "sha": head}}
    pull = repository / "pulls/1.json"
    pull.write_text(json.dumps({"title": "Add net", "author": "alice", "state": "open"} | branches))
    return pull


def _commit(clone: Path, name: str, text: str) -> str:
    (clone / name).parent.mkdir(exist_ok=True)
    (clone / name).write_text(text)
    _git(clone, "add", "--all")
    _git(clone, "commit", "--quiet", "--message", f"Write {name}")
    return _git(clone, "rev-parse", "HEAD")


def _git(directory: Path, *arguments: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(directory)} | PEOPLE | {"GIT_COMMITTER_EMAIL": "a@x"}
    command = ["git", *arguments]
    return subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, check=True).stdout.strip()


def _delivered(bot: str, body: bytes, secret: str) -> int:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Folder-Signature": signature}
    return requests.post(f"{bot}/webhooks/folder", data=body, headers=headers, timeout=20).status_code


def _statuses(pull: Path) -> dict[str, str]:
    """State by name, of the head."""
    statuses: dict[str, dict[str, str]] = json.loads((pull.parents[1] / "statuses.json").read_text())
    return statuses[json.loads(pull.read_text())["head"]["sha"]]


def _comment(pull: Path, id: str, body: str) -> None:
    """As alice; the sweep reads it. Ids of this forge are words."""
    comment = {"id": id, "author": "alice", "body": body, "written_at": datetime.now(UTC).isoformat()}
    raw = json.loads(pull.read_text())
    pull.write_text(json.dumps(raw | {"comments": [*raw["comments"], comment]}))


def _plan(pull: Path) -> str | None:
    """The comment that tells the plan's end."""
    return _said(pull, "What blocks the apply")


def _said(pull: Path, words: str) -> str | None:
    """The comment with these words."""
    bodies = [comment["body"] for comment in json.loads(pull.read_text()).get("comments", [])]
    return next((body for body in bodies if words in body), None)
