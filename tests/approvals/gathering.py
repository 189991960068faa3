"""What the bot would gather of a world of the book."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.core.approvals import unaccountable_bots
from bot.core.gate_case import GateCase, Opinion, ShownDigest
from bot.core.pull import BaseBranch, Branch, Contributors, Review, ReviewState, Role, branch_at
from tests.approvals.book import OWN, ROBOT, WRITERS, World, merged, own_commits
from tests.core.cases import PLAN, PULL, case, replace

PLACE = PLAN.project.place


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def tree_text(tree: Sequence[str] | None) -> str | None:
    return ",".join(tree) if tree else None


def gate_case(world: World) -> GateCase:
    """What the bot would gather of that world, trees by the book."""
    base = world.before or world.tip
    tree = merged(base, world.head)
    branches = [BaseBranch(moment(since), name) for since, name in world.bases]
    pull = replace(PULL, author=world.opener, author_is_bot=world.opener in (ROBOT, OWN), base=Branch(world.base, ""))
    commits = own_commits(world)
    pushers = world.pushers | {world.first_pushers[one] for one in commits if one in world.first_pushers}
    return case(
        pull=replace(pull, mergeable=tree is not None),
        plans=(replace(PLAN, plan_digest=tree[0] if tree else "", expires_at=moment(10**9)),),
        opinions=tuple(
            Opinion(
                Review(said.author, said.author == ROBOT, ReviewState(said.state), "", moment(said.at)),
                Role.WRITE if said.author in WRITERS else Role.READ,
                tree_text(merged(base, said.commit)),
                branch_at(branches, moment(said.at)),
            )
            for said in world.reviews
        ),
        tree=tree_text(tree),
        contributors=Contributors(frozenset({one.author for one in commits} | pushers)),
        askers=frozenset(world.askers),
        shown_digests=tuple(ShownDigest(PLACE, net, moment(at)) for at, net in world.shown),
        own_login=OWN,
        bots=unaccountable_bots(pull, pushers, OWN, world.askers),
        now=moment(world.now),
    )
