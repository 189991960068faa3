"""Mirrors of real repositories whose content is hostile."""

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.digest import input_digest
from bot.core.errors import Refused, ToolFailed, Transient
from bot.git import Mirror
from bot.ports import Remote
from tests.git.upstream import ENV, Upstream


def files_of(upstream: Upstream, commit: str) -> dict[str, bytes]:
    with upstream.mirror.tree(commit) as tree:
        return {path: tree.read(path) for path in tree.files}


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path)


def test_the_merge_result_is_the_same_commit_every_time(upstream: Upstream) -> None:
    base = upstream.commit(a="1\n")
    upstream.branch("head")
    head = upstream.commit(b="2\n")
    upstream.git("checkout", "--quiet", "main")
    base = upstream.commit(c="3\n")
    upstream.fetch()
    result = upstream.mirror.merge_result(base, head)
    assert upstream.mirror.merge_result(base, head) == result
    assert set(upstream.mirror.tree(result).files) == {"a", "b", "c"}


def test_a_conflict_is_refused_with_its_files(upstream: Upstream) -> None:
    upstream.commit(a="1\n")
    upstream.branch("head")
    head = upstream.commit(a="2\n")
    upstream.git("checkout", "--quiet", "main")
    base = upstream.commit(a="3\n")
    upstream.fetch()
    with pytest.raises(Refused, match="conflicts.* in a$"):
        upstream.mirror.merge_result(base, head)


def test_a_renamed_file_has_changed_under_both_its_names(upstream: Upstream) -> None:
    before = upstream.commit(a="same\n" * 20)
    upstream.git("mv", "a", "b")
    after = upstream.commit()
    upstream.fetch()
    assert set(upstream.mirror.changed_paths(before, after)) == {"a", "b"}


def test_a_tree_is_read_without_a_checkout_bytes_and_all(upstream: Upstream) -> None:
    (upstream.path / "blob").write_bytes(bytes(range(256)))
    (upstream.path / "link").symlink_to("../outside")
    commit = upstream.commit(**{"dir__name with spaces": "x\n"})
    upstream.fetch()
    with upstream.mirror.tree(commit) as tree:
        assert tree.read("blob") == bytes(range(256))
        assert tree.read("link") == b"../outside"
        assert tree.files["link"].mode == "120000"
        assert "dir/name with spaces" in tree.files
        with pytest.raises(KeyError):
            tree.read("absent")


def test_the_input_digest_follows_content_mode_and_name(upstream: Upstream) -> None:
    one = upstream.commit(a="1\n")
    (upstream.path / "a").chmod(0o755)
    two = upstream.commit()
    three = upstream.commit(a="2\n")
    four = upstream.commit(b="elsewhere\n")
    upstream.fetch()
    digests = [input_digest(upstream.mirror.tree(commit), ["a"]) for commit in (one, two, three, four)]
    assert len(set(digests)) == 3
    assert digests[2] == digests[3]


@pytest.mark.parametrize("name", ["--upload-pack=touch owned", "-x", "a;$(touch owned)", "quote'\"", "ümlaut"])
def test_a_hostile_branch_name_runs_nothing(upstream: Upstream, name: str) -> None:
    commit = upstream.commit(a="1\n")
    legal = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], env=ENV, check=False).returncode == 0
    if legal:
        upstream.git("update-ref", f"refs/heads/{name}", commit)
        upstream.mirror.fetch(f"refs/heads/{name}")
        assert upstream.mirror.resolve(f"refs/heads/{name}") == commit
    else:
        with pytest.raises(Exception):  # noqa: B017  # any refusal will do, as long as nothing runs
            upstream.mirror.fetch(f"refs/heads/{name}")
    assert not list(upstream.path.parent.rglob("owned"))


def test_no_name_stands_where_an_id_must(upstream: Upstream) -> None:
    upstream.commit(a="1\n")
    upstream.fetch()
    for name in ("main", "HEAD", "--help", "a" * 39, "main:a"):
        with pytest.raises(ValueError, match="not an object id"):
            upstream.mirror.has(name)


def test_filters_of_the_repository_do_not_run(upstream: Upstream, tmp_path: Path) -> None:
    commit = upstream.commit(**{".gitattributes": "* filter=evil\n", "a": "1\n"})
    upstream.fetch()
    upstream.mirror.checkout(commit, tmp_path / "tree")
    assert (tmp_path / "tree" / "a").read_text() == "1\n"


@pytest.mark.parametrize("attribute", ["working-tree-encoding=ASCII//TRANSLIT", "ident", "text eol=crlf"])
def test_attributes_make_no_other_files_of_those_in_git(upstream: Upstream, tmp_path: Path, attribute: str) -> None:
    (upstream.path / ".git/info/attributes").write_text("* -text -ident !working-tree-encoding\n")
    upstream.commit(net__main="\uff41 # $Id$\n")
    commit = upstream.commit(**{".gitattributes": f"[attr]mine {attribute}\n", "net__.gitattributes": "* mine\n"})
    upstream.fetch()
    upstream.mirror.checkout(commit, tmp_path / "checkout")
    assert (tmp_path / "checkout/net/main").read_bytes() == files_of(upstream, commit)["net/main"]


def test_a_checkout_twice_is_one_and_a_dropped_one_is_gone(upstream: Upstream, tmp_path: Path) -> None:
    commit = upstream.commit(a="1\n")
    upstream.fetch()
    for _ in range(2):
        upstream.mirror.checkout(commit, tmp_path / "tree")
    (tmp_path / "tree" / "a").write_text("touched by a tool\n")
    (tmp_path / "tree.gone" / "half").mkdir(parents=True)  # left by a drop that was killed
    upstream.mirror.remove_worktree(tmp_path / "tree")
    assert not list(tmp_path.glob("tree*"))
    assert str(tmp_path / "tree") not in upstream.git("worktree", "list", at=upstream.mirror_path)
    upstream.mirror.checkout(commit, tmp_path / "tree")
    assert (tmp_path / "tree" / "a").read_text() == "1\n"


def test_a_checkout_killed_while_it_was_added_is_made_anew(upstream: Upstream, tmp_path: Path) -> None:
    commit = upstream.commit(a="1\n")
    upstream.fetch()
    aside = tmp_path / "tree.new"
    upstream.git("worktree", "add", "--quiet", "--detach", "--lock", str(aside), commit, at=upstream.mirror_path)
    shutil.rmtree(aside)
    upstream.mirror.checkout(commit, tmp_path / "tree")
    assert (tmp_path / "tree" / "a").read_text() == "1\n"


def test_a_checkout_killed_while_it_was_moved_is_made_anew(upstream: Upstream, tmp_path: Path) -> None:
    commit = upstream.commit(a="1\n")
    upstream.fetch()
    aside = tmp_path / "tree.new"
    upstream.git("worktree", "add", "--quiet", "--detach", str(aside), commit, at=upstream.mirror_path)
    aside.rename(tmp_path / "tree")
    upstream.mirror.checkout(commit, tmp_path / "tree")
    upstream.mirror.remove_worktree(tmp_path / "another")
    assert "a" in upstream.git("ls-files", at=tmp_path / "tree")


def test_four_threads_may_fetch_and_check_out_at_once(upstream: Upstream, tmp_path: Path) -> None:
    commit = upstream.commit(a="1\n")
    wrong: list[BaseException] = []

    def work(number: int) -> None:
        try:
            mirror = Mirror(upstream.mirror_path, Remote(str(upstream.path)))
            mirror.fetch("refs/heads/main")
            mirror.checkout(commit, tmp_path / f"tree-{number}")
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test tells it
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert all((tmp_path / f"tree-{number}" / "a").exists() for number in range(4))


@pytest.mark.parametrize("style", ["merge", "squash", "rebase"])
def test_a_revert_gives_back_the_tree_whatever_the_style_of_the_merge(upstream: Upstream, style: str) -> None:
    upstream.commit(a="1\n", keep="k\n")
    upstream.branch("head")
    upstream.commit(a="2\n")
    head = upstream.commit(b="new\n")
    upstream.git("checkout", "--quiet", "main")
    upstream.commit("Meanwhile", keep="meanwhile\n")
    upstream.git(
        "commit", "--quiet", "--amend", "--no-edit", *([] if style == "squash" else ["--date=2026-01-01T12:00:00Z"])
    )
    before = upstream.git("rev-parse", "HEAD")
    if style == "merge":
        upstream.git("merge", "--quiet", "--no-ff", "--no-edit", "head")
    elif style == "squash":
        upstream.git("merge", "--quiet", "--squash", "head")
        upstream.git("commit", "--quiet", "-m", "squashed", "--date=2026-01-01T12:00:00Z")
    else:
        upstream.git("cherry-pick", "main..head")
    landed = upstream.git("rev-parse", "HEAD")
    later = upstream.commit(later="stays\n")
    upstream.fetch()
    assert upstream.mirror.before_landing(landed, head) == before
    reverted = upstream.mirror.revert(landed, later, before)
    assert files_of(upstream, reverted) == files_of(upstream, before) | {"later": b"stays\n"}


def test_a_revert_that_conflicts_names_files_and_later_commits(upstream: Upstream) -> None:
    before = upstream.commit(a="1\n")
    upstream.branch("head")
    upstream.commit(a="2\n")
    upstream.git("checkout", "--quiet", "main")
    upstream.git("merge", "--quiet", "--no-ff", "--no-edit", "head")
    landed = upstream.git("rev-parse", "HEAD")
    later = upstream.commit("Build on it", a="3\n")
    upstream.fetch()
    with pytest.raises(Refused, match=r"in a: \w+ Build on it"):
        upstream.mirror.revert(landed, later, before)


def test_a_push_leaves_others_branches_alone(upstream: Upstream) -> None:
    first = upstream.commit(a="1\n")
    second = upstream.commit(a="2\n")
    upstream.git("branch", "theirs", second)
    upstream.fetch()
    upstream.mirror.push(first, "ours")
    upstream.mirror.push(first, "ours")
    assert upstream.git("rev-parse", "ours") == first
    with pytest.raises(Refused, match="holds something else"):
        upstream.mirror.push(first, "theirs")
    assert upstream.git("rev-parse", "theirs") == second


def test_credentials_are_in_no_file_and_in_no_error(tmp_path: Path) -> None:
    remote = Remote("http://127.0.0.1:9/acme/infra.git", SecretStr("Basic c2VjcmV0LXRva2Vu"))
    mirror = Mirror(tmp_path / "mirror.git", remote)
    with pytest.raises(Transient) as down:
        mirror.fetch("refs/heads/main")
    assert "c2VjcmV0" not in str(down.value)
    assert all(b"c2VjcmV0" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_tree_is_read_by_one_git_however_many_files_it_has(upstream: Upstream) -> None:
    commit = upstream.commit(**{f"f{number}": f"{number}\n" * number for number in range(40)})
    upstream.fetch()
    with upstream.mirror.tree(commit) as tree:
        assert [tree.read(f"f{number}").decode() for number in range(40)] == [f"{n}\n" * n for n in range(40)]


@pytest.mark.parametrize(("old", "new"), [("release", "release/1"), ("release/1", "release")])
def test_a_branch_takes_the_place_of_one_that_is_gone(upstream: Upstream, old: str, new: str) -> None:
    upstream.commit(a="1\n")
    upstream.branch(old)
    upstream.commit(a="2\n")
    upstream.mirror.fetch(f"refs/heads/{old}")
    upstream.git("checkout", "--quiet", "main")
    upstream.git("branch", "-D", old)
    upstream.branch(new)
    head = upstream.commit(a="3\n")
    upstream.mirror.fetch(f"refs/heads/{new}")
    assert upstream.mirror.resolve(f"refs/heads/{new}") == head


def test_a_branch_that_nobody_has_is_no_conflict(upstream: Upstream) -> None:
    upstream.commit(a="1\n")
    upstream.mirror.fetch("refs/heads/main")
    with pytest.raises(ToolFailed, match="nowhere"):
        upstream.mirror.fetch("refs/heads/nowhere")


@pytest.mark.parametrize("change", ["content", "mode", "link", "gone"])
def test_a_file_that_was_changed_in_a_checkout_is_named(change: str, upstream: Upstream, tmp_path: Path) -> None:
    commit = upstream.commit(**{"run.sh": "echo sound\n", "other": "x\n", ".gitattributes": "* text eol=crlf\n"})
    upstream.fetch()
    mirror, checkout = upstream.mirror, tmp_path / "checkout"
    mirror.checkout(commit, checkout)
    assert mirror.changed_files(commit, checkout) == ()
    (checkout / "untracked").write_text("x")
    path = checkout / "run.sh"
    changes: dict[str, Callable[[], object]] = {
        "content": lambda: path.write_text("echo found\n"),
        "mode": lambda: path.chmod(0o755),
        "link": lambda: (path.unlink(), path.symlink_to("other")),
        "gone": path.unlink,
    }
    changes[change]()
    assert mirror.changed_files(commit, checkout) == ("run.sh",)
