"""Plans: the frozen results, what became of them, and what the plan comment showed when."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from bot.core.gate_case import ShownDigest
from bot.core.lifecycle import LIVE_STATES
from bot.core.run import Plan, PlanState
from bot.store.columns import dump, load, upsert
from bot.store.tables import intent as intents
from bot.store.tables import plan as plans
from bot.store.tables import shown_digest


def add(tx: sa.Connection, plan: Plan, repository: str) -> None:
    """Write a plan and supersede the pull's earlier ones for that place. Twice is once."""
    earlier = plans.c.pull == plan.pull, plans.c.place == plan.project.place, plans.c.id != plan.id
    tx.execute(plans.update().where(*earlier, plans.c.state.in_(LIVE_STATES)).values(state=PlanState.SUPERSEDED))
    values = {
        "run": plan.run,
        "repository": repository,
        "pull": plan.pull,
        "place": plan.project.place,
        "state": plan.state,
        "stale_because": plan.stale_because,
        "created_at": plan.created_at,
        "expires_at": plan.expires_at,
        "json": dump(Plan, plan),
    }
    upsert(tx, plans, {"id": plan.id}, values)


def get(tx: sa.Connection, id: str) -> Plan | None:
    """The plan of that id, with its state as it is now."""
    row = tx.execute(sa.select(plans).where(plans.c.id == id)).one_or_none()
    return _plan(row) if row else None


def live(tx: sa.Connection, pull: str) -> tuple[Plan, ...]:
    """The pull's plans that are current or stale: one a place."""
    query = sa.select(plans).where(plans.c.pull == pull, plans.c.state.in_(LIVE_STATES)).order_by(plans.c.place)
    return tuple(_plan(row) for row in tx.execute(query))


def live_ids(tx: sa.Connection, pull: str, place: str) -> tuple[str, ...]:
    """Ids of the pull's plans of a place that are current or stale."""
    conditions = plans.c.pull == pull, plans.c.place == place, plans.c.state.in_(LIVE_STATES)
    return tuple(tx.execute(sa.select(plans.c.id).where(*conditions)).scalars())


def unapplied(tx: sa.Connection, pull: str) -> tuple[Plan, ...]:
    """The pull's newest plan of each place, where that one was not applied; also those that were dropped."""
    query = sa.select(plans).where(plans.c.pull == pull).order_by(plans.c.created_at)
    newest = {plan.project.place: plan for plan in map(_plan, tx.execute(query))}
    return tuple(plan for plan in newest.values() if plan.state is not PlanState.APPLIED)


def invalidate(tx: sa.Connection, pull: str, place: str, because: str) -> None:
    """The place was planned again and has no plan now: its earlier one may not be applied either."""
    conditions = plans.c.pull == pull, plans.c.place == place, plans.c.state.in_(LIVE_STATES)
    tx.execute(plans.update().where(*conditions).values(state=PlanState.STALE, stale_because=because))


def live_elsewhere(tx: sa.Connection, repository: str, place: str, pull: str) -> tuple[Plan, ...]:
    """Current plans of other pull requests for a place."""
    query = sa.select(plans).where(
        plans.c.repository == repository, plans.c.place == place, plans.c.state.in_(LIVE_STATES), plans.c.pull != pull
    )
    return tuple(_plan(row) for row in tx.execute(query))


def set_state(tx: sa.Connection, id: str, state: PlanState, because: str = "") -> None:
    """Set the state of a plan that is live: what was applied stays so. `because` is the sentence why it is stale."""
    live = (plans.c.id == id) & plans.c.state.in_(LIVE_STATES)
    tx.execute(plans.update().where(live).values(state=state, stale_because=because))


def mark_applied(tx: sa.Connection, id: str, by: str, at: datetime) -> None:
    """Record that the plan was applied, by whom and when."""
    values = {"state": PlanState.APPLIED, "applied_by": by, "applied_at": at}
    tx.execute(plans.update().where(plans.c.id == id).values(**values))


def application(tx: sa.Connection, id: str) -> tuple[str, datetime] | None:
    """Who applied the plan, and when."""
    row = tx.execute(sa.select(plans.c.applied_by, plans.c.applied_at).where(plans.c.id == id)).one_or_none()
    return (row.applied_by, row.applied_at) if row and row.applied_at else None


def applied_plans(tx: sa.Connection, pull: str) -> tuple[Plan, ...]:
    """Plans of the pull that were applied."""
    query = sa.select(plans).where(plans.c.pull == pull, plans.c.state == PlanState.APPLIED).order_by(plans.c.place)
    return tuple(_plan(row) for row in tx.execute(query))


def attempted(tx: sa.Connection, pull: str) -> tuple[Plan, ...]:
    """Plans of the pull whose apply began, however it ended, the oldest apply first."""
    begun = sa.select(plans).join(intents, intents.c.plan == plans.c.id).where(plans.c.pull == pull)
    return tuple(_plan(row) for row in tx.execute(begun.order_by(intents.c.at)))


def drop(tx: sa.Connection, pull: str) -> tuple[str, ...]:
    """Make the pull's live plans gone; their ids, so that their artifacts can go too."""
    ids = tuple(plan.id for plan in live(tx, pull))
    tx.execute(plans.update().where(plans.c.id.in_(ids)).values(state=PlanState.GONE))
    return ids


def ids_with_live_artifact(tx: sa.Connection, now: datetime) -> frozenset[str]:
    """Plans whose artifact may still be applied; every other artifact is to be deleted."""
    query = sa.select(plans.c.id).where(plans.c.state.in_(LIVE_STATES), plans.c.expires_at > now)
    return frozenset(tx.execute(query).scalars())


def record_shown(tx: sa.Connection, pull: str, digests: dict[str, str], at: datetime) -> None:
    """The plan comment shows these plan digests (by place) from now on, by the forge's clock."""
    latest = {row.place: row.digest for row in shown_digests(tx, pull)}
    for place, digest in digests.items():
        if latest.get(place) != digest:
            upsert(tx, shown_digest, {"pull": pull, "place": place, "at": at}, {"digest": digest})


def shown_digests(tx: sa.Connection, pull: str) -> tuple[ShownDigest, ...]:
    """All that the comment ever showed, oldest first."""
    query = sa.select(shown_digest).where(shown_digest.c.pull == pull).order_by(shown_digest.c.at)
    return tuple(ShownDigest(row.place, row.digest, row.at) for row in tx.execute(query))


def _plan(row: sa.Row[tuple[object, ...]]) -> Plan:
    return replace(load(Plan, row.json), state=PlanState(row.state), stale_because=row.stale_because)
