"""Which later head an approval covers: merging either into the base gives one tree. On real repositories, by name."""

from pathlib import Path

import pytest

from bot.core.errors import Transient
from bot.git import Mirror
from bot.ports import Remote
from tests.git.upstream import Upstream

TEXT = "".join(f"{number}\n" for number in range(40))


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """`main` with a long file, checked out."""
    created = Upstream(tmp_path)
    created.commit("Begin", a=TEXT, keep="k\n")
    return created


def covers(upstream: Upstream, approved: str, head: str, base: str = "main") -> bool:
    """Whether an approval of one commit covers the other, on an open pull request."""
    upstream.fetch()
    mirror, tip = upstream.mirror, upstream.git("rev-parse", base)
    for commit in (approved, head):
        assert mirror.obtain(commit)
    tree = mirror.merged_tree(tip, head)
    return tree is not None and mirror.merged_tree(tip, approved) == tree


def covers_landed(upstream: Upstream, approved: str, head: str, landed: str, *bases: str) -> bool:
    """The same of one that landed."""
    upstream.fetch()
    mirror = upstream.mirror
    for commit in (approved, head, landed):
        assert mirror.obtain(commit)
    before = mirror.before_landing(landed, head, bases)
    tree = mirror.merged_tree(before, head) if before else None
    return tree is not None and tree == mirror.tree_id(landed) and mirror.merged_tree(before or "", approved) == tree


def start(upstream: Upstream, name: str = "head") -> None:
    """A branch from main, checked out."""
    upstream.git("checkout", "--quiet", "-B", name, "main")


def merge(upstream: Upstream, *options: str) -> str:
    upstream.git("merge", "--quiet", "--no-edit", *options)
    return upstream.git("rev-parse", "HEAD")


def on_main(upstream: Upstream, message: str = "Meanwhile", **files: str | None) -> str:
    """Another commit on main; where we were is checked out again."""
    upstream.git("checkout", "--quiet", "main")
    upstream.commit(message, **files)
    upstream.git("commit", "--quiet", "--amend", "--no-edit", "--date=2026-01-01T12:00:00Z")
    commit = upstream.git("rev-parse", "HEAD")
    upstream.git("checkout", "--quiet", "-")
    return commit


def test_merging_the_base_in_keeps_an_approval_and_every_edit_voids_it(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(a=TEXT.replace("30\n", "thirty\n"))
    on_main(upstream, a="first\n" + TEXT)
    assert covers(upstream, approved, merge(upstream, "main"))
    assert not covers(upstream, approved, upstream.commit(a="first\n" + TEXT.replace("30\n", "thirty \n")))
    assert not covers(upstream, approved, upstream.commit(b="new\n"))


def test_a_line_that_moved_to_where_its_surroundings_are_the_same_is_another_change(upstream: Upstream) -> None:
    """A diff without line numbers is the same for both."""
    script = "def {}():\n    begin()\n    prepare()\n    look()\n\n    finish()\n    leave()\n    done()\n"
    on_main(upstream, **{"deploy.py": script.format("dry_run") + script.format("run")})
    start(upstream)
    text, new = script.format("dry_run") + script.format("run"), "\n    destroy()\n    finish()"
    approved = upstream.commit(**{"deploy.py": text.replace("\n    finish()", new, 1)})
    start(upstream, "other")
    moved = upstream.commit(
        **{"deploy.py": script.format("dry_run") + script.format("run").replace("\n    finish()", new)}
    )
    assert not covers(upstream, approved, moved)


def test_a_rebase_onto_the_base_of_now_keeps_an_approval(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(a=TEXT.replace("30\n", "thirty\n"))
    on_main(upstream, keep="meanwhile\n")
    upstream.git("rebase", "--quiet", "main")
    assert covers(upstream, approved, upstream.git("rev-parse", "HEAD"))


def test_criss_cross_merges_keep_what_is_one_tree_and_no_more(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(a=TEXT.replace("30\n", "thirty\n"))
    on_main(upstream, a=TEXT.replace("5\n", "five\n", 1))
    fork = upstream.git("rev-parse", "main")
    upstream.git("checkout", "--quiet", "main")
    merge(upstream, "--no-ff", approved)
    upstream.git("checkout", "--quiet", "head")
    crossed = merge(upstream, "--no-ff", fork)
    assert covers(upstream, approved, crossed)
    assert not covers(upstream, approved, upstream.commit(a=TEXT.replace("30\n", "thirty-one\n")))


def test_the_same_lines_on_both_sides_are_no_change_and_new_ones_beside_them_are(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(a=TEXT.replace("30\n", "thirty\n"), b="new\n")
    on_main(upstream, a=TEXT.replace("30\n", "thirty\n"))
    assert covers(upstream, approved, merge(upstream, "main"))
    assert not covers(upstream, approved, upstream.commit(b="newer\n"))


def test_a_merge_that_keeps_ours_takes_the_bases_change_back_and_is_another_change(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(b="new\n")
    on_main(upstream, keep="meanwhile\n")
    assert not covers(upstream, approved, merge(upstream, "--strategy=ours", "main"))


def test_an_octopus_that_brings_more_than_the_base_is_another_change(upstream: Upstream) -> None:
    start(upstream, "third")
    upstream.commit(c="third\n")
    start(upstream)
    approved = upstream.commit(b="new\n")
    on_main(upstream, keep="meanwhile\n")
    octopus = merge(upstream, "main", "third")
    assert len(upstream.git("rev-parse", f"{octopus}^@").split()) == 3
    assert not covers(upstream, approved, octopus)


@pytest.mark.parametrize("kind", ["mode", "link", "submodule"])
def test_another_mode_link_or_submodule_is_another_change(upstream: Upstream, kind: str) -> None:
    start(upstream)
    approved = upstream.commit(b="keep", run="#!/bin/sh\n")
    if kind == "mode":
        (upstream.path / "run").chmod(0o755)
        changed = upstream.commit()
    elif kind == "link":
        (upstream.path / "b").unlink()
        (upstream.path / "b").symlink_to("keep")
        changed = upstream.commit()
    else:
        upstream.git("update-index", "--add", "--cacheinfo", f"160000,{approved},module")
        upstream.git("commit", "--quiet", "-m", "A submodule")
        changed = upstream.git("rev-parse", "HEAD")
    assert not covers(upstream, approved, changed)


def test_where_the_base_already_holds_what_was_approved_only_nothing_more_is_covered(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(b="new\n")
    upstream.git("checkout", "--quiet", "main")
    merge(upstream, "--no-ff", "head")
    upstream.git("checkout", "--quiet", "head")
    assert covers(upstream, approved, upstream.commit("Nothing"))
    assert not covers(upstream, approved, upstream.commit(c="more\n"))


def test_a_change_that_the_base_took_back_is_not_covered_when_it_comes_again(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(b="new\n")
    upstream.git("checkout", "--quiet", "main")
    landed = merge(upstream, "--no-ff", "head")
    upstream.git("revert", "--no-edit", "-m", "1", landed)
    start(upstream, "again")
    upstream.git("revert", "--no-edit", "HEAD")
    assert not covers(upstream, approved, upstream.git("rev-parse", "HEAD"))
    assert covers_landed(upstream, approved, approved, landed)


def test_a_head_that_conflicts_with_the_base_covers_nothing_not_even_itself(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit(keep="mine\n")
    on_main(upstream, keep="meanwhile\n")
    assert not covers(upstream, approved, approved)


def test_a_head_without_a_history_in_common_covers_nothing(upstream: Upstream) -> None:
    upstream.git("checkout", "--quiet", "--orphan", "stranger")
    stranger = upstream.commit(b="new\n")
    assert not covers(upstream, stranger, stranger)


def test_attributes_in_the_repository_merge_nothing_in_another_way(upstream: Upstream) -> None:
    upstream.commit("Attributes", **{".gitattributes": "a merge=union\n"})
    start(upstream)
    head = upstream.commit(a="top\n" + TEXT)
    base = on_main(upstream, a="other top\n" + TEXT)
    upstream.fetch()
    upstream.git("symbolic-ref", "HEAD", "refs/heads/main", at=upstream.mirror_path)
    upstream.mirror.checkout(base, upstream.path.parent / "checkout")
    assert upstream.mirror.merged_tree(base, head) is None


@pytest.mark.parametrize("style", ["merge", "squash", "rebase"])
@pytest.mark.parametrize("adds", [False, True])
def test_of_a_landed_pull_the_approval_holds_for_what_landed_and_for_no_more(
    upstream: Upstream, style: str, adds: bool
) -> None:
    start(upstream)
    upstream.commit("Grow", a=TEXT.replace("30\n", "thirty\n"))
    approved = upstream.commit("Name", b="new\n")
    head = upstream.commit("Slip it in", **{"deploy.sh": "evil\n"}) if adds else approved
    before = on_main(upstream, keep="meanwhile\n")
    landed = land(upstream, style)
    on_main(upstream, "Later", later="stays\n")
    upstream.fetch()
    assert upstream.mirror.before_landing(landed, head) == before
    assert covers_landed(upstream, approved, head, landed) is not adds


def land(upstream: Upstream, style: str) -> str:
    """Land `head` on main in a forge's style; the last commit that landed."""
    upstream.git("checkout", "--quiet", "main")
    if style == "merge":
        return merge(upstream, "--no-ff", "head")
    if style == "squash":
        upstream.git("merge", "--quiet", "--squash", "head")
        upstream.git("commit", "--quiet", "-m", "All of it (#1)")
    else:
        upstream.git("cherry-pick", "main..head")
    return upstream.git("rev-parse", "HEAD")


def test_what_slipped_in_before_the_approved_commit_of_a_rebase_is_not_covered(upstream: Upstream) -> None:
    """Against the commit before the last that landed, both would give one tree."""
    start(upstream)
    approved = upstream.commit("Name", b="new\n")
    start(upstream, "head")
    upstream.commit("Slip it in", **{"deploy.sh": "evil\n"})
    head = upstream.commit("Name", b="new\n")
    on_main(upstream, keep="meanwhile\n")
    landed = land(upstream, "rebase")
    assert not covers_landed(upstream, approved, head, landed)


def test_a_branch_that_moved_on_to_the_head_itself_tells_where_it_was_by_its_plan_alone(upstream: Upstream) -> None:
    base = upstream.git("rev-parse", "main")
    start(upstream)
    upstream.commit("Grow", a=TEXT.replace("30\n", "thirty\n"))
    approved = upstream.commit("Name", b="new\n")
    upstream.git("checkout", "--quiet", "main")
    landed = merge(upstream, "--ff-only", "head")
    later = upstream.commit("Later", later="stays\n")
    assert landed == approved
    assert covers_landed(upstream, approved, approved, landed, base)
    assert not covers_landed(upstream, f"{upstream.git('rev-parse', f'{approved}^')}", approved, landed, base)
    assert not covers_landed(upstream, approved, approved, landed)
    assert not covers_landed(upstream, approved, approved, landed, later, landed)


def test_a_merge_of_the_base_into_the_head_that_became_the_base_is_no_merge_of_the_pull(upstream: Upstream) -> None:
    """Its first parent is the head's own, not the base's."""
    start(upstream)
    upstream.commit("Slip it in", **{"deploy.sh": "evil\n"})
    on_main(upstream, keep="meanwhile\n")
    landed = merge(upstream, "main")
    upstream.git("checkout", "--quiet", "main")
    merge(upstream, "--ff-only", "head")
    upstream.fetch()
    assert upstream.mirror.before_landing(landed, landed) is None


def test_what_landed_otherwise_than_its_merge_is_covered_by_nothing(upstream: Upstream) -> None:
    start(upstream)
    approved = upstream.commit("Name", b="new\n")
    upstream.git("checkout", "--quiet", "main")
    upstream.git("merge", "--quiet", "--no-ff", "--no-commit", "head")
    landed = upstream.commit("Merge with a hand in it", **{"deploy.sh": "evil\n"})
    assert not covers_landed(upstream, approved, approved, landed)


def test_a_commit_that_a_force_push_removed_is_fetched_by_its_id_and_kept(upstream: Upstream, tmp_path: Path) -> None:
    start(upstream)
    approved = upstream.commit(b="new\n")
    upstream.git("reset", "--quiet", "--hard", "main")
    head = upstream.commit("Same", b="new\n")
    other = Mirror(tmp_path / "other.git", Remote(str(upstream.path)))
    other.fetch("refs/heads/*")
    assert not other.has(approved)
    assert other.obtain(approved)
    assert other.merged_tree(upstream.git("rev-parse", "main"), approved) == other.tree_id(head)
    upstream.git("gc", "--quiet", "--prune=now", at=other_path(tmp_path))
    assert other.has(approved)


def other_path(tmp_path: Path) -> Path:
    return tmp_path / "other.git"


def test_a_commit_that_nobody_has_is_not_had_and_a_forge_out_of_reach_is_asked_again(
    upstream: Upstream, tmp_path: Path
) -> None:
    upstream.fetch()
    assert not upstream.mirror.obtain("d" * 40)
    away = Mirror(tmp_path / "away.git", Remote("http://127.0.0.1:9/acme/infra.git"))
    with pytest.raises(Transient):
        away.obtain("d" * 40)
