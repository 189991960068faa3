"""What the bot asks of a forge (Host), of a tool (Tool), and of the cage in which tools run (Cage)."""

from bot.ports.cage import Cage, NetworkUse, Reach
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
    "Cage",
    "ClaimingTool",
    "CompletingTool",
    "Delivery",
    "Host",
    "Invocation",
    "ListingTool",
    "MaskingTool",
    "Neighbour",
    "NeighbourlyTool",
    "NetworkUse",
    "Origin",
    "PullCache",
    "Reach",
    "Remote",
    "Site",
    "StatefulTool",
    "Tool",
    "ToolPlan",
    "basic_authorization",
]
