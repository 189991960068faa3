"""A mirror that tells git what we did not is made anew before any git runs in it (R4 of what was found)."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.errors import ToolFailed, Transient
from bot.git import Mirror
from bot.git.layout import BYTES_AS_COMMITTED, CONFIGURATION, is_ours
from bot.ports import Remote
from tests.git.upstream import Upstream


def program(mirror: Path) -> Path:
    """One that leaves a trace beside the mirror."""
    path = mirror.parent / "program"
    path.write_text(f"#!/bin/sh\ntouch {mirror.parent}/owned\nexit 1\n")
    path.chmod(0o755)
    return path


def configured(text: str) -> Callable[[Path], None]:
    def write(mirror: Path) -> None:
        with (mirror / "config").open("a") as config:
            config.write(text.format(program=program(mirror), evil=mirror.parent / "evil", top=mirror.parent))

    return write


def written(name: str, text: str) -> Callable[[Path], None]:
    def write(mirror: Path) -> None:
        path = mirror / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(program=program(mirror), evil=mirror.parent / "evil"))
        path.chmod(0o755)

    return write


def linked(name: str) -> Callable[[Path], None]:
    """The same content, but where somebody else may change it."""

    def link(mirror: Path) -> None:
        away = mirror.parent / "away"
        (mirror / name).rename(away)
        (mirror / name).symlink_to(away)

    return link


def piped(mirror: Path) -> None:
    (mirror / "config").unlink()
    os.mkfifo(mirror / "config")


def merging(mirror: Path) -> None:
    configured('[merge "evil"]\ndriver = {program}\n')(mirror)
    written("info/attributes", "* merge=evil\n")(mirror)


CHANGES = {
    "core.sshCommand": configured("[core]\nsshCommand = {program}\n"),
    "insteadOf": configured('[url "{evil}"]\ninsteadOf = {top}/upstream\n'),
    "a merge driver": merging,
    "log.showSignature": configured("[log]\nshowSignature = true\n[gpg]\nprogram = {program}\n"),
    "include": configured("[include]\npath = {evil}/config\n"),
    "a remote that is a program": configured("[remote.r]\npromisor = true\nurl = ext::{program}\n"),
    "attributes": written("info/attributes", "* merge=union\n"),
    "a hook": written("hooks/reference-transaction", "#!/bin/sh\nexec {program}\n"),
    "alternates": written("objects/info/alternates", "{evil}/objects\n"),
    "grafts": written("info/grafts", f"{'a' * 40}\n"),
    "shallow": written("shallow", f"{'a' * 40}\n"),
    "commondir": written("commondir", "{evil}\n"),
    "config.worktree": written("config.worktree", "[core]\nsshCommand = {program}\n"),
    "a gitfile": written(".git", "gitdir: {evil}\n"),
    "a short name of a remote": written("remotes/origin", "URL: {evil}\n"),
    "a linked configuration": linked("config"),
    "linked objects": linked("objects"),
    "linked attributes": linked("info/attributes"),
    "a piped configuration": piped,
    "a linked folder of work trees": linked("worktrees"),
}


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """One whose mirror has been fetched and used; another repository, of a stranger's, is beside it."""
    made = Upstream(tmp_path)
    commit = made.commit(a="1\n2\n3\n")
    made.fetch()
    made.mirror.checkout(commit, tmp_path / "tree")
    evil = tmp_path / "evil"
    made.git("clone", "--quiet", "--bare", str(made.path), str(evil))
    return made


def conflict(upstream: Upstream) -> tuple[str, str]:
    """Two commits that both change the same line."""
    upstream.branch("head")
    head = upstream.commit(a="1\ntheirs\n3\n")
    upstream.git("checkout", "--quiet", "main")
    return upstream.commit(a="1\nours\n3\n"), head


@pytest.mark.parametrize("change", CHANGES)
def test_a_mirror_with_something_foreign_is_made_anew_by_the_next_fetch(upstream: Upstream, change: str) -> None:
    base, head = conflict(upstream)
    upstream.fetch()
    CHANGES[change](upstream.mirror_path)
    upstream.fetch()
    assert is_ours(upstream.mirror_path)
    assert upstream.mirror.resolve("refs/heads/main") == base
    assert upstream.mirror.merged_tree(base, head) is None
    assert not (upstream.mirror_path.parent / "owned").exists()


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_read_from_a_mirror_with_something_foreign(upstream: Upstream, change: str, tmp_path: Path) -> None:
    base, head = conflict(upstream)
    upstream.fetch()
    CHANGES[change](upstream.mirror_path)
    mirror = upstream.mirror
    assert not mirror.has(base)
    with pytest.raises(ToolFailed, match="no mirror as we make them"):
        mirror.resolve("refs/heads/main")
    for ask in (
        lambda: mirror.merge_result(base, head),
        lambda: mirror.parents(base),
        lambda: mirror.checkout(base, tmp_path / "another"),
        lambda: mirror.push(base, "ours"),
        lambda: mirror.tree(base).read("a"),
    ):
        with pytest.raises(Transient, match="as we made it"):
            ask()
    mirror.remove_worktree(tmp_path / "tree")
    assert not (tmp_path / "owned").exists()


def test_commits_that_stand_for_others_are_not_followed(upstream: Upstream) -> None:
    real = upstream.commit(a="real\n")
    other = upstream.commit(a="other\n")
    upstream.fetch()
    upstream.git("replace", real, other, at=upstream.mirror_path)
    with upstream.mirror.tree(real) as tree:
        assert tree.read("a") == b"real\n"


def test_what_git_does_in_a_mirror_leaves_it_ours(upstream: Upstream, tmp_path: Path) -> None:
    base, head = conflict(upstream)
    upstream.git("checkout", "--quiet", "head")
    merged = upstream.commit(b="2\n", a="1\n2\n3\n")
    before = upstream.mirror_path.stat().st_ino
    upstream.fetch()
    result = upstream.mirror.merge_result(base, merged)
    upstream.mirror.checkout(result, tmp_path / "result")
    upstream.mirror.remove_worktree(tmp_path / "tree")
    upstream.mirror.push(result, "ours")
    upstream.git("-c", "core.packedRefsTimeout=1", "gc", "--quiet", "--prune=now", at=upstream.mirror_path)
    upstream.git("commit-graph", "write", "--reachable", at=upstream.mirror_path)
    upstream.fetch()
    assert upstream.mirror.has(head)
    assert upstream.mirror_path.stat().st_ino == before


def test_a_mirror_as_earlier_versions_made_it_is_made_anew_with_its_work_trees(
    upstream: Upstream, tmp_path: Path
) -> None:
    upstream.git("init", "--quiet", "--bare", str(tmp_path / "old.git"))
    old = Mirror(tmp_path / "old.git", Remote(str(upstream.path)))
    upstream.git("fetch", "--quiet", str(upstream.path), "main", at=tmp_path / "old.git")
    commit = upstream.git("rev-parse", "main")
    upstream.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "at-work"), commit, at=tmp_path / "old.git")
    old.fetch("refs/heads/main")
    assert (tmp_path / "old.git/config").read_bytes() == CONFIGURATION
    assert (tmp_path / "old.git/info/attributes").read_bytes() == BYTES_AS_COMMITTED
    assert not (tmp_path / "old.git/hooks").exists()
    assert old.is_checked_out(tmp_path / "at-work")
    assert upstream.git("rev-parse", "HEAD", at=tmp_path / "at-work") == commit


def test_git_takes_no_repository_around_a_mirror_for_it(upstream: Upstream, tmp_path: Path) -> None:
    """Where the mirror's HEAD is damaged, git would look for a repository further up."""
    upstream.git("init", "--quiet", str(tmp_path))
    commit = upstream.git("rev-parse", "main")
    (upstream.mirror_path / "HEAD").write_text("")
    upstream.fetch()
    assert upstream.mirror.has(commit)
    assert not upstream.git("for-each-ref", at=tmp_path)
