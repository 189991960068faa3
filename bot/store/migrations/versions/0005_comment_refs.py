"""A comment of a delivery that waits is named together with its pull request; ids are text."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    rows = sa.table("delivery", sa.column("id"), sa.column("event", sa.Text()), sa.column("done_at"))
    pending = op.get_bind().execute(sa.select(rows.c.id, rows.c.event).where(rows.c.done_at.is_(None)))
    for id, text in pending.fetchall():
        event = json.loads(text)
        if comment := event.get("comment"):
            number = comment.pop("number")
            comment["ref"] = {"pull": f"{event['repository']['key']}#{number}", "id": str(comment.pop("id"))}
            op.execute(rows.update().where(rows.c.id == id).values(event=json.dumps(event, ensure_ascii=False)))
