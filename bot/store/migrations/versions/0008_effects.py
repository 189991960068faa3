"""What became of each change of an apply that did not go well; of earlier ones only their words tell."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("run_project", sa.Column("effects", sa.Text(), nullable=False, server_default=""))
