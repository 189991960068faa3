"""The tables. `migrations/` brings a database to this shape; a test compares the two."""

import sqlalchemy as sa

from bot.store.columns import Moment

metadata = sa.MetaData()

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("done_at", Moment, index=True),
)

repository = sa.Table(
    "repository",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("default_branch", sa.Text, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("swept_at", Moment),
)

pull = sa.Table(
    "pull",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("repository", sa.Text, nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("base", sa.Text, nullable=False),
    sa.Column("head_sha", sa.Text, nullable=False),
    sa.Column("asker", sa.Text),
    sa.Column("closed_for", sa.Text),
    sa.Column("json", sa.Text, nullable=False),
)

pusher = sa.Table(
    "pusher",
    metadata,
    sa.Column("pull", sa.Text, primary_key=True),
    sa.Column("login", sa.Text, primary_key=True),
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("pull", sa.Text, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("head", sa.Text, nullable=False),
    sa.Column("base", sa.Text, nullable=False),
    sa.Column("branch", sa.Text, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("selection", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("stop", sa.Text, nullable=False),
    sa.Column("notices", sa.Text, nullable=False),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
)

run_project = sa.Table(
    "run_project",
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("plan", sa.Text),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("counts", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("output", sa.Text, nullable=False),
    sa.Column("waits_for", sa.Text, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("input_digest", sa.Text, nullable=False),
    sa.Column("holder", sa.Text),
    sa.Column("started_at", Moment),
    sa.Column("ended_at", Moment),
)

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("pull", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("stale_because", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("applied_at", Moment),
    sa.Column("applied_by", sa.Text),
    sa.Column("json", sa.Text, nullable=False),
    sa.Index("plan_place", "repository", "place", "state"),
)

shown = sa.Table(
    "shown",
    metadata,
    sa.Column("pull", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("at", Moment, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
)

lock = sa.Table(
    "lock",
    metadata,
    sa.Column("repository", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("pull", sa.Text, nullable=False, index=True),
    sa.Column("taken_by", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
)

slot = sa.Table(
    "slot",
    metadata,
    sa.Column("repository", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
)

intent = sa.Table(
    "intent",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("outcome", sa.Text),
)

topic = sa.Table(
    "topic",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("pull", sa.Text, nullable=False),
    sa.Column("wanted", sa.Integer, nullable=False),
    sa.Column("said", sa.Integer, nullable=False),
    sa.Column("said_at", Moment),
    sa.Column("speaker", sa.Text),
    sa.Column("speaking_since", Moment),
    sa.Column("comment", sa.Text),
)

status = sa.Table(
    "status",
    metadata,
    sa.Column("pull", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("sha", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
)

freeze = sa.Table(
    "freeze",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("pull", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),
)
