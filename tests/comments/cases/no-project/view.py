"""Someone asked for a plan of a pull request that touches no project."""

from bot.core.trigger import Trigger
from tests.comments.building import plan

VIEW = plan(trigger=Trigger.comment("12"))
