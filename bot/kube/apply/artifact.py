"""What an apply gets: everything that was approved, and nothing else. Sealed by the bot, opened by one apply.

Holds Secrets in clear: it lives in the run's private scratch only, and goes with it.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.options import HealthCheck, HealthOptions
from bot.kube.render.helm_hooks import HelmHook, HookDeletePolicy, HookPhase


@dataclass(frozen=True, slots=True)
class ApplyArtifact:
    """One approved apply.

    `project` is the inventory's name for the project; `commit` is what was rendered. `members` are the ids of all
    objects that are to be in the inventory afterwards, with the API version each was rendered in. `changes` are those
    that change something. `rendered_digest` is of all that was rendered, for the inventory.
    `secrets` are the bodies of all Secrets of the project, changed or not: nothing of them is to be said. `drifted` are
    the ids of members that others changed and this apply leaves so.
    """

    cluster: str
    project: str
    namespace: str
    commit: str
    members: Mapping[str, str]
    changes: tuple[ObjectChange, ...]
    mask_key: bytes
    hooks: tuple[HelmHook, ...] = ()
    health: HealthOptions = field(default_factory=HealthOptions)
    secrets: tuple[Mapping[str, Any], ...] = ()
    rendered_digest: str = ""
    drifted: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """Dump for `from_json` of this version or the next: a plan may be applied after an upgrade."""
        stored = asdict(self)
        stored["outcomes"] = stored.pop("changes")
        stored["rendered"] = stored.pop("rendered_digest")
        stored["key"] = base64.b64encode(stored.pop("mask_key")).decode()
        stored["hooks"] = [_dump_hook(hook) for hook in self.hooks]
        return json.dumps(stored, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "ApplyArtifact":
        """Load what `to_json` dumped."""
        stored = json.loads(text)
        stored["mask_key"] = base64.b64decode(stored.pop("key"))
        stored["rendered_digest"] = stored.pop("rendered")
        stored["changes"] = tuple(_parse_change(stored_change) for stored_change in stored.pop("outcomes"))
        stored["secrets"] = tuple(stored["secrets"])
        stored["drifted"] = tuple(stored.get("drifted") or ())
        stored["hooks"] = tuple(_parse_hook(stored_hook) for stored_hook in stored["hooks"])
        health = stored["health"]
        checks = tuple(HealthCheck(**stored_check) for stored_check in health["checks"])
        return cls(**stored | {"health": HealthOptions(health["timeout"], health["stable"], checks)})


def _parse_change(stored: Mapping[str, Any]) -> ObjectChange:
    """Fields are for people and stay behind."""
    texts = {name: tuple(stored.get(name) or ()) for name in ("notes", "warnings", "losses", "takes", "left", "clears")}
    return ObjectChange(
        **{
            **stored,
            **texts,
            "ref": ObjectRef(**stored["ref"]),
            "verb": Verb(stored["verb"]),
            "fields": (),
            "drift": (),
        }
    )


def _dump_hook(hook: HelmHook) -> dict[str, Any]:
    phases, policies = sorted(hook.phases), sorted(hook.delete_policies)
    return {"body": hook.kube_object.body, "phases": phases, "weight": hook.weight, "delete_policy": policies}


def _parse_hook(stored: Mapping[str, Any]) -> HelmHook:
    phases = frozenset(map(HookPhase, stored["phases"]))
    policies = frozenset(map(HookDeletePolicy, stored["delete_policy"]))
    return HelmHook(object_of(stored["body"]), phases, stored["weight"], policies)
