"""A world of commits and reviews, and by the book who may apply: written from the rule, sharing no code with the bot.

A commit has three files of one line each. A merge is three-way, file by file, on the best common ancestor; where there
are several, on these merged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

FILES = ("net", "script", "other")
OWN, ROBOT = "gitops-bot", "ci[bot]"
WRITERS = ("alice", "bob", "carol", "dave", OWN)
SECONDS_BETWEEN = 3

Tree = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Commit:
    """`author` and `words` are what it says; `at` counts seconds."""

    number: int
    tree: Tree
    parents: tuple["Commit", ...]
    author: str
    at: int
    words: str


@dataclass(frozen=True)
class Said:
    """A review."""

    author: str
    state: str
    commit: Commit
    at: int


@dataclass
class World:
    """One pull request and its two base branches. `shown` is what the plan comment said when: the file `net`."""

    opener: str = "alice"
    now: int = 1000
    commits: list[Commit] = field(default_factory=list)
    branches: dict[str, Commit] = field(default_factory=dict)
    base: str = "main"
    bases: list[tuple[int, str]] = field(default_factory=list)
    head: Commit | None = None
    first_pushers: dict[Commit, str] = field(default_factory=dict)
    pushers: set[str] = field(default_factory=set)
    askers: set[str] = field(default_factory=set)
    reviews: list[Said] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    landed: Commit | None = None
    before: Commit | None = None

    def __post_init__(self) -> None:
        self._numbers = count()
        root = self.commit(("0", "0", "0"), (), "alice")
        self.branches = {"main": root, "release": root}
        self.bases = [(self.tick(), "main")]
        if self.opener == OWN:
            self.askers.add("carol")

    def tick(self) -> int:
        self.now += SECONDS_BETWEEN
        return self.now

    def commit(self, tree: Tree, parents: tuple[Commit, ...], author: str, source: Commit | None = None) -> Commit:
        """A new one; one that a forge makes anew of a `source` says when that was made, and its words."""
        number, moment = next(self._numbers), self.tick()
        at, words = (source.at, source.words) if source else (moment, f"Commit {number}")
        created = Commit(number, tree, parents, author, at, words)
        self.commits.append(created)
        return created

    @property
    def tip(self) -> Commit:
        return self.branches[self.base]


def history(commit: Commit) -> set[Commit]:
    """The commit and all before it."""
    seen: set[Commit] = set()
    todo = [commit]
    while todo:
        if (one := todo.pop()) not in seen:
            seen.add(one)
            todo += one.parents
    return seen


def merged(ours: Commit, theirs: Commit) -> Tree | None:
    """The tree of both; None where they conflict."""
    tree = three_way(fork_tree(ours, theirs), ours.tree, theirs.tree)
    return None if any(line.startswith("<") for line in tree) else tree


def three_way(fork: Tree, ours: Tree, theirs: Tree) -> Tree:
    """File by file; a conflict is a line that nothing else is equal to."""
    return tuple(
        our if our == their or their == old else their if our == old else f"<{our}|{old}|{their}>"
        for old, our, their in zip(fork, ours, theirs, strict=True)
    )


def fork_tree(ours: Commit, theirs: Commit) -> Tree:
    common = history(ours) & history(theirs)
    best = [one for one in common if not any(one in history(other) for other in common - {one})]
    oldest_last = sorted(best, key=lambda commit: -commit.number)
    trees = oldest_last[0].tree
    virtual = oldest_last[0]
    for other in oldest_last[1:]:
        trees = three_way(fork_tree(virtual, other), trees, other.tree)
        virtual = replace(virtual, tree=trees, parents=(virtual, other), number=-1 - virtual.number)
    return trees


def shown_at(world: World, at: int) -> str | None:
    return next((net for since, net in reversed(world.shown) if since <= at), None)


def base_at(world: World, at: int) -> str:
    return next(name for since, name in reversed(world.bases) if since <= at)


def own_commits(world: World) -> set[Commit]:
    """The pull's commits: what the head has and the base has not."""
    base = world.before or world.tip
    return history(world.head) - history(base) if world.head else set()


def hands(world: World) -> set[str]:
    """Everybody whose hand was at it."""
    commits = own_commits(world)
    brought = {world.first_pushers[commit] for commit in commits if commit in world.first_pushers}
    return {world.opener, *(commit.author for commit in commits), *brought, *world.pushers, *world.askers}


def standing(reviews: Sequence[Said]) -> Iterable[Said]:
    latest = {said.author.lower(): said for said in reviews if said.state != "commented"}
    return (said for said in latest.values() if said.state != "dismissed")


def allows(world: World) -> bool:
    """By the book: may the pull request's plan be applied now?"""
    base = world.before or world.tip
    if world.head is None or (tree := merged(base, world.head)) is None:
        return False
    if world.landed and world.landed.tree != tree:
        return False
    reviews = list(standing(world.reviews))
    if any(said.state == "changes_requested" and said.author in WRITERS for said in reviews):
        return False
    approvers = {
        said.author.lower()
        for said in reviews
        if said.state == "approved"
        and said.author in WRITERS
        and said.author != OWN
        and said.author not in hands(world)
        and base_at(world, said.at) == world.base
        and merged(base, said.commit) == tree
        and shown_at(world, said.at) == tree[0]
    }
    return len(approvers) >= 1 + is_hidden(world)


def is_hidden(world: World) -> bool:
    """A program opened it or pushed to it, and nobody knows for whom."""
    commits = own_commits(world)
    brought = {world.first_pushers[commit] for commit in commits if commit in world.first_pushers}
    programs = {login for login in {world.opener, *brought, *world.pushers} if login in (OWN, ROBOT)}
    return bool(programs - ({OWN} if world.askers else set()))
