"""Helm's hooks, told from a chart's other objects. Called by what plans and carries out; runs nothing.

As Helm has it: what bears the annotation is no part of the release, even when nobody knows the hook it names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.kube.objects.model import Object

HOOK = "helm.sh/hook"
WEIGHT = "helm.sh/hook-weight"
POLICY = "helm.sh/hook-delete-policy"


class Phase(StrEnum):
    """When a hook runs. Deletion, rollback and test hooks are not among them: an apply does none of these."""

    PRE_INSTALL = "pre-install"
    POST_INSTALL = "post-install"
    PRE_UPGRADE = "pre-upgrade"
    POST_UPGRADE = "post-upgrade"


class DeletePolicy(StrEnum):
    """When a hook's object goes: before it is made again, or once it has done well or ill."""

    BEFORE = "before-hook-creation"
    SUCCEEDED = "hook-succeeded"
    FAILED = "hook-failed"


@dataclass(frozen=True, slots=True)
class Hook:
    """An object to be made at its time and waited for; the lower the weight, the sooner."""

    object: Object
    phases: frozenset[Phase]
    weight: int = 0
    delete_policy: frozenset[DeletePolicy] = frozenset({DeletePolicy.BEFORE})


def split(objects: Iterable[Object]) -> tuple[tuple[Object, ...], tuple[Hook, ...]]:
    """The objects of the release, and the hooks that an apply runs, in the order in which it does."""
    plain: list[Object] = []
    hooks: list[Hook] = []
    for one in objects:
        words = _words(one, HOOK)
        if not words:
            plain.append(one)
        elif phases := frozenset(phase for phase in Phase if phase in words):
            hooks.append(Hook(one, phases, _weight(one), _policy(one)))
    return tuple(plain), tuple(sorted(hooks, key=lambda hook: (hook.weight, hook.object.ref.name)))


def never_run(objects: Iterable[Object]) -> tuple[Object, ...]:
    """Those that bear the annotation and that no apply makes: tests, and hooks of deletion and rollback."""
    return tuple(one for one in objects if (words := _words(one, HOOK)) and not words.intersection(Phase))


def is_hook(live: Mapping[str, Any]) -> bool:
    """Whether a live object was made by a hook, of this chart or another: only such a one may make room for a hook."""
    return HOOK in ((live.get("metadata") or {}).get("annotations") or {})


def _annotation(one: Object, name: str) -> str:
    return str((one.metadata.get("annotations") or {}).get(name) or "")


def _words(one: Object, name: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in _annotation(one, name).split(",") if word.strip())


def _weight(one: Object) -> int:
    try:
        return int(_annotation(one, WEIGHT))
    except ValueError:
        return 0


def _policy(one: Object) -> frozenset[DeletePolicy]:
    words = _words(one, POLICY)
    return frozenset(policy for policy in DeletePolicy if policy in words) or frozenset({DeletePolicy.BEFORE})
