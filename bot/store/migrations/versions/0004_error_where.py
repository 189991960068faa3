"""The file and line of a row's first error have a column of their own; rows of before have it in their note alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("run_project", sa.Column("error_where", sa.Text(), nullable=False, server_default=""))
