"""Repositories and pull requests as we last knew them.

The forge knows better: decisions about an apply ask it again.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.core.lifecycle import LIVE_STATES
from bot.core.pull import BaseBranch, Pull, PullState, Repository
from bot.store import tables
from bot.store.columns import dump, insert_new, load, upsert

MOST_IN_A_QUESTION = 500
ONE_SECOND = timedelta(seconds=1)  # a forge's clock counts no less
THE_FIRST_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def save(tx: sa.Connection, pull: Pull) -> None:
    """Write a pull request, and its repository, as the forge has them."""
    save_repository(tx, pull.repository)
    _record_base_branch(tx, pull)
    values = {
        "repository": pull.repository.key,
        "number": pull.number,
        "state": pull.state,
        "base": pull.base.name,
        "head_sha": pull.head.sha,
        "json": dump(Pull, pull),
    }
    upsert(tx, tables.pull, {"key": pull.key}, values)


def hold(tx: sa.Connection, key: str) -> None:
    """Keep every other transaction that holds this pull request waiting until this one is over.

    Whoever decides by what the store has of a pull, and writes what follows, holds it first: by READ COMMITTED two may
    see the same and both write.
    """
    tx.execute(sa.select(tables.pull.c.key).where(tables.pull.c.key == key).with_for_update())


def refresh(tx: sa.Connection, pull: Pull) -> None:
    """Write a pull request as the forge has it now; one that is open again has no closure that was dealt with."""
    save(tx, pull)
    if pull.state is PullState.OPEN:
        set_handled_closure(tx, pull.key, None)


def save_repository(tx: sa.Connection, repository: Repository) -> None:
    """Write a repository as the forge has it."""
    values = {
        "name": repository.name,
        "default_branch": repository.default_branch,
        "private": repository.private,
    }
    upsert(tx, tables.repository, {"key": repository.key}, values)


def repositories(tx: sa.Connection) -> tuple[Repository, ...]:
    """Every repository that we have heard of, by name."""
    rows = tx.execute(sa.select(tables.repository).order_by(tables.repository.c.name))
    return tuple(_repository(row) for row in rows)


def repository(tx: sa.Connection, key: str) -> Repository | None:
    """The repository of that key, if we have heard of it."""
    row = tx.execute(sa.select(tables.repository).where(tables.repository.c.key == key)).one_or_none()
    return _repository(row) if row else None


def swept_at(tx: sa.Connection, repository_key: str) -> datetime | None:
    """When the sweep last read this repository's comments."""
    table = tables.repository
    moment: datetime | None = tx.execute(sa.select(table.c.swept_at).where(table.c.key == repository_key)).scalar()
    return moment


def record_sweep(tx: sa.Connection, repository_key: str, at: datetime) -> None:
    """Record when the sweep read this repository's comments."""
    tx.execute(tables.repository.update().where(tables.repository.c.key == repository_key).values(swept_at=at))


def get(tx: sa.Connection, key: str) -> Pull | None:
    """The pull request of that key, as it was last written."""
    text = tx.execute(sa.select(tables.pull.c.json).where(tables.pull.c.key == key)).scalar()
    return load(Pull, text) if text else None


def list_pulls(tx: sa.Connection, repository_key: str, state: PullState | None = None) -> tuple[Pull, ...]:
    """Pull requests of a repository, newest first, perhaps only those in a state."""
    query = sa.select(tables.pull.c.json).where(tables.pull.c.repository == repository_key)
    if state:
        query = query.where(tables.pull.c.state == state)
    return tuple(load(Pull, text) for text in tx.execute(query.order_by(tables.pull.c.number.desc())).scalars())


def open_or_holding(tx: sa.Connection, repository_key: str) -> tuple[Pull, ...]:
    """Those that we believe open, and those that hold a lock or a plan that can still be applied."""
    table = tables.pull
    locked = sa.select(tables.lock.c.pull)
    planned = sa.select(tables.plan.c.pull).where(tables.plan.c.state.in_(LIVE_STATES))
    holds = sa.or_(table.c.state == PullState.OPEN, table.c.key.in_(locked), table.c.key.in_(planned))
    query = sa.select(table.c.json).where(table.c.repository == repository_key, holds)
    return tuple(load(Pull, text) for text in tx.execute(query).scalars())


def unhandled_merges(tx: sa.Connection, repository_key: str) -> tuple[Pull, ...]:
    """Merged ones whose merge is not yet dealt with."""
    table = tables.pull
    waits = table.c.state == PullState.MERGED, table.c.closed_for.is_(None)
    query = sa.select(table.c.json).where(table.c.repository == repository_key, *waits)
    return tuple(load(Pull, text) for text in tx.execute(query).scalars())


def record_asker(tx: sa.Connection, key: str, login: str) -> None:
    """Remember who asked for a pull request that we opened, beside all who asked before."""
    insert_new(tx, tables.asker, pull=key, login=login)


def askers(tx: sa.Connection, key: str) -> frozenset[str]:
    """Everybody who asked for a pull request that we opened; nobody for all others."""
    return frozenset(tx.execute(sa.select(tables.asker.c.login).where(tables.asker.c.pull == key)).scalars())


def base_branches(tx: sa.Connection, key: str) -> tuple[BaseBranch, ...]:
    """Which base branch the pull had since when, oldest first."""
    table = tables.base_branch
    rows = tx.execute(sa.select(table.c.since, table.c.name).where(table.c.pull == key).order_by(table.c.since))
    return tuple(BaseBranch(row.since, row.name or None) for row in rows)


def record_pusher(tx: sa.Connection, key: str, login: str) -> None:
    """Remember who pushed to the pull: a commit's author is only what its maker wrote."""
    insert_new(tx, tables.pusher, pull=key, login=login)


def record_branch_pusher(tx: sa.Connection, repository_key: str, branch: str, login: str) -> None:
    """The same of every pull from that branch that may still be merged."""
    table, escaped_branch = tables.pull, json.dumps(branch, ensure_ascii=False)[1:-1]
    mergeable = table.c.repository == repository_key, table.c.state != PullState.MERGED
    likely = table.c.json.contains(escaped_branch, autoescape=True)
    for text in tx.execute(sa.select(table.c.json).where(*mergeable, likely)).scalars().all():
        pull = load(Pull, text)
        if pull.head.name == branch and not pull.fork:
            record_pusher(tx, pull.key, login)


def record_pushed_commit(tx: sa.Connection, repository_key: str, sha: str, login: str) -> None:
    """Remember who brought a commit, to whatever branch: a pull may be opened from it later. The first did."""
    insert_new(tx, tables.pushed_commit, repository=repository_key, sha=sha, login=login)


def commit_pushers(tx: sa.Connection, repository_key: str, commits: Sequence[str]) -> frozenset[str]:
    """Logins of everybody who brought one of these commits as the head of a branch."""
    table = tables.pushed_commit
    logins: set[str] = set()
    for start in range(0, len(commits), MOST_IN_A_QUESTION):
        chunk = commits[start : start + MOST_IN_A_QUESTION]
        query = sa.select(table.c.login).where(table.c.repository == repository_key, table.c.sha.in_(chunk))
        logins.update(tx.execute(query).scalars())
    return frozenset(logins)


def pushers(tx: sa.Connection, key: str) -> frozenset[str]:
    """Logins of everybody who pushed to the pull."""
    return frozenset(tx.execute(sa.select(tables.pusher.c.login).where(tables.pusher.c.pull == key)).scalars())


def handled_closure(tx: sa.Connection, key: str) -> str | None:
    """The state of closure that was already dealt with: `closed` or the merge commit."""
    text: str | None = tx.execute(sa.select(tables.pull.c.closed_for).where(tables.pull.c.key == key)).scalar()
    return text


def set_handled_closure(tx: sa.Connection, key: str, closure: str | None) -> None:
    """Record which closure was dealt with; None when the pull is open again."""
    tx.execute(tables.pull.update().where(tables.pull.c.key == key).values(closed_for=closure))


def _record_base_branch(tx: sa.Connection, pull: Pull) -> None:
    """Note another base branch, and that nobody can tell when between two looks it was given."""
    branches = base_branches(tx, pull.key)
    if not branches:
        upsert(tx, tables.base_branch, {"pull": pull.key, "since": THE_FIRST_TIME}, {"name": pull.base.name})
        return
    seen = pull.updated or datetime.now(UTC)
    if branches[-1].name == pull.base.name or seen < branches[-1].since:
        return
    earlier = get(tx, pull.key)
    last_seen = (earlier.updated if earlier else None) or branches[-1].since
    unknown_since = last_seen + ONE_SECOND if last_seen < seen else seen
    for since, name in ((unknown_since, ""), (seen + ONE_SECOND, pull.base.name)):
        upsert(tx, tables.base_branch, {"pull": pull.key, "since": max(since, branches[-1].since)}, {"name": name})


def _repository(row: sa.Row[tuple[object, ...]]) -> Repository:
    return Repository(row.key, row.name, row.default_branch, row.private)
