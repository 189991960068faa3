"""Helm's hooks, told from a chart's other objects. Called by what plans and carries out; runs nothing.

As Helm has it: what bears the annotation is no part of the release, even when nobody knows the hook it names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.kube.cluster.deletions import needs_confirmation, protection_of
from bot.kube.objects.kube_object import HOOK_ANNOTATION, KubeObject

WEIGHT_ANNOTATION = "helm.sh/hook-weight"
DELETE_POLICY_ANNOTATION = "helm.sh/hook-delete-policy"
GIVES_WAY = "is not run: the object of that name is there already, and stays"


class HookPhase(StrEnum):
    """When a hook runs. Deletion, rollback and test hooks are not among them: an apply does none of these."""

    PRE_INSTALL = "pre-install"
    POST_INSTALL = "post-install"
    PRE_UPGRADE = "pre-upgrade"
    POST_UPGRADE = "post-upgrade"


class HookDeletePolicy(StrEnum):
    """When a hook's object goes: before it is made again, or once it has done well or ill."""

    BEFORE = "before-hook-creation"
    SUCCEEDED = "hook-succeeded"
    FAILED = "hook-failed"


@dataclass(frozen=True, slots=True)
class HelmHook:
    """An object to be made at its time and waited for; the lower the weight, the sooner."""

    kube_object: KubeObject
    phases: frozenset[HookPhase]
    weight: int = 0
    delete_policies: frozenset[HookDeletePolicy] = frozenset({HookDeletePolicy.BEFORE})


def split_hooks(objects: Iterable[KubeObject]) -> tuple[tuple[KubeObject, ...], tuple[HelmHook, ...]]:
    """Split into the objects of the release and the hooks that an apply runs, in the order in which it does."""
    members: list[KubeObject] = []
    hooks: list[HelmHook] = []
    for kube_object in objects:
        names = _annotation_words(kube_object, HOOK_ANNOTATION)
        if not names:
            members.append(kube_object)
        elif phases := frozenset(phase for phase in HookPhase if phase in names):
            hooks.append(HelmHook(kube_object, phases, _weight(kube_object), _delete_policies(kube_object)))
    return tuple(members), tuple(sorted(hooks, key=lambda hook: (hook.weight, hook.kube_object.ref.name)))


def hook_names(hooks: Iterable[HelmHook]) -> tuple[str, ...]:
    """Name the hooks: what an apply runs beside sending objects."""
    return tuple(sorted({f"{hook.kube_object.ref} (hook)" for hook in hooks}))


def unsupported_hooks(objects: Iterable[KubeObject]) -> tuple[KubeObject, ...]:
    """Return the objects with the annotation that no apply makes: tests, and hooks of deletion and rollback."""
    return tuple(
        kube_object
        for kube_object in objects
        if (names := _annotation_words(kube_object, HOOK_ANNOTATION)) and not names.intersection(HookPhase)
    )


def made_by_hook(live: Mapping[str, Any]) -> bool:
    """Tell whether a hook, of this chart or another, made a live object: only such a one may make room for a hook."""
    return HOOK_ANNOTATION in ((live.get("metadata") or {}).get("annotations") or {})


def replacement_obstacle(hook: HelmHook, live: Mapping[str, Any]) -> str:
    """Say why a hook may not take the place of what is there; empty when it may."""
    if not made_by_hook(live):
        return "is there, and was not made by a hook: nothing is put in its place; give the hook another name"
    if guard := protection_of(live):
        return f"is protected: {guard}"
    if HookDeletePolicy.BEFORE in hook.delete_policies and needs_confirmation(hook.kube_object.ref):
        return "is there, and would go with all that is in it: no hook deletes that"
    return ""


def _annotation(kube_object: KubeObject, name: str) -> str:
    return str((kube_object.metadata.get("annotations") or {}).get(name) or "")


def _annotation_words(kube_object: KubeObject, name: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in _annotation(kube_object, name).split(",") if word.strip())


def _weight(kube_object: KubeObject) -> int:
    try:
        return int(_annotation(kube_object, WEIGHT_ANNOTATION))
    except ValueError:
        return 0


def _delete_policies(kube_object: KubeObject) -> frozenset[HookDeletePolicy]:
    names = _annotation_words(kube_object, DELETE_POLICY_ANNOTATION)
    return frozenset(policy for policy in HookDeletePolicy if policy in names) or frozenset({HookDeletePolicy.BEFORE})
