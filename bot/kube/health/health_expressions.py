"""Health checks that people write in gitops.yaml, as `status.phase=Running`. Read by the rules and the schema. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.errors import Refused
from bot.kube.objects.body import Body

_SEGMENT = r"[\w-]+(?:\[[\w-]+=[^\]=]+\])?"
_EXPRESSION = re.compile(rf"\s*(?P<path>{_SEGMENT}(?:\.{_SEGMENT})*)\s*(?P<sign>!?=)\s*(?P<value>.*?)\s*")


@dataclass(frozen=True, slots=True)
class HealthExpression:
    """`path=value` or `path!=value`, compared as text (`true`, `3`).

    A path is names joined by dots; `name[key=value]` is the first member of a list whose `key` is `value`:
    `status.phase=Running`, `status.conditions[type=Synced].status=True`. A path that leads nowhere, or to a
    mapping or a list, holds neither `=` nor `!=`: nothing is known yet.
    """

    path: str
    equal: bool
    value: str

    def holds(self, body: Body) -> bool:
        """Tell whether the expression is true of an object."""
        node: object = body
        for segment in re.findall(_SEGMENT, self.path):
            node = _follow_segment(node, segment)
        if node is None or isinstance(node, dict | list):
            return False
        text = str(node).lower() if isinstance(node, bool) else str(node)
        return (text == self.value) is self.equal


def parse_expression(text: str) -> HealthExpression:
    """Read an expression. Raises Refused when the text is none."""
    if not (match := _EXPRESSION.fullmatch(text)):
        raise Refused(f"`{text}` is not a health check: write `path=value` or `path!=value`, as `status.phase=Running`")
    return HealthExpression(match["path"], match["sign"] == "=", match["value"])


def _follow_segment(node: object, segment: str) -> object:
    name, _, selector = segment.rstrip("]").partition("[")
    node = node.get(name) if isinstance(node, Mapping) else None
    if not selector:
        return node
    key, _, value = selector.partition("=")
    members = node if isinstance(node, list) else []
    return next((member for member in members if isinstance(member, Mapping) and str(member.get(key)) == value), None)
