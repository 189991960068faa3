"""What cage a row's tool ran in, and where it might talk to; of rows of earlier versions nobody wrote it down."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for name in ("cage", "network"):
        op.add_column("run_project", sa.Column(name, sa.Text(), nullable=False, server_default=""))
