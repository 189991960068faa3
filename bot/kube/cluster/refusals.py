"""What a cluster's refusal means, in words for the author of the object. Called for every answer that is not good.

Pure. The words are the server's and may hold values of Secrets: whoever calls scrubs them.
"""

import re
from dataclasses import dataclass

from bot.kube.cluster.responses import AUTHORS_MISTAKE, Answer

CONFLICT, INVALID, FORBIDDEN, NOT_FOUND = 409, 422, 403, 404
_CONFLICT = re.compile(r'conflict with "([^"]*)"(?: with subresource "[^"]*")?(?: using (\S+))?')
_SUBJECT = re.compile(rf"^{AUTHORS_MISTAKE}(?: \([^)]*\))?: ")
_CANNOT_CHANGE = re.compile(
    r"immutable|updates to .* are forbidden|may not (be changed|change)|cannot be changed|update .* forbidden"
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that someone else insists on."""

    field: str
    manager: str

    def __str__(self) -> str:
        return f"{self.field.removeprefix('.')} by {self.manager}"


def conflicts(answer: Answer) -> tuple[Conflict, ...]:
    """Those of a 409 to a server-side apply; none when it is another kind of conflict."""
    if answer.status != CONFLICT:
        return ()
    found = ((cause.field, _CONFLICT.search(cause.message)) for cause in answer.causes)
    return tuple(Conflict(field, match[1]) for field, match in found if match)


def cannot_change(answer: Answer) -> tuple[str, ...]:
    """The fields that keep an object from being changed in place; empty when the refusal has any other cause."""
    if answer.status != INVALID or not answer.causes:
        return ()
    if not all(_CANNOT_CHANGE.search(cause.message) for cause in answer.causes):
        return ()
    return tuple(dict.fromkeys(cause.field for cause in answer.causes))


def no_namespace(answer: Answer) -> bool:
    """The object's namespace is not there."""
    return answer.status == NOT_FOUND and answer.message.startswith("namespaces ")


def words(answer: Answer) -> str:
    """A sentence or more, without what only machines need."""
    text = answer.message
    if AUTHORS_MISTAKE in text:
        return f"is not valid: {_SUBJECT.sub('', text)}"
    if answer.status == FORBIDDEN and "forbidden: User" in text:
        return f"the identity that plans may not do this: {text}"
    if no_namespace(answer):
        return f"{text}; add the Namespace to this project, or `depends_on` the one that makes it"
    if answer.status == INVALID and answer.causes:
        return "is not valid: " + "; ".join(f"{cause.field}: {cause.message}" for cause in answer.causes)
    return text
