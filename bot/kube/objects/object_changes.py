"""What a plan says of each object: made by the differ, shown in the comment, carried out by the apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.kube.objects.kube_object import ObjectRef


class Verb(StrEnum):
    """What an apply does to an object.

    ADOPT changes nothing but our label; AWAIT changes nothing and looks at the health of what was applied before.
    CONFLICT: it is, or fields of it are, somebody else's; UNKNOWN: nobody can tell. Of both `problem` says why.
    """

    CREATE = "create"
    CHANGE = "change"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    AWAIT = "await"
    UNCHANGED = "same"
    CONFLICT = "conflict"
    UNKNOWN = "untold"


# What keeps an apply from beginning.
BLOCKING_VERBS = frozenset({Verb.CONFLICT, Verb.UNKNOWN})


class ChangeCause(StrEnum):
    """Says why a field changes."""

    YOURS = "your change"
    DRIFT = "existing drift that this overwrites"
    CLUSTER = "set by the cluster"
    OTHERS = "owned by someone else"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. `path` is for people (`spec.template.spec.containers[web].image`); None means absent.

    `old` and `new` are masked text, one line or many. `by`: who wrote the old value and when, where the cluster knows.
    """

    path: str
    old: str | None
    new: str | None
    cause: ChangeCause
    by: str = ""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object of a plan.

    `send` is the body that is applied, ours wholly (label included, ignored fields left out); None for deletions.
    `uid` and `version` (resourceVersion) are the live object's when the plan was made, empty when there was none.
    `force` takes fields over from other managers. `result` is a digest of the object as the dry-run left it, free of
    what changes by itself; the apply compares it. `notes` are sentences of ours, `warnings` the server's, `losses` what
    goes with a deletion or replacement. `confirm`: a person must name the object before it may go, or be overwritten.
    `takes` are field managers whose fields become ours before it is applied; `left` points to fields that are others'.
    `moves_from` is the other project of the same repository that had it until now. `drift` are fields that others
    changed and this leaves so, from what Git says to what is; `stays` says why an object that left Git does not go.
    `clears` are pointers to fields that become ours before it is applied, so that they go.
    """

    ref: ObjectRef
    api_version: str
    verb: Verb
    fields: tuple[FieldChange, ...] = ()
    send: Mapping[str, Any] | None = None
    uid: str = ""
    version: str = ""
    force: bool = False
    result: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    problem: str = ""
    confirm: bool = False
    where: str = ""
    takes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    moves_from: str = ""
    drift: tuple[FieldChange, ...] = ()
    stays: str = ""
    clears: tuple[str, ...] = ()


def blocking_reason(change: ObjectChange) -> str:
    """Say in one line why a blocked change is not to be applied."""
    problem = change.problem.strip().partition("\n")[0]
    if change.verb is Verb.CONFLICT:
        return f"{change.ref} is in conflict: {problem}"
    return f"nobody can tell what becomes of {change.ref}: {problem}"
