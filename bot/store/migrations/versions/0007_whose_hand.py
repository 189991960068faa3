"""Everybody who asked for a pull request, who brought which commit, and which base branch a pull request had when."""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import UtcDateTime

revision = "0007"
down_revision = "0006"

FIRST = "1970-01-01 00:00:00.000000"


def upgrade() -> None:
    login = sa.Column("login", sa.Text(), primary_key=True)
    op.create_table("asker", sa.Column("pull", sa.Text(), primary_key=True), login)
    op.execute("insert into asker (pull, login) select key, asker from pull where asker is not null")
    with op.batch_alter_table("pull") as pull:
        pull.drop_column("asker")
    op.create_table(
        "pushed_commit",
        sa.Column("repository", sa.Text(), primary_key=True),
        sa.Column("sha", sa.Text(), primary_key=True),
        sa.Column("login", sa.Text(), nullable=False),
    )
    op.create_table(
        "base_branch",
        sa.Column("pull", sa.Text(), primary_key=True),
        sa.Column("since", UtcDateTime(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
    )
    op.execute(f"insert into base_branch (pull, since, name) select key, '{FIRST}', base from pull")
