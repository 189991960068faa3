"""Kubernetes objects as data: what identifies one, and one as it was rendered or read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOOK_ANNOTATION = "helm.sh/hook"


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """What identifies an object in a cluster, whatever API version is used to speak of it.

    `namespace` is empty for objects of the cluster.
    """

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def path(self) -> str:
        """As a person names it in a command: `Kind/name` or `Kind/namespace/name`."""
        return "/".join(segment for segment in (self.kind, self.namespace, self.name) if segment)

    @property
    def is_definition(self) -> bool:
        """Whether it defines a kind: with it goes every object of that kind."""
        return (self.group, self.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition")

    @property
    def is_secret(self) -> bool:
        """Whether it is a Secret of Kubernetes itself."""
        return (self.group, self.kind) == ("", "Secret")

    @property
    def id(self) -> str:
        """One word, for inventories: `namespace_name_group_Kind`. Only a name may hold underscores."""
        return f"{self.namespace}_{self.name}_{self.group}_{self.kind}"

    @classmethod
    def parse_id(cls, id: str) -> "ObjectRef":
        """Read back what `id` wrote. Raises ValueError where it is none."""
        namespace, rest = id.split("_", 1)
        name, group, kind = rest.rsplit("_", 2)
        return cls(group, kind, namespace, name)


@dataclass(frozen=True, slots=True)
class KubeObject:
    """One object. `body` is JSON data that nobody changes; `where` is `deploy.yaml:12` where that is known.

    `warnings` say what of its text did not get into the body.
    """

    ref: ObjectRef
    version: str
    body: Mapping[str, Any]
    where: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """As in a manifest: `v1`, `apps/v1`."""
        return f"{self.ref.group}/{self.version}" if self.ref.group else self.version

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The object's own metadata, not its pods'."""
        return self.body.get("metadata") or {}

    @property
    def is_hook(self) -> bool:
        """Whether it is one of Helm's hooks, known or not, and no part of what stays."""
        return bool((self.metadata.get("annotations") or {}).get(HOOK_ANNOTATION))


def object_of(body: Mapping[str, Any], where: str = "", warnings: tuple[str, ...] = ()) -> KubeObject:
    """Return the object that a body with `apiVersion`, `kind` and `metadata.name` describes."""
    group, _, version = str(body["apiVersion"]).rpartition("/")
    metadata = body["metadata"]
    ref = ObjectRef(group, str(body["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))
    return KubeObject(ref, version, body, where, warnings)
