"""What a cluster's refusal means, in words for the author of the object. Called for every answer that is not good.

Pure. The words are the server's and may hold values of Secrets: whoever calls scrubs them.
"""

import re
from dataclasses import dataclass

from bot.kube.cluster.responses import SCHEMA_ERROR, ApiResponse

CONFLICT, INVALID, FORBIDDEN, NOT_FOUND = 409, 422, 403, 404
_CONFLICT = re.compile(r'conflict with "([^"]*)"(?: with subresource "[^"]*")?(?: using (\S+))?')
_SCHEMA_ERROR_PREFIX = re.compile(rf"^{SCHEMA_ERROR}(?: \([^)]*\))?: ")
_IMMUTABLE = re.compile(
    r"immutable|updates to .* are forbidden|may not (be changed|change)|cannot be changed|update .* forbidden"
)


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that someone else insists on."""

    field: str
    manager: str

    def __str__(self) -> str:
        return f"{self.field.removeprefix('.')} by {self.manager}"


def field_conflicts(response: ApiResponse) -> tuple[FieldConflict, ...]:
    """Read the conflicts of a 409 to a server-side apply; none when it is another kind of conflict."""
    if response.status != CONFLICT:
        return ()
    matches = ((cause.field, _CONFLICT.search(cause.message)) for cause in response.causes)
    return tuple(FieldConflict(field, match[1]) for field, match in matches if match)


def immutable_fields(response: ApiResponse) -> tuple[str, ...]:
    """Return the fields that keep an object from being changed in place; none when the refusal has any other cause."""
    if response.status != INVALID or not response.causes:
        return ()
    if not all(_IMMUTABLE.search(cause.message) for cause in response.causes):
        return ()
    return tuple(dict.fromkeys(cause.field for cause in response.causes))


def is_namespace_missing(response: ApiResponse) -> bool:
    """Tell whether it was refused because the object's namespace is not there."""
    return response.status == NOT_FOUND and response.message.startswith("namespaces ")


def explain(response: ApiResponse) -> str:
    """Explain the refusal in a sentence or more, without what only machines need."""
    text = response.message
    if SCHEMA_ERROR in text:
        return f"is not valid: {_SCHEMA_ERROR_PREFIX.sub('', text)}"
    if response.status == FORBIDDEN and "forbidden: User" in text:
        return f"the identity that plans may not do this: {text}"
    if is_namespace_missing(response):
        return f"{text}; add the Namespace to this project, or `depends_on` the one that makes it"
    if response.status == INVALID and response.causes:
        return "is not valid: " + "; ".join(f"{cause.field}: {cause.message}" for cause in response.causes)
    return text
