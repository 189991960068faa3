"""Stopped by a newer push before its end: what is left is not shown as if it counted."""

from bot.core.run import State
from tests.comments.building import plan, project

NOTE = "superseded by a newer plan"

VIEW = plan(
    project("app", state=State.SKIPPED, note=NOTE),
    project("network", state=State.SKIPPED, note=NOTE),
    state=State.SKIPPED,
)
