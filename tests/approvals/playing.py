"""What people do in the world of `book`: hypothesis chooses, and nothing happens where a forge would not let it."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.approvals.book import FILES, OWN, ROBOT, Commit, Said, Tree, World, merged, own_commits, three_way

PEOPLE = ("alice", "bob", "carol", "dave")
PUSHERS = ("alice", "alice", "bob", ROBOT, OWN)
REVIEWERS = (*PEOPLE, "bob", "carol", "erin", OWN)
STATES = ("approved", "approved", "approved", "approved", "commented", "changes_requested")
LINES = st.sampled_from("012")
FILE = st.sampled_from(FILES)
STEPS = st.one_of(
    st.tuples(st.just("push"), st.sampled_from(PUSHERS), st.sampled_from(PEOPLE), FILE, LINES),
    st.tuples(st.just("force"), st.sampled_from(PUSHERS), st.integers(0, 9), FILE, LINES),
    st.tuples(
        st.just("merge_base"), st.sampled_from(PUSHERS), st.sampled_from(["true", "true", "true", "ours", "evil"])
    ),
    st.tuples(st.just("base"), st.sampled_from(["main", "release"]), FILE, LINES),
    st.tuples(st.just("base_takes_head")),
    st.tuples(st.just("review"), st.sampled_from(REVIEWERS), st.sampled_from(STATES)),
    st.tuples(st.just("review"), st.sampled_from(REVIEWERS), st.just("approved")),
    st.tuples(st.just("dismiss"), st.integers(0, 5)),
    st.tuples(st.just("retarget")),
    st.tuples(st.just("roll_back"), st.sampled_from(PEOPLE)),
)
APPROVALS = st.tuples(st.just("review"), st.sampled_from(PEOPLE), st.just("approved"))
PARTS = st.tuples(st.lists(STEPS, max_size=8), st.lists(APPROVALS, max_size=3), st.lists(STEPS, max_size=4))
STORIES = st.tuples(
    st.sampled_from(["alice", "alice", "alice", ROBOT, OWN]), PARTS.map(lambda parts: [*parts[0], *parts[1], *parts[2]])
)
LANDINGS = st.sampled_from([None, None, "merge", "squash", "rebase"])


def begin(opener: str) -> World:
    """A pull request with one commit of alice's, planned."""
    world = World(opener)
    push(world, "alice", world.commit(edit(world.tip.tree, "net", "1"), (world.tip,), "alice"))
    return world


def edit(tree: Tree, file: str, line: str) -> Tree:
    place = FILES.index(file)
    return (*tree[:place], line, *tree[place + 1 :])


def push(world: World, pusher: str, commit: Commit) -> None:
    """The head is that commit; the first who brings one is remembered for ever."""
    world.head = commit
    world.first_pushers.setdefault(commit, pusher)
    world.pushers.add(pusher)
    show(world)


def show(world: World) -> None:
    """The bot plans, and its comment says so."""
    tree = merged(world.tip, world.head) if world.head else None
    if tree:
        world.shown.append((world.tick(), tree[0]))


def step(world: World, name: str, *words: object) -> None:
    STEP[name](world, *words)
    world.tick()


def _push(world: World, pusher: str, author: str, file: str, line: str) -> None:
    push(world, pusher, world.commit(edit(world.head.tree, file, line), (world.head,), author))


def _force(world: World, pusher: str, back: int, file: str, line: str) -> None:
    """To an older commit, or a new one on it."""
    start = world.commits[back % len(world.commits)]
    tree = edit(start.tree, file, line)
    push(world, pusher, start if tree == start.tree else world.commit(tree, (start,), "alice"))


def _merge_base(world: World, pusher: str, how: str) -> None:
    tree = merged(world.head, world.tip)
    if tree is None:
        return
    tree = world.head.tree if how == "ours" else edit(tree, "script", "2") if how == "evil" else tree
    push(world, pusher, world.commit(tree, (world.head, world.tip), "alice"))


def _base(world: World, branch: str, file: str, line: str) -> None:
    tip = world.branches[branch]
    world.branches[branch] = world.commit(edit(tip.tree, file, line), (tip,), "dave")
    if branch == world.base:
        show(world)


def _base_takes_head(world: World) -> None:
    """By another way than this pull request; which stays open with what else it has."""
    tree = merged(world.tip, world.head)
    if tree and world.head.parents:
        one = world.head.parents[0]
        landed = merged(world.tip, one)
        if landed:
            world.branches[world.base] = world.commit(landed, (world.tip, one), "dave")
            show(world)


def _review(world: World, author: str, state: str) -> None:
    if author == world.opener and state != "commented":
        return
    world.reviews.append(Said(author, state, world.head, world.tick()))


def _dismiss(world: World, number: int) -> None:
    if number < len(world.reviews) and world.reviews[number].state != "commented":
        world.reviews[number] = replace(world.reviews[number], state="dismissed")


def _retarget(world: World) -> None:
    world.base = "release" if world.base == "main" else "main"
    world.bases.append((world.tick(), world.base))
    world.tick()
    show(world)


def _roll_back(world: World, asker: str) -> None:
    if world.opener == OWN:
        world.askers.add(asker)


def land(world: World, style: str) -> None:
    """A forge merges it, in one of its styles; not where that conflicts."""
    base, head = world.tip, world.head
    tree = merged(base, head)
    brought = own_commits(world)
    own = [one for one in world.commits if one in brought and len(one.parents) == 1]
    if tree is None or not own:
        return
    if style == "merge":
        landed = world.commit(tree, (base, head), "dave")
    elif style == "squash":
        landed = world.commit(tree, (base,), "dave")
    else:
        landed = base
        for one in own:
            picked = three_way(one.parents[0].tree, landed.tree, one.tree)
            if any(line.startswith("<") for line in picked):
                return
            landed = world.commit(picked, (landed,), one.author, one)
    world.landed, world.before = landed, base
    world.branches[world.base] = landed


STEP = {
    "push": _push,
    "force": _force,
    "merge_base": _merge_base,
    "base": _base,
    "base_takes_head": _base_takes_head,
    "review": _review,
    "dismiss": _dismiss,
    "retarget": _retarget,
    "roll_back": _roll_back,
}
