"""What is found of a pull request beside its projects has a column of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("run", sa.Column("findings", sa.Text(), nullable=False, server_default="{}"))
