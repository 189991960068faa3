"""What keeps the bot from bringing a shape to its end, by the fault's number and the words in which it says so.

What it brings to another end is a row with a `fault` in `differences`. Whatever is written here and is so no more
fails the suite.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """`words` is a regular expression, found in what the bot says; `state` is where it ends.

    `planned`: the first plan says so already.
    """

    fault: str
    state: str
    words: str
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What the documented identities meet. `words` is a regular expression."""

    fault: str
    words: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """Who cannot, and why: an admin's credentials take their place meanwhile."""

    planner: tuple[Obstacle, ...]
    applier: tuple[Obstacle, ...] = ()


BLOCKED: Mapping[str, Block] = {}

GRANT = Obstacle("documented", "attempting to grant RBAC permissions not currently held")
AGGREGATION = Obstacle("documented", "must have cluster-admin privileges to use the aggregationRule")
WEBHOOK = Obstacle("documented", "the identity that plans may not do this: [a-z]+webhookconfigurations")
IDENTITIES: Mapping[str, Unfit] = {
    "certificate-manager": Unfit((GRANT, WEBHOOK), (GRANT,)),
    "database-operator": Unfit((AGGREGATION,), (AGGREGATION,)),
    "mesh-control-plane": Unfit((WEBHOOK,)),
    "gitops-controller": Unfit((GRANT,), (GRANT,)),
    "secret-store": Unfit((GRANT, WEBHOOK), (GRANT,)),
    "certified-webhook": Unfit((WEBHOOK,)),
    "event-autoscaler": Unfit((WEBHOOK,)),
    "ingress-controller": Unfit((GRANT, WEBHOOK), (GRANT,)),
}
