"""One bare mirror per repository: fetched exactly as needed, never by branch name where an id will do."""

import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from git import GitError, Reference, Repo
from gitdb.exc import BadName, ODBError  # type: ignore[import-untyped]  # gitdb has no types

from bot.core.errors import Refused, ToolFailed
from bot.git.command import OURSELVES, Damaged, Git, sha
from bot.git.tree import GitTree
from bot.ports import Remote

WORKTREES = "worktrees"
RESULTS = "refs/gitops-bot/results"
LATER_COMMITS_SHOWN = 10
ALWAYS = "0"  # the time of what is made of commits alone
AS_IN_GIT = "* -text -ident !filter !working-tree-encoding\n"
HUNK = re.compile(rb"^@@ -\S+ \+\S+ @@.*$", re.MULTILINE)
INDEX = re.compile(rb"^index [0-9a-f]+\.\.[0-9a-f]+", re.MULTILINE)


class Mirror:
    """A mirror at `path` of the repository that `remote` reaches. Made when first fetched; any number may share it."""

    def __init__(self, path: Path, remote: Remote) -> None:
        self._path, self._remote = path, remote
        self._damage = path.with_suffix(".damaged")
        self._git = Git(path, remote.env, self._damage)

    @property
    def forge(self) -> str:
        """Host and port of where it comes from."""
        return urlsplit(self._remote.url).netloc

    def fetch(self, *refs: str) -> None:
        """Bring these refs (full names) up to date, in a new mirror where the old one is damaged.

        Raises Transient or Refused as the network or the forge say.
        """
        words = ("fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--end-of-options", self._remote.url)
        specs = [f"+{ref}:{ref}" for ref in refs]
        with self._alone():
            self._make()
            try:
                self._git(*words, *specs)
            except Damaged:
                self._make()
                self._git(*words, *specs)

    def has(self, commit: str) -> bool:
        if not self._path.is_dir():
            return False
        return self._git("cat-file", "-e", f"{sha(commit)}^{{commit}}", ok=(0, 1, 128)).exit == 0

    def resolve(self, ref: str) -> str:
        """The commit that a full ref name stands at."""
        try:
            with closing(Repo(self._path)) as repository:
                return sha(Reference.dereference_recursive(repository, ref))
        except (ValueError, BadName) as missing:
            raise ToolFailed(f"there is no {ref} in the mirror") from missing
        except (GitError, ODBError, OSError) as broken:
            raise self._git.damaged(f"{ref} cannot be read in the mirror") from broken

    def merge_result(self, base: str, head: str) -> str:
        """The commit of base with head merged in, the same every time. Raises Refused naming the files in conflict."""
        tree, files = self._merged(base, head)
        if files:
            raise Refused(f"it conflicts with its base branch in {', '.join(files)}")
        commit = self._commit(tree, (base, head), f"Merge {head} into {base}", ALWAYS)
        self._keep(commit)
        return commit

    def tree(self, commit: str) -> GitTree:
        return GitTree(self._git, sha(commit))

    def changed(self, base: str, result: str) -> tuple[str, ...]:
        """Paths that differ, a renamed file under both its names."""
        diff = self._git("diff", "--name-only", "-z", "--no-renames", sha(base), sha(result), "--")
        return tuple(diff.out.split("\0")[:-1])

    def merge_base(self, one: str, other: str) -> str | None:
        found = self._git("merge-base", sha(one), sha(other), ok=(0, 1)).out.strip()
        return found or None

    def is_ancestor(self, one: str, other: str) -> bool:
        return self._git("merge-base", "--is-ancestor", sha(one), sha(other), ok=(0, 1)).exit == 0

    def parents(self, commit: str) -> tuple[str, ...]:
        with closing(Repo(self._path)) as repository:
            return tuple(parent.hexsha for parent in repository.commit(sha(commit)).parents)

    def change_digest(self, base: str, head: str) -> str:
        """Digest of what head itself changes: its diff against the merge base, without line numbers and object ids."""
        fork = self.merge_base(base, head)
        if fork is None:
            raise Refused("it has no history in common with its base branch")
        return self._own_change(fork, sha(head))

    def checkout(self, commit: str, into: Path) -> None:
        """A detached work tree of the commit at `into`; if a whole one is there already, it stays.

        Its files have the bytes that Git has: attributes could give tools others than those that were looked through.
        """
        with self._alone():
            if self.stands(into):
                return
            shutil.rmtree(into, ignore_errors=True)
            into.parent.mkdir(parents=True, exist_ok=True)
            aside, attributes = into.with_name(f"{into.name}.new"), self._path / "info" / "attributes"
            shutil.rmtree(aside, ignore_errors=True)
            if self._path.is_dir():
                attributes.parent.mkdir(exist_ok=True)
                attributes.write_text(AS_IN_GIT)
            # twice --force: an add that was killed leaves its path locked, and we are alone here
            self._git("worktree", "add", "--quiet", "--detach", "--force", "--force", str(aside), sha(commit))
            self._git("worktree", "move", str(aside), str(into))

    @staticmethod
    def stands(into: Path) -> bool:
        """A whole work tree is there: the move to it came to its end, so its two files name each other."""
        try:
            ours = Path((into / ".git").read_text().removeprefix("gitdir: ").strip())
            return (ours / "gitdir").read_text().strip() == str(into / ".git")
        except OSError:
            return False

    def drop(self, path: Path) -> None:
        """Remove a work tree, if it is there. Nobody waits for its files to go, of which there may be many."""
        gone = path.with_name(f"{path.name}.gone")
        if path.exists():
            with self._alone():
                shutil.rmtree(gone, ignore_errors=True)
                with suppress(FileNotFoundError):
                    path.rename(gone)
                if self._path.is_dir():
                    self._git("worktree", "prune")
        shutil.rmtree(gone, ignore_errors=True)

    def push(self, commit: str, branch: str) -> None:
        """Make the branch on the forge, or leave it as it is when it is at that commit. Raises Refused otherwise."""
        target = f"refs/heads/{branch}"
        pushed = self._git("push", "--quiet", self._remote.url, f"{sha(commit)}:{target}", ok=(0, 1))
        if pushed.exit:
            raise Refused(f"branch {branch} is there already and holds something else")

    def revert(self, landed: str, onto: str, head: str) -> str:
        """A commit on `onto` that takes back what landed as a merge, a squash or a rebase of the pull with that head.

        Raises Refused naming the files in conflict and the later commits that touch them.
        """
        before = self._before(sha(landed), sha(head))
        when = self._show("%ct", sha(onto))
        fork = self._commit(self._show("%T", landed), (), "as it landed", when)
        ours = self._commit(self._show("%T", onto), (fork,), "as it is", when)
        theirs = self._commit(self._show("%T", before), (fork,), "as it was", when)
        tree, files = self._merged(ours, theirs)
        if files:
            raise Refused(self._in_the_way(landed, onto, files))
        if tree == self._show("%T", onto):
            raise Refused("there is nothing left of it to take back")
        name, email = self._remote.author
        us = {
            "GIT_AUTHOR_NAME": name,
            "GIT_COMMITTER_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_COMMITTER_EMAIL": email,
        }
        return self._commit(tree, (onto,), f"Take back {landed[:12]}", when, us)

    def _merged(self, one: str, other: str) -> tuple[str, list[str]]:
        """The tree of both merged, and the files in conflict."""
        options = ("--write-tree", "--name-only", "-z", "--no-messages")
        merged = self._git("merge-tree", *options, sha(one), sha(other), ok=(0, 1))
        if not merged.out.strip("\0 \n"):
            raise self._git.damaged(f"git merge-tree: {merged.err.strip() or 'no word'}")
        tree, *files = merged.out.split("\0")
        return sha(tree.strip()), [file for file in files if file] if merged.exit else []

    def _show(self, what: str, commit: str) -> str:
        return self._git("show", "-s", f"--format={what}", commit).out.strip()

    def _before(self, landed: str, head: str) -> str:
        """What the base branch was before the pull landed: a rebase brought a row of commits, others one."""
        parents = self.parents(landed)
        if len(parents) != 1:
            return parents[0]
        squash = self._own_change(parents[0], landed)
        fork = self.merge_base(parents[0], head)
        if fork is None or squash == self._own_change(fork, head):
            return parents[0]
        count = int(self._git("rev-list", "--count", "--no-merges", f"{fork}..{head}").out)
        start = self._git("rev-parse", "--verify", f"{landed}~{count}", ok=(0, 128)).out.strip()
        return start or parents[0]

    def _own_change(self, before: str, after: str) -> str:
        options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--binary", "--full-index", "--no-color")
        diff = self._git("diff", *options, before, after, "--").raw
        return hashlib.sha256(INDEX.sub(b"index", HUNK.sub(b"@@", diff))).hexdigest()

    def _in_the_way(self, landed: str, onto: str, files: list[str]) -> str:
        log = self._git(
            "log", f"--max-count={LATER_COMMITS_SHOWN}", "--format=%h %s", f"{landed}..{onto}", "--", *files
        )
        later = "; ".join(log.out.splitlines()) or "none that can be named"
        return f"later changes stand in the way in {', '.join(files)}: {later}"

    def _commit(
        self, tree: str, parents: tuple[str, ...], message: str, when: str, who: Mapping[str, str] = OURSELVES
    ) -> str:
        dates = {"GIT_AUTHOR_DATE": f"@{when} +0000", "GIT_COMMITTER_DATE": f"@{when} +0000"}
        options = [word for parent in parents for word in ("-p", parent)]
        made = self._git("commit-tree", sha(tree), *options, "-m", message, env={**who, **dates})
        return sha(made.out.strip())

    def _keep(self, commit: str) -> None:
        """Keep a commit that no branch holds."""
        self._git("update-ref", f"{RESULTS}/{commit}", commit)

    def _make(self) -> None:
        """Aside and renamed: half a mirror, left by a death, is none, and neither is one that is damaged."""
        if self._path.is_dir() and not self._damage.exists():
            return
        aside, old = self._path.with_suffix(".new"), self._path.with_suffix(".old")
        for path in (aside, old):
            _remove(path)
        aside.mkdir(parents=True)
        Git(aside, self._remote.env)("init", "--bare", "--quiet", ".")
        if (self._path / WORKTREES).is_dir():  # a tool may be at work in one
            (self._path / WORKTREES).rename(aside / WORKTREES)
        if self._path.exists():
            self._path.rename(old)
        aside.rename(self._path)
        self._damage.unlink(missing_ok=True)
        _remove(old)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer a mirror, between threads and between processes."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _remove(path: Path) -> None:
    """Whatever it is."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
