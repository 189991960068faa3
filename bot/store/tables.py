"""The tables. `migrations/` brings a database to this shape; a test compares the two."""

import sqlalchemy as sa

from bot.store.columns import SafeText, UtcDateTime

metadata = sa.MetaData()

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    sa.Column("event", SafeText, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("done_at", UtcDateTime, index=True),
)

repository = sa.Table(
    "repository",
    metadata,
    sa.Column("key", SafeText, primary_key=True),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("default_branch", SafeText, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("swept_at", UtcDateTime),
)

pull = sa.Table(
    "pull",
    metadata,
    sa.Column("key", SafeText, primary_key=True),
    sa.Column("repository", SafeText, nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", SafeText, nullable=False),
    sa.Column("base", SafeText, nullable=False),
    sa.Column("head_sha", SafeText, nullable=False),
    sa.Column("closed_for", SafeText),
    sa.Column("json", SafeText, nullable=False),
)

pusher = sa.Table(
    "pusher",
    metadata,
    sa.Column("pull", SafeText, primary_key=True),
    sa.Column("login", SafeText, primary_key=True),
)

asker = sa.Table(
    "asker",
    metadata,
    sa.Column("pull", SafeText, primary_key=True),
    sa.Column("login", SafeText, primary_key=True),
)

pushed_commit = sa.Table(
    "pushed_commit",
    metadata,
    sa.Column("repository", SafeText, primary_key=True),
    sa.Column("sha", SafeText, primary_key=True),
    sa.Column("login", SafeText, nullable=False),
)

base_branch = sa.Table(
    "base_branch",
    metadata,
    sa.Column("pull", SafeText, primary_key=True),
    sa.Column("since", UtcDateTime, primary_key=True),
    sa.Column("name", SafeText, nullable=False),
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    sa.Column("kind", SafeText, nullable=False),
    sa.Column("pull", SafeText, nullable=False, index=True),
    sa.Column("state", SafeText, nullable=False, index=True),
    sa.Column("asked_by", SafeText, nullable=False),
    sa.Column("why", SafeText, nullable=False),
    sa.Column("head", SafeText, nullable=False),
    sa.Column("base", SafeText, nullable=False),
    sa.Column("branch", SafeText, nullable=False),
    sa.Column("result", SafeText, nullable=False),
    sa.Column("selection", SafeText, nullable=False),
    sa.Column("note", SafeText, nullable=False),
    sa.Column("stop", SafeText, nullable=False),
    sa.Column("notices", SafeText, nullable=False),
    sa.Column("job", SafeText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("findings", SafeText, nullable=False, server_default="{}"),
)

run_project = sa.Table(
    "run_project",
    metadata,
    sa.Column("run", SafeText, primary_key=True),
    sa.Column("place", SafeText, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", SafeText, nullable=False, index=True),
    sa.Column("plan", SafeText),
    sa.Column("project", SafeText, nullable=False),
    sa.Column("rules", SafeText, nullable=False),
    sa.Column("counts", SafeText, nullable=False),
    sa.Column("note", SafeText, nullable=False),
    sa.Column("output", SafeText, nullable=False),
    sa.Column("waits_for", SafeText, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("input_digest", SafeText, nullable=False),
    sa.Column("holder", SafeText),
    sa.Column("started_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("error_where", SafeText, nullable=False, server_default=""),
    sa.Column("effects", SafeText, nullable=False, server_default=""),
    sa.Column("signature", SafeText, nullable=False, server_default=""),
    sa.Column("cage", SafeText, nullable=False, server_default=""),
    sa.Column("network", SafeText, nullable=False, server_default=""),
    sa.Index("run_project_place", "place"),
)

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    sa.Column("run", SafeText, nullable=False),
    sa.Column("repository", SafeText, nullable=False),
    sa.Column("pull", SafeText, nullable=False, index=True),
    sa.Column("place", SafeText, nullable=False),
    sa.Column("state", SafeText, nullable=False),
    sa.Column("stale_because", SafeText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("applied_at", UtcDateTime),
    sa.Column("applied_by", SafeText),
    sa.Column("json", SafeText, nullable=False),
    sa.Index("plan_place", "repository", "place", "state"),
)

shown_digest = sa.Table(
    "shown",
    metadata,
    sa.Column("pull", SafeText, primary_key=True),
    sa.Column("place", SafeText, primary_key=True),
    sa.Column("at", UtcDateTime, primary_key=True),
    sa.Column("digest", SafeText, nullable=False),
)

lock = sa.Table(
    "lock",
    metadata,
    sa.Column("repository", SafeText, primary_key=True),
    sa.Column("place", SafeText, primary_key=True),
    sa.Column("pull", SafeText, nullable=False, index=True),
    sa.Column("taken_by", SafeText, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
)

slot = sa.Table(
    "slot",
    metadata,
    sa.Column("repository", SafeText, primary_key=True),
    sa.Column("place", SafeText, primary_key=True),
    sa.Column("run", SafeText, nullable=False),
)

intent = sa.Table(
    "intent",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    sa.Column("run", SafeText, nullable=False),
    sa.Column("place", SafeText, nullable=False),
    sa.Column("plan", SafeText, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("outcome", SafeText),
)

comment_slot = sa.Table(
    "topic",
    metadata,
    sa.Column("key", SafeText, primary_key=True),
    sa.Column("pull", SafeText, nullable=False),
    sa.Column("wanted", sa.Integer, nullable=False),
    sa.Column("said", sa.Integer, nullable=False),
    sa.Column("said_at", UtcDateTime),
    sa.Column("speaker", SafeText),
    sa.Column("speaking_since", UtcDateTime),
    sa.Column("comment", SafeText),
)

status = sa.Table(
    "status",
    metadata,
    sa.Column("pull", SafeText, primary_key=True),
    sa.Column("name", SafeText, primary_key=True),
    sa.Column("sha", SafeText, nullable=False),
    sa.Column("said", SafeText, nullable=False),
)

freeze = sa.Table(
    "freeze",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reason", SafeText, nullable=False),
    sa.Column("by", SafeText, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", SafeText, nullable=False),
    sa.Column("action", SafeText, nullable=False),
    sa.Column("pull", SafeText),
    sa.Column("detail", SafeText, nullable=False),
)

gate = sa.Table(
    "gate",
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("demands", SafeText, nullable=False),
    sa.Column("next", SafeText, nullable=False),
)
