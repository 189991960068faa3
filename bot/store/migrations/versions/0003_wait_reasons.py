"""What a queued row waits for is a word of ours, no longer a sentence for people."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WORDS = {
    "its turn": "turn",
    "what it depends on": "dependencies",
    "another run of this project": "slot",
}


def upgrade() -> None:
    rows = sa.table("run_project", sa.column("waits_for", sa.Text()))
    for sentence, word in WORDS.items():
        op.execute(rows.update().where(rows.c.waits_for == sentence).values(waits_for=word))
