"""A case that opens the gate, to be spoilt by one thing at a time. The tests of the gate begin here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.gate import evaluate
from bot.core.gate_case import Demand, GateCase, Opinion, ShownDigest
from bot.core.plan import Content, Counts
from bot.core.project import Project, Rules
from bot.core.pull import Branch, Contributors, Pull, PullState, Repository, Review, ReviewState, Role
from bot.core.run import Plan, PlanState

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PULL = Pull(
    repository=Repository("github:1", "acme/infra", "main", private=True),
    number=7,
    title="Grow the database",
    author="alice",
    state=PullState.OPEN,
    draft=False,
    fork=False,
    base=Branch("main", "b" * 40),
    head=Branch("grow", "a" * 40),
    url="http://forge/7",
    mergeable=True,
)
PLAN = Plan(
    id="p1",
    run="r1",
    pull="github:1#7",
    project=Project("db", "infra/db"),
    rules=Rules(),
    state=PlanState.CURRENT,
    base="b" * 40,
    head="a" * 40,
    result="c" * 40,
    input_digest="in",
    plan_digest="digest",
    artifact_digest="artifact",
    rules_digest="rules",
    tool_version="1.11.4",
    content=Content("terraform", counts=Counts(change=1)),
    created_at=NOON - timedelta(hours=2),
    expires_at=NOON + timedelta(hours=70),
)


def minutes(number: float) -> datetime:
    """So many minutes after noon; before it when negative."""
    return NOON + timedelta(minutes=number)


def review(
    author: str = "bob",
    state: ReviewState = ReviewState.APPROVED,
    at: float = -10,
    role: Role = Role.WRITE,
    tree: str | None = "tree",
    bot: bool = False,
    branch: str | None = "main",
) -> Opinion:
    return Opinion(Review(author, bot, state, "a" * 40, minutes(at)), role, tree, branch)


def shown(digest: str = "digest", at: float = -60, place: str = "infra/db:default") -> ShownDigest:
    return ShownDigest(place, digest, minutes(at))


def another(plan: Plan = PLAN, name: str = "net", digest: str = "net digest", **changes: object) -> Plan:
    return replace(plan, id=name, project=Project(name, f"infra/{name}"), plan_digest=digest, **changes)


OPEN = GateCase(
    pull=PULL,
    plans=(PLAN,),
    missing=(),
    opinions=(review(),),
    tree="tree",
    contributors=Contributors(frozenset({"alice", "carol"})),
    askers=frozenset(),
    shown_digests=(shown(),),
    checks=(),
    foreign_locks=(),
    freeze=None,
    now=NOON,
)


def case(**changes: object) -> GateCase:
    return replace(OPEN, **changes)


def unmet(case: GateCase) -> list[Demand]:
    return [demand for demand in evaluate(case).demands if not demand.met]


def why(case: GateCase) -> str:
    """The text of the only thing that keeps the gate closed."""
    (demand,) = unmet(case)
    assert demand.remedy, "an unmet demand says what helps"
    return demand.text


def approved(case: GateCase) -> Demand:
    """The line on approvals of the first plan."""
    name = case.plans[0].project.name
    return next(d for d in evaluate(case).demands if d.project == name and "approv" in d.text)
