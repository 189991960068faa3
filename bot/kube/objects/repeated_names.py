"""Names that stand twice in a list where a server-side apply takes each once: the last one counts, and it is said.

Called by `parsing` for what Helm renders, which gets such lists past the server. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.pod_specs import change_pod_spec

CONTAINER_LISTS = ("containers", "initContainers")
PULL_SECRETS, ENVIRONMENT = "imagePullSecrets", "env"


def keep_last_names(kube_object: KubeObject) -> KubeObject:
    """Return it with each variable of a container, and each pull secret, once; what was there twice is a warning.

    A variable stays where it was first, for others may be made of it, with the value that its container gets.
    """
    cleaning = _Cleaning()
    body = change_pod_spec(kube_object.body, cleaning.clean_pod)
    if not cleaning.warnings:
        return kube_object
    return replace(kube_object, body=body, warnings=(*kube_object.warnings, *cleaning.warnings))


@dataclass(frozen=True, slots=True)
class _Cleaning:
    """One object's."""

    warnings: list[str] = field(default_factory=list)

    def clean_pod(self, pod: Mapping[str, Any]) -> dict[str, Any]:
        """Return the pod's spec with each name once."""
        cleaned = self._clean_list(pod, PULL_SECRETS, PULL_SECRETS)
        for key in CONTAINER_LISTS:
            if isinstance(containers := pod.get(key), list):
                cleaned[key] = [self._clean_container(container) for container in containers]
        return cleaned

    def _clean_container(self, container: Any) -> Any:
        if not isinstance(container, Mapping):
            return container
        return self._clean_list(container, ENVIRONMENT, f"{ENVIRONMENT} of container {container.get('name')}")

    def _clean_list(self, owner: Mapping[str, Any], key: str, subject: str) -> dict[str, Any]:
        rows = owner.get(key)
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) and "name" in row for row in rows):
            return dict(owner)
        last = {str(row["name"]): row for row in rows}
        if len(last) == len(rows):
            return dict(owner)
        names = [str(row["name"]) for row in rows]
        repeated = ", ".join(name for name in last if names.count(name) > 1)
        self.warnings.append(f"{subject}: {repeated} is there more than once: the last one counts")
        return {**owner, key: list(last.values())}
