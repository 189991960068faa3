"""What the plan comment said of the gate; a place's rows are found by an index."""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "gate",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("demands", sa.Text(), nullable=False),
        sa.Column("next", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run"),
    )
    op.create_index("run_project_place", "run_project", ["place"])
