"""The tables. `migrations/` brings a database to this shape; a test compares the two."""

import sqlalchemy as sa

from bot.store.columns import Moment, Words

metadata = sa.MetaData()

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("event", Words, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("done_at", Moment, index=True),
)

repository = sa.Table(
    "repository",
    metadata,
    sa.Column("key", Words, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("default_branch", Words, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("swept_at", Moment),
)

pull = sa.Table(
    "pull",
    metadata,
    sa.Column("key", Words, primary_key=True),
    sa.Column("repository", Words, nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", Words, nullable=False),
    sa.Column("base", Words, nullable=False),
    sa.Column("head_sha", Words, nullable=False),
    sa.Column("asker", Words),
    sa.Column("closed_for", Words),
    sa.Column("json", Words, nullable=False),
)

pusher = sa.Table(
    "pusher",
    metadata,
    sa.Column("pull", Words, primary_key=True),
    sa.Column("login", Words, primary_key=True),
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("kind", Words, nullable=False),
    sa.Column("pull", Words, nullable=False, index=True),
    sa.Column("state", Words, nullable=False, index=True),
    sa.Column("asked_by", Words, nullable=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("head", Words, nullable=False),
    sa.Column("base", Words, nullable=False),
    sa.Column("branch", Words, nullable=False),
    sa.Column("result", Words, nullable=False),
    sa.Column("selection", Words, nullable=False),
    sa.Column("note", Words, nullable=False),
    sa.Column("stop", Words, nullable=False),
    sa.Column("notices", Words, nullable=False),
    sa.Column("job", Words, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
)

run_project = sa.Table(
    "run_project",
    metadata,
    sa.Column("run", Words, primary_key=True),
    sa.Column("place", Words, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", Words, nullable=False, index=True),
    sa.Column("plan", Words),
    sa.Column("project", Words, nullable=False),
    sa.Column("rules", Words, nullable=False),
    sa.Column("counts", Words, nullable=False),
    sa.Column("note", Words, nullable=False),
    sa.Column("output", Words, nullable=False),
    sa.Column("waits_for", Words, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("input_digest", Words, nullable=False),
    sa.Column("holder", Words),
    sa.Column("started_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Index("run_project_place", "place"),
)

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("run", Words, nullable=False),
    sa.Column("repository", Words, nullable=False),
    sa.Column("pull", Words, nullable=False, index=True),
    sa.Column("place", Words, nullable=False),
    sa.Column("state", Words, nullable=False),
    sa.Column("stale_because", Words, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("applied_at", Moment),
    sa.Column("applied_by", Words),
    sa.Column("json", Words, nullable=False),
    sa.Index("plan_place", "repository", "place", "state"),
)

shown = sa.Table(
    "shown",
    metadata,
    sa.Column("pull", Words, primary_key=True),
    sa.Column("place", Words, primary_key=True),
    sa.Column("at", Moment, primary_key=True),
    sa.Column("digest", Words, nullable=False),
)

lock = sa.Table(
    "lock",
    metadata,
    sa.Column("repository", Words, primary_key=True),
    sa.Column("place", Words, primary_key=True),
    sa.Column("pull", Words, nullable=False, index=True),
    sa.Column("taken_by", Words, nullable=False),
    sa.Column("since", Moment, nullable=False),
)

slot = sa.Table(
    "slot",
    metadata,
    sa.Column("repository", Words, primary_key=True),
    sa.Column("place", Words, primary_key=True),
    sa.Column("run", Words, nullable=False),
)

intent = sa.Table(
    "intent",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("run", Words, nullable=False),
    sa.Column("place", Words, nullable=False),
    sa.Column("plan", Words, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("outcome", Words),
)

topic = sa.Table(
    "topic",
    metadata,
    sa.Column("key", Words, primary_key=True),
    sa.Column("pull", Words, nullable=False),
    sa.Column("wanted", sa.Integer, nullable=False),
    sa.Column("said", sa.Integer, nullable=False),
    sa.Column("said_at", Moment),
    sa.Column("speaker", Words),
    sa.Column("speaking_since", Moment),
    sa.Column("comment", Words),
)

status = sa.Table(
    "status",
    metadata,
    sa.Column("pull", Words, primary_key=True),
    sa.Column("name", Words, primary_key=True),
    sa.Column("sha", Words, nullable=False),
    sa.Column("said", Words, nullable=False),
)

freeze = sa.Table(
    "freeze",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reason", Words, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("since", Moment, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("action", Words, nullable=False),
    sa.Column("pull", Words),
    sa.Column("detail", Words, nullable=False),
)

gate = sa.Table(
    "gate",
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("demands", Words, nullable=False),
    sa.Column("next", Words, nullable=False),
)
