"""By what a row of an apply is known as written by the bot; those of earlier versions have no signature."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("run_project", sa.Column("signature", sa.Text(), nullable=False, server_default=""))
