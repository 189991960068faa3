"""What a cluster's refusal means, in words for the author of the object. Called for every answer that is not good.

Pure. The words are the server's and may hold values of Secrets: whoever calls scrubs them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.kube.cluster.rejected_fields import rejected_fields
from bot.kube.cluster.responses import ApiResponse

CONFLICT, INVALID, FORBIDDEN, NOT_FOUND = 409, 422, 403, 404
# Who applied is named alone; who wrote otherwise, with the API version that it used.
_CONFLICT = re.compile(r'conflict with "([^"]*)"(?: with subresource "[^"]*")?(?: using (\S+))?')
# What stands before a reason, and names the object once more and types of the server's program.
_SERVER_PREFIXES = re.compile(
    r"^(?:failed to [a-z ]+ \([^()]*; [^()]*, Kind=\w+\)(?: to [a-z ]+)?: "
    r"|unable to convert unstructured object to [^:]*: "
    r'|\w+ in version "[^"]*" cannot be handled as a \w+: '
    r"|error decoding from json: |json: |errors:\s*)+"
)
_PLAIN_WORDS = tuple(
    (re.compile(pattern), phrase)
    for pattern, phrase in (
        (r"&value\.value\w+\{Value:(.*)\}", r"\1"),
        (r"got &\{\[.*\]\}", "got a list"),
        (r"got &\{map\[.*\]\}", "got a map"),
        (r"map\[string\]interface ?\{\}\{.*\}", "a map"),
        (r"\[\]interface ?\{\}\{.*\}", "a list"),
        (r"cannot unmarshal (.+?) into Go (?:value|struct field \S+) of type \S*?(\w+)$", r"expected \2, got \1"),
        (r"quantities must match the regular expression '.*'", "is no quantity, such as `500Mi` or `0.2`"),
        (r"cannot convert float64 to int\d+", "is no whole number"),
        (r"illegal base64 data at input byte \d+", "is no base64"),
        (r"^parsing time (\".*\") as .*", r"\1 is no moment, such as `2006-01-02T15:04:05Z`"),
    )
)
_IMMUTABLE = re.compile(
    r"immutable|updates to .* are forbidden|may not (be changed|change)|cannot (be changed|change )|update .* forbidden"
)


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that someone else has written; `insists`: by server-side apply, so that it will be written again."""

    field: str
    manager: str
    insists: bool = True

    def __str__(self) -> str:
        return f"{self.field.removeprefix('.')} by {self.manager}"


def field_conflicts(response: ApiResponse) -> tuple[FieldConflict, ...]:
    """Read the conflicts of a 409 to a server-side apply; none when it is another kind of conflict."""
    if response.status != CONFLICT:
        return ()
    matches = ((cause.field, _CONFLICT.search(cause.message)) for cause in response.causes)
    return tuple(FieldConflict(field, match[1], insists=not match[2]) for field, match in matches if match)


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


def explain(response: ApiResponse, body: Mapping[str, Any] | None = None) -> str:
    """Explain the refusal in one line, without what only machines need; fields of the `body` are named."""
    text = response.message
    if _SERVER_PREFIXES.search(text):
        return _explain_undecodable(text, body or {})
    if response.status == FORBIDDEN and "forbidden: User" in text:
        return f"the identity that plans may not do this: {text}"
    if is_namespace_missing(response):
        return f"{text}; add the Namespace to this project, or `depends_on` the one that makes it"
    if response.status == INVALID and response.causes:
        return "is not valid: " + "; ".join(f"{cause.field}: {cause.message}" for cause in response.causes)
    return text


def _explain_undecodable(message: str, body: Mapping[str, Any]) -> str:
    """All reasons why the server cannot read an object, each with its field where that can be told."""
    lines = [line.strip() for line in _SERVER_PREFIXES.sub("", message).splitlines() if line.strip()]
    reasons = "; ".join(dict.fromkeys(_in_plain_words(line).removeprefix(".") for line in lines))
    fields = rejected_fields(message, body) if lines and not lines[0].startswith(".") else ()
    return f"is not valid: {', '.join(fields)}: {reasons}" if fields else f"is not valid: {reasons}"


def _in_plain_words(line: str) -> str:
    for pattern, phrase in _PLAIN_WORDS:
        line = pattern.sub(phrase, line)
    return line
