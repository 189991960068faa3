"""git on the sandbox's bare repositories: making them, reading refs, merging in GitHub's three styles."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.forge.state import Repo, User

ENVIRONMENT = {
    "PATH": os.defpath + ":/usr/local/bin",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
}


class Conflict(Exception):
    """The two cannot be merged; `args` are the files."""


def git(path: Path, *arguments: str, env: Mapping[str, str] | None = None, ok: tuple[int, ...] = (0,)) -> str:
    """Run git in a bare repository; its output without the last line break. Raises CalledProcessError."""
    command = ["git", "-c", "safe.directory=*", "-c", "gc.auto=0", *arguments]
    process = subprocess.run(
        command,
        cwd=path,
        env=ENVIRONMENT | dict(env or {}),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if process.returncode not in ok:
        raise subprocess.CalledProcessError(process.returncode, command, process.stdout, process.stderr)
    return process.stdout.rstrip("\n")


def create(repo: Repo) -> None:
    """An empty one, in the place of whatever an earlier sandbox left there."""
    shutil.rmtree(repo.path, ignore_errors=True)
    repo.path.mkdir(parents=True)
    git(repo.path, "init", "--bare", "--quiet", f"--initial-branch={repo.default_branch}", ".")
    git(repo.path, "config", "http.receivepack", "true")
    git(repo.path, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(repo.path, "config", "uploadpack.allowFilter", "true")


def delete(repo: Repo) -> None:
    """Remove a repository from disk."""
    shutil.rmtree(repo.path, ignore_errors=True)


def refs(repo: Repo) -> dict[str, str]:
    """Commits by full ref name."""
    listed = git(repo.path, "for-each-ref", "--format=%(objectname) %(refname)")
    return {name: sha for sha, _, name in (line.partition(" ") for line in listed.splitlines())}


def branch_sha(repo: Repo, branch: str) -> str | None:
    """The commit that a branch is at; None where there is no such branch."""
    return git(repo.path, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}", ok=(0, 1, 128)) or None


def set_ref(repo: Repo, ref: str, sha: str) -> None:
    """Point a ref at a commit. Raises CalledProcessError."""
    git(repo.path, "update-ref", ref, sha)


def fetch_commit(repo: Repo, fork: Repo, sha: str, ref: str) -> None:
    """Fetch a commit of a fork, under a ref of ours."""
    git(repo.path, "fetch", "--quiet", "--no-tags", str(fork.path), f"+{sha}:{ref}", env={"GIT_ALLOW_PROTOCOL": "file"})


def merged_tree(repo: Repo, base: str, head: str) -> str:
    """The tree of both merged. Raises Conflict."""
    out = git(repo.path, "merge-tree", "--write-tree", "--name-only", "--no-messages", base, head, ok=(0, 1))
    tree, *files = out.splitlines()
    if files:
        raise Conflict(*files)
    return tree


def mergeable(repo: Repo, base: str, head: str) -> bool:
    """Whether the two merge without a conflict."""
    try:
        merged_tree(repo, base, head)
    except (Conflict, subprocess.CalledProcessError):
        return False
    return True


def merge(repo: Repo, base: str, head: str, method: str, user: User, message: str) -> str:
    """The commit that base becomes. Raises Conflict."""
    if method == "merge":
        return commit(repo, merged_tree(repo, base, head), (base, head), message, user)
    if method == "squash":
        return commit(repo, merged_tree(repo, base, head), (base,), message, user)
    tip = base
    for sha in git(repo.path, "rev-list", "--reverse", "--no-merges", f"{base}..{head}").split():
        tip = _cherry_pick(repo, sha, tip, user)
    return tip


def commit(repo: Repo, tree: str, parents: tuple[str, ...], message: str, user: User) -> str:
    """Make a commit of a tree; its sha."""
    env = {f"GIT_{who}_{field}": value for who in ("AUTHOR", "COMMITTER") for field, value in _identity(user)}
    options = [word for parent in parents for word in ("-p", parent)]
    return git(repo.path, "commit-tree", tree, *options, "-m", message, env=env)


def _cherry_pick(repo: Repo, sha: str, onto: str, user: User) -> str:
    """One commit on top of another, by a merge whose base is the commit's parent."""
    parent = git(repo.path, "rev-parse", f"{sha}^")
    fork = commit(repo, git(repo.path, "rev-parse", f"{parent}^{{tree}}"), (), "fork", user)
    ours = commit(repo, git(repo.path, "rev-parse", f"{onto}^{{tree}}"), (fork,), "ours", user)
    theirs = commit(repo, git(repo.path, "rev-parse", f"{sha}^{{tree}}"), (fork,), "theirs", user)
    name, email, date, subject = git(repo.path, "show", "-s", "--format=%an%x00%ae%x00%aI%x00%B", sha).split("\0")
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    committer = {f"GIT_COMMITTER_{field}": value for field, value in _identity(user)}
    tree = merged_tree(repo, ours, theirs)
    return git(repo.path, "commit-tree", tree, "-p", onto, "-m", subject.strip(), env=author | committer)


def _identity(user: User) -> tuple[tuple[str, str], ...]:
    return (("NAME", user.name), ("EMAIL", user.email))


def commit_file(repo: Repo, head: str, path: str, content: str, user: User) -> str:
    """A commit on head with one file written."""
    index = {"GIT_INDEX_FILE": str(repo.path / f"index-{head}")}
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=repo.path,
        env=ENVIRONMENT,
        input=content,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    git(repo.path, "read-tree", head, env=index)
    git(repo.path, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
    tree = git(repo.path, "write-tree", env=index)
    (repo.path / f"index-{head}").unlink(missing_ok=True)
    return commit(repo, tree, (head,), f"Change {path}", user)


def commit_revert(repo: Repo, merge_sha: str, onto: str, user: User) -> str:
    """A commit on `onto` without what landed. Raises Conflict."""
    trees = [git(repo.path, "rev-parse", f"{revision}^{{tree}}") for revision in (merge_sha, onto, f"{merge_sha}^")]
    fork = commit(repo, trees[0], (), "as it landed", user)
    ours = commit(repo, trees[1], (fork,), "as it is", user)
    theirs = commit(repo, trees[2], (fork,), "as it was", user)
    return commit(repo, merged_tree(repo, ours, theirs), (onto,), f"Revert {merge_sha[:12]}", user)
