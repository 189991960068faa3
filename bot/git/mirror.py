"""One bare mirror per repository: fetched exactly as needed, never by branch name where an id will do."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from git import GitError, Reference, Repo
from gitdb.exc import BadName, ODBError  # type: ignore[import-untyped]  # gitdb has no types

from bot.core.errors import Refused, ToolFailed
from bot.git.bare_copy import BareCopy
from bot.git.command import BOT_IDENTITY, sha
from bot.git.landing import LandedCommit, commit_before
from bot.git.tree import GitTree
from bot.ports import Remote

RESULT_REFS = "refs/gitops-bot/results"
HEAD_REFS = "refs/gitops-bot/heads"
MAX_LATER_COMMITS = 10
EPOCH = "0"  # the time of what is made of commits alone


class Mirror:
    """A mirror at `path` of the repository that `remote` reaches. Made when first fetched; any number may share it."""

    def __init__(self, path: Path, remote: Remote) -> None:
        self._remote = remote
        self._copy = BareCopy(path, remote)
        self._git = self._copy.git

    @property
    def forge(self) -> str:
        """Host and port of where it comes from."""
        return urlsplit(self._remote.url).netloc

    def fetch(self, *refs: str) -> None:
        """Bring these refs (full names) up to date, in a new mirror where the old one is damaged.

        Raises Transient or Refused as the network or the forge say.
        """
        self._copy.fetch([f"+{ref}:{ref}" for ref in refs])

    def obtain(self, commit: str) -> bool:
        """Have a commit here, kept by a ref, fetched by its id where it is not; false where the forge has it no more.

        Raises Transient where that cannot be told now.
        """
        ref = f"{HEAD_REFS}/{sha(commit)}"
        if self._copy.has(commit):
            self._copy.pin(ref, commit)
            return True
        try:
            self._copy.fetch([f"+{commit}:{ref}"])
        except ToolFailed:  # not our ref, says the forge
            return False
        return self._copy.has(commit)

    def has(self, commit: str) -> bool:
        """Tell whether the commit is here."""
        return self._copy.has(commit)

    def resolve(self, ref: str) -> str:
        """Return the commit that a full ref name stands at. Raises ToolFailed when there is no such ref."""
        if not self._copy.is_ours:
            raise ToolFailed(f"there is no {ref}, for there is no mirror as we make them")
        try:
            with closing(Repo(self._copy.path)) as repository:
                return sha(Reference.dereference_recursive(repository, ref))
        except (ValueError, BadName) as error:
            raise ToolFailed(f"there is no {ref} in the mirror") from error
        except (GitError, ODBError, OSError) as error:
            raise self._git.mark_damaged(f"{ref} cannot be read in the mirror") from error

    def merge_result(self, base: str, head: str) -> str:
        """Commit base with head merged in, the same every time. Raises Refused naming the files in conflict."""
        tree, files = self._merge_trees(base, head)
        if files:
            raise Refused(f"it conflicts with its base branch in {', '.join(files)}")
        commit = self._commit(tree, (base, head), f"Merge {head} into {base}", EPOCH)
        self._copy.pin(f"{RESULT_REFS}/{commit}", commit)
        return commit

    def tree(self, commit: str) -> GitTree:
        """Return the commit's tree, to be used in a `with`."""
        return GitTree(self._git, sha(commit))

    def changed_paths(self, base: str, result: str) -> tuple[str, ...]:
        """List the paths that differ, a renamed file under both its names."""
        diff = self._git("diff", "--name-only", "-z", "--no-renames", sha(base), sha(result), "--")
        return tuple(diff.stdout.split("\0")[:-1])

    def merge_base(self, commit: str, other_commit: str) -> str | None:
        """Return the commit where both part; None without a history in common."""
        fork = self._git("merge-base", sha(commit), sha(other_commit), ok=(0, 1)).stdout.strip()
        return fork or None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Tell whether the descendant has the ancestor in its history."""
        return self._git("merge-base", "--is-ancestor", sha(ancestor), sha(descendant), ok=(0, 1)).exit == 0

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return the commit's parents, the first first."""
        return tuple(self._read_commit("%P", sha(commit)).split())

    def merged_tree(self, base: str, head: str) -> str | None:
        """Return the tree that base becomes with head merged in; None where they conflict or share no history."""
        try:
            tree, files = self._merge_trees(base, head)
        except ToolFailed:
            return None
        return None if files else tree

    def tree_id(self, commit: str) -> str:
        """Return the id of the commit's tree."""
        return self._read_commit("%T", sha(commit))

    def commits_between(self, base: str, head: str) -> tuple[str, ...]:
        """List the commits that head has and base has not, newest first."""
        return tuple(self._git("rev-list", sha(head), f"^{sha(base)}", "--").stdout.split())

    def before_landing(self, landed: str, head: str, earlier_bases: Sequence[str] = ()) -> str | None:
        """Return the base branch's commit before the first that a pull landed with that head.

        `landed` is the last one that it landed. `earlier_bases` are commits that the base branch was at while the pull
        was open: a branch that moved on to the head itself tells nothing else. None where nobody can tell for sure.
        """
        if self.is_ancestor(landed, head):
            candidates = (base for base in earlier_bases if base != landed and self._copy.has(base))
            return next((base for base in candidates if self.is_ancestor(base, landed)), None)
        first_parent = next(iter(self.parents(landed)), None)
        if first_parent is None or self.is_ancestor(head, first_parent):
            return None
        own_commits = self._log(head, f"^{first_parent}", "--no-merges")
        limit = max(1, len(own_commits)) + 1
        return commit_before(self._log(landed, "--first-parent", f"--max-count={limit}"), own_commits)

    def _log(self, *revisions: str) -> tuple[LandedCommit, ...]:
        log = self._git("log", "-z", "--format=%H %at %P%n%B", *revisions, "--").stdout
        return tuple(LandedCommit.parse(text) for text in log.split("\0") if text)

    def checkout(self, commit: str, path: Path) -> None:
        """Make a detached work tree of the commit at `path`; if a whole one is there already, it stays.

        Its files have the bytes that Git has: attributes could give tools others than those that were looked through.
        """
        with self._copy.exclusive():
            if self.is_checked_out(path):
                return
            shutil.rmtree(path, ignore_errors=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(f"{path.name}.new")
            shutil.rmtree(aside, ignore_errors=True)
            # twice --force: an add that was killed leaves its path locked, and we are alone here
            self._git("worktree", "add", "--quiet", "--detach", "--force", "--force", str(aside), sha(commit))
            self._git("worktree", "move", str(aside), str(path))

    @staticmethod
    def is_checked_out(path: Path) -> bool:
        """Tell whether a whole work tree is there: the move to it came to its end, so its two files name each other."""
        try:
            admin_dir = Path((path / ".git").read_text().removeprefix("gitdir: ").strip())
            return (admin_dir / "gitdir").read_text().strip() == str(path / ".git")
        except OSError:
            return False

    def changed_files(self, commit: str, path: Path) -> tuple[str, ...]:
        """List the files of the commit that the work tree at `path` has otherwise, in bytes or kind, or not at all."""
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".index-") as directory:
            env = {"GIT_INDEX_FILE": f"{directory}/index", "GIT_WORK_TREE": str(path)}
            self._git("read-tree", sha(commit), env=env)
            self._git("update-index", "-q", "--really-refresh", env=env, ok=(0, 1))
            options = ("--name-only", "-z", "--no-renames", "--ignore-submodules=all")
            return tuple(self._git("diff-files", *options, env=env).stdout.split("\0")[:-1])

    def remove_worktree(self, path: Path) -> None:
        """Remove a work tree, if it is there. Nobody waits for its files to go, of which there may be many."""
        trash = path.with_name(f"{path.name}.gone")
        if path.exists():
            with self._copy.exclusive():
                shutil.rmtree(trash, ignore_errors=True)
                with suppress(FileNotFoundError):
                    path.rename(trash)
                if self._copy.is_ours:
                    self._git("worktree", "prune")
        shutil.rmtree(trash, ignore_errors=True)

    def push(self, commit: str, branch: str) -> None:
        """Make the branch on the forge, or leave it as it is when it is at that commit. Raises Refused otherwise."""
        target = f"refs/heads/{branch}"
        completed = self._git("push", "--quiet", self._remote.url, f"{sha(commit)}:{target}", ok=(0, 1))
        if completed.exit:
            raise Refused(f"branch {branch} is there already and holds something else")

    def revert(self, landed: str, onto: str, before: str) -> str:
        """Commit on `onto` what takes back all that a pull landed after `before`, up to `landed`.

        Raises Refused naming the files in conflict and the later commits that touch them.
        """
        timestamp = self._read_commit("%ct", sha(onto))
        fork = self._commit(self.tree_id(landed), (), "as it landed", timestamp)
        ours = self._commit(self.tree_id(onto), (fork,), "as it is", timestamp)
        theirs = self._commit(self.tree_id(before), (fork,), "as it was", timestamp)
        tree, files = self._merge_trees(ours, theirs)
        if files:
            raise Refused(self._blocked_message(landed, onto, files))
        if tree == self.tree_id(onto):
            raise Refused("there is nothing left of it to take back")
        name, email = self._remote.author
        author = {
            "GIT_AUTHOR_NAME": name,
            "GIT_COMMITTER_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_COMMITTER_EMAIL": email,
        }
        return self._commit(tree, (onto,), f"Take back {landed[:12]}", timestamp, author)

    def _merge_trees(self, ours: str, theirs: str) -> tuple[str, list[str]]:
        """Return the tree of both merged, and the files in conflict."""
        options = ("--write-tree", "--name-only", "-z", "--no-messages")
        completed = self._git("merge-tree", *options, sha(ours), sha(theirs), ok=(0, 1))
        if not completed.stdout.strip("\0 \n"):
            raise self._git.mark_damaged(f"git merge-tree: {completed.stderr.strip() or 'no word'}")
        tree, *files = completed.stdout.split("\0")
        names = [file for file in files if file] or ["files that git does not name"]
        return sha(tree.strip()), names if completed.exit else []

    def _read_commit(self, placeholder: str, commit: str) -> str:
        return self._git("show", "-s", f"--format={placeholder}", commit).stdout.strip()

    def _blocked_message(self, landed: str, onto: str, files: list[str]) -> str:
        log = self._git("log", f"--max-count={MAX_LATER_COMMITS}", "--format=%h %s", f"{landed}..{onto}", "--", *files)
        later = "; ".join(log.stdout.splitlines()) or "none that can be named"
        return f"later changes stand in the way in {', '.join(files)}: {later}"

    def _commit(
        self,
        tree: str,
        parents: tuple[str, ...],
        message: str,
        timestamp: str,
        identity: Mapping[str, str] = BOT_IDENTITY,
    ) -> str:
        dates = {"GIT_AUTHOR_DATE": f"@{timestamp} +0000", "GIT_COMMITTER_DATE": f"@{timestamp} +0000"}
        options = [word for parent in parents for word in ("-p", parent)]
        completed = self._git("commit-tree", sha(tree), *options, "-m", message, env={**identity, **dates})
        return sha(completed.stdout.strip())
