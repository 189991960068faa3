"""What the bot asks of a forge (Host) and of a tool (Tool)."""

from bot.ports.host import Delivery, Host, Remote, basic_authorization
from bot.ports.tool import (
    ApplyReport,
    ClaimingTool,
    CompletingTool,
    Invocation,
    ListingTool,
    MaskingTool,
    Neighbour,
    NeighbourlyTool,
    Origin,
    PullCache,
    Site,
    StatefulTool,
    Tool,
    ToolPlan,
)

__all__ = [
    "ApplyReport",
    "ClaimingTool",
    "CompletingTool",
    "Delivery",
    "Host",
    "Invocation",
    "ListingTool",
    "MaskingTool",
    "Neighbour",
    "NeighbourlyTool",
    "Origin",
    "PullCache",
    "Remote",
    "Site",
    "StatefulTool",
    "Tool",
    "ToolPlan",
    "basic_authorization",
]
