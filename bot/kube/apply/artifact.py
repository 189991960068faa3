"""What an apply is given: everything that was approved, and nothing else. Sealed by the bot, opened by one apply.

Holds Secrets in clear: it lives in the run's private scratch only, and goes with it.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.core.project import HealthCheck, HealthOptions
from bot.kube.objects.model import Ref, object_of
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.render.hooks import DeletePolicy, Hook, Phase


@dataclass(frozen=True, slots=True)
class Work:
    """One approved apply.

    `project` is the inventory's name for the project; `commit` is what was rendered. `members` are the ids of all
    objects that are to be in the inventory afterwards, with the API version each was rendered in. `outcomes` are those
    that change something. `key` is the mask's.
    `rendered` is the digest of all that was rendered, for the inventory.
    `secrets` are the bodies of all Secrets of the project, changed or not: nothing of them is to be said.
    """

    cluster: str
    project: str
    namespace: str
    commit: str
    members: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    key: bytes
    hooks: tuple[Hook, ...] = ()
    health: HealthOptions = field(default_factory=HealthOptions)
    secrets: tuple[Mapping[str, Any], ...] = ()
    rendered: str = ""

    def dumped(self) -> bytes:
        words = asdict(self) | {"key": base64.b64encode(self.key).decode()}
        words["hooks"] = [_dumped(hook) for hook in self.hooks]
        return json.dumps(words, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def loaded(cls, text: bytes) -> "Work":
        words = json.loads(text)
        words["key"] = base64.b64decode(words["key"])
        words["secrets"] = tuple(words["secrets"])
        words["outcomes"] = tuple(_outcome(one) for one in words["outcomes"])
        words["hooks"] = tuple(_hook(one) for one in words["hooks"])
        health = words["health"]
        checks = tuple(HealthCheck(**one) for one in health["checks"])
        return cls(**words | {"health": HealthOptions(health["timeout"], health["stable"], checks)})


def _outcome(words: Mapping[str, Any]) -> Outcome:
    """Fields are for people and stay behind."""
    texts = {name: tuple(words[name]) for name in ("notes", "warnings", "losses", "takes", "left")}
    return Outcome(**{**words, **texts, "ref": Ref(**words["ref"]), "verb": Verb(words["verb"]), "fields": ()})


def _dumped(hook: Hook) -> dict[str, Any]:
    when, policy = sorted(hook.phases), sorted(hook.delete_policy)
    return {"body": hook.object.body, "phases": when, "weight": hook.weight, "delete_policy": policy}


def _hook(words: Mapping[str, Any]) -> Hook:
    policy = frozenset(map(DeletePolicy, words["delete_policy"]))
    return Hook(object_of(words["body"]), frozenset(map(Phase, words["phases"])), words["weight"], policy)
