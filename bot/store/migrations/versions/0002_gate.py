"""What the plan comment said of the gate."""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "gate",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("demands", sa.Text(), nullable=False),
        sa.Column("next", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run"),
    )
