"""The same over real git and the real store: what merges, whose commits they are, where a landed one began.

`APPROVALS=full` plays ten thousand stories instead of two hundred.
"""

import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from bot.core.approvals import unaccountable_bots
from bot.core.gate import evaluate
from bot.core.gate_case import GateCase
from bot.core.keys import PullKey
from bot.core.pull import Branch, Contributors, PullState, branch_at
from bot.git import Mirror, layout
from bot.ports import Remote
from bot.store import Store, pulls
from tests.approvals.book import FILES, OWN, Commit, World, allows, own_commits
from tests.approvals.gathering import gate_case as gate_case_by_the_book
from tests.approvals.gathering import moment
from tests.approvals.playing import LANDINGS, STORIES, begin, land, step
from tests.git.upstream import ENV

STORIES_PLAYED = 10_000 if os.environ.get("APPROVALS") == "full" else 200


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    created = Store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite'}")
    created.migrate()
    yield created
    created.close()


def written(world: World, top: Path) -> tuple[Mirror, dict[Commit, str]]:
    """A mirror with all commits of the world, and their ids."""
    path = top / "mirror.git"
    path.mkdir()
    layout.create(path)
    stream = b"".join(told(commit) for commit in world.commits)
    command = ["git", "fast-import", "--quiet", "--force", f"--export-marks={top / 'marks'}"]
    subprocess.run(command, input=stream, cwd=path, check=True, env=ENV)
    ids = dict(line.split() for line in (top / "marks").read_text().splitlines())
    return Mirror(path, Remote(str(path))), {one: ids[f":{one.number + 1}"] for one in world.commits}


def told(commit: Commit) -> bytes:
    """A commit as `git fast-import` reads it."""
    lines = [f"commit refs/heads/c{commit.number}", f"mark :{commit.number + 1}"]
    person = f"{commit.author} <{commit.author}@example.test>"
    lines += [f"author {person} {commit.at} +0000", f"committer {person} {2000 + commit.number} +0000"]
    lines += [f"data {len(commit.words)}", commit.words]
    lines += [f"{'merge' if place else 'from'} :{one.number + 1}" for place, one in enumerate(commit.parents)]
    lines += ["deleteall"]
    for name, line in zip(FILES, commit.tree, strict=True):
        lines += [f"M 100644 inline {name}", f"data {len(line) + 1}", line, ""]
    return ("\n".join(lines) + "\n\n").encode()


def gate_case(world: World, mirror: Mirror, ids: dict[Commit, str], store: Store, number: int) -> GateCase:
    """What the bot gathers: git's trees, git's commits, the store's pushers, askers and base branches."""
    book = gate_case_by_the_book(world)
    head = ids[world.head]
    pull = replace(book.pull, number=number, head=Branch("change", head))
    base: str | None = ids[world.tip]
    if world.landed:
        base = mirror.before_landing(ids[world.landed], head, [ids[world.before]])
        pull = replace(pull, state=PullState.MERGED, merge_commit=ids[world.landed])
    with store.begin() as tx:
        for second, name in world.bases:
            pulls.save(tx, replace(pull, base=Branch(name, ""), updated=moment(second)))
        for asker in world.askers:
            pulls.record_asker(tx, PullKey(pull.key), asker)
        for commit, login in world.first_pushers.items():
            pulls.record_pushed_commit(tx, f"{number}", ids[commit], login)
        branches, askers = pulls.base_branches(tx, pull.key), pulls.askers(tx, pull.key)
        own = mirror.commits_between(base, head) if base else ()
        pushers = world.pushers | pulls.commit_pushers(tx, f"{number}", own)
    tree = mirror.merged_tree(base, head) if base else None
    if world.landed and tree != mirror.tree_id(ids[world.landed]):
        tree = None
    opinions = tuple(
        replace(
            opinion,
            tree=mirror.merged_tree(base, ids[said.commit]) if base and mirror.obtain(ids[said.commit]) else None,
            branch=branch_at(branches, opinion.review.at),
        )
        for opinion, said in zip(book.opinions, world.reviews, strict=True)
    )
    assert set(own) == {ids[commit] for commit in own_commits(world)} or base is None
    authors = {commit.author for commit in world.commits if ids[commit] in own}
    return replace(
        book,
        pull=replace(pull, base=book.pull.base),
        plans=tuple(replace(plan, pull=pull.key) for plan in book.plans),
        opinions=opinions,
        tree=tree,
        contributors=Contributors(frozenset(authors | pushers)),
        askers=askers,
        bots=unaccountable_bots(pull, pushers, OWN, askers),
    )


NUMBERS = itertools.count(1)


@pytest.mark.timeout(3600)
@settings(max_examples=STORIES_PLAYED, deadline=None, suppress_health_check=list(HealthCheck))
@given(STORIES, LANDINGS)
def test_the_gate_never_opens_when_the_book_does_not_say_so(
    store: Store, story: tuple[str, list[tuple[object, ...]]], landing: str | None
) -> None:
    opener, steps = story
    world = begin(opener)
    for words in steps:
        step(world, *words)
    if landing:
        land(world, landing)
    with tempfile.TemporaryDirectory() as top:
        mirror, ids = written(world, Path(top))
        case = gate_case(world, mirror, ids, store, next(NUMBERS))
    assert allows(world) or not evaluate(case).open  # a base branch given between two looks may close it more often
