"""What of a cluster is ours: one ConfigMap a project, the parent of an ApplySet whose members bear its label.

Read by the plan; widened before an apply changes anything, and made exact after it. `kubectl` can list the members by
the label and take them over. The format is KEP-3659's; what it leaves open (uid, commit) is in the data.
"""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster.client import Cluster, Forbidden
from bot.kube.cluster.responses import ObjectMeta
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.normalization import MEMBER_LABEL

ID_LABEL = "applyset.kubernetes.io/id"
TOOLING_ANNOTATION = "applyset.kubernetes.io/tooling"
KINDS_ANNOTATION = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES_ANNOTATION = "applyset.kubernetes.io/additional-namespaces"
PROJECT_ANNOTATION = "gitops-bot/project"
MAX_BYTES = 900_000  # a ConfigMap holds 1 MiB
WRITE_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Member:
    """An object of ours as our last apply left it. `version` is its resourceVersion."""

    api_version: str
    uid: str = ""
    version: str = ""
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All members of a project. `commit` is what was applied last, empty when nobody knows; `label` is theirs.

    `rebuilt`: there was no parent, or a damaged one, and the members are those that bear the label. `installed`: some
    apply went well to its end, so that the next one is an upgrade. `rendered` is the digest of what was applied last,
    for the same commit may render to something else with another version of a tool or of the cluster. `unfinished` are
    the objects and hooks that an apply began and that nobody saw well since.
    """

    project: str
    namespace: str
    commit: str
    members: Mapping[ObjectRef, Member] = field(default_factory=dict)
    label: str = ""
    rebuilt: bool = False
    installed: bool = False
    rendered: str = ""
    unfinished: frozenset[ObjectRef] = frozenset()


def name_of(project: str) -> str:
    """Return a readable name that no two projects share and that Kubernetes takes."""
    slug = re.sub(r"[^a-z0-9]+", "-", project.lower()).strip("-")[:40].strip("-")
    return f"gitops-bot-{slug}-{hashlib.sha256(project.encode()).hexdigest()[:12]}"


def label_of(project: str, namespace: str) -> str:
    """Return the ApplySet's id, as KEP-3659 has it."""
    identity = f"{name_of(project)}.{namespace}.ConfigMap.".encode()
    return f"applyset-{base64.urlsafe_b64encode(hashlib.sha256(identity).digest()).decode().rstrip('=')}-v1"


def read(cluster: Cluster, project: str, namespace: str) -> Inventory | None:
    """Read a project's inventory, None when there is none; a damaged one is rebuilt. Raises ToolFailed if refused."""
    response = cluster.get("v1", _ref(project, namespace))
    if response.status == 404:
        return None
    if not response.ok:
        raise ToolFailed(f"the inventory in namespace {namespace} cannot be read: {response.message}")
    label, annotations = label_of(project, namespace), response.body["metadata"].get("annotations") or {}
    try:
        commit, members = _unpack(response.body)
        unfinished = _unpack_refs(response.body["binaryData"].get("unfinished"))
    except (ValueError, KeyError, TypeError, OSError):
        kinds = _parse_kinds(cluster, annotations.get(KINDS_ANNOTATION, ""))
        namespaces = {namespace, *annotations.get(NAMESPACES_ANNOTATION, "").split(",")} - {""}
        return rebuild(cluster, project, namespace, kinds, namespaces) or Inventory(
            project, namespace, "", label=label, rebuilt=True
        )
    data = response.body["data"]
    installed, rendered = data.get("installed") == "yes", str(data.get("rendered") or "")
    return Inventory(
        project,
        namespace,
        commit,
        members,
        label,
        installed=installed,
        rendered=rendered,
        unfinished=unfinished,
    )


def rebuild(
    cluster: Cluster, project: str, namespace: str, kinds: Iterable[tuple[str, str]], namespaces: Iterable[str] = ()
) -> Inventory | None:
    """Rebuild it from the labels of live objects of these kinds (API version and kind); None when nothing bears one."""
    label = label_of(project, namespace)
    members = find_members(cluster, label, kinds, namespaces)
    return Inventory(project, namespace, "", members, label, rebuilt=True, installed=True) if members else None


def find_members(
    cluster: Cluster, label: str, kinds: Iterable[tuple[str, str]], namespaces: Iterable[str] = ()
) -> dict[ObjectRef, Member]:
    """Find every object of these kinds that bears the label, as it is now. As `list_members`."""
    return {
        meta.ref: Member(version, meta.uid, meta.version, meta.generation)
        for meta, version in list_members(cluster, label, frozenset(kinds), frozenset(namespaces))
    }


def list_members(
    cluster: Cluster, label: str, kinds: frozenset[tuple[str, str]], namespaces: frozenset[str]
) -> list[tuple[ObjectMeta, str]]:
    """List the metadata of what bears the label, each with the API version it was found in: one question a kind.

    A kind that is no longer served in its version is looked for in the one that the cluster prefers. One that may not
    be listed in the whole cluster, as Secrets, is listed in each of the namespaces. Raises ToolFailed if refused there.
    """
    served, selector = served_kinds(cluster, kinds), f"{MEMBER_LABEL}={label}"

    def list_kind(kind: tuple[str, str]) -> tuple[ObjectMeta, ...]:
        try:
            return cluster.metadata(*kind, None, selector)
        except Forbidden:
            resource = cluster.resource(*kind)
            if not (namespaces and resource and resource.namespaced):
                raise
        return tuple(meta for name in sorted(namespaces) for meta in cluster.metadata(*kind, name, selector))

    lists = cluster.map_concurrently(list_kind, served)
    return [(meta, version) for (version, _), metas in zip(served, lists, strict=True) for meta in metas]


def served_kinds(cluster: Cluster, kinds: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return these kinds as the cluster serves them: in the version that it prefers where theirs is gone."""
    served = {kind for kind in kinds if cluster.resource(*kind)}
    unserved = {(version.rpartition("/")[0], kind) for version, kind in kinds - served}
    if unserved:
        resources = cluster.resources()
        served |= {(kind.api_version, kind.kind) for kind in resources if (kind.group, kind.kind) in unserved}
    return sorted(served)


def write(cluster: Cluster, inventory: Inventory) -> None:
    """Put it in the place of what is there, making namespace and parent where they are missing.

    Raises ToolFailed if that is refused, and Refused where it would not fit into a ConfigMap.
    """
    body = _pack(inventory)
    for _ in range(WRITE_ATTEMPTS):
        response = cluster.apply(body, dry_run=False, force=True)
        if response.status == 404:
            _create_namespace(cluster, inventory.namespace)
        elif response.status != 409:
            break
    if not response.ok:
        raise ToolFailed(f"the inventory in namespace {inventory.namespace} cannot be written: {response.message}")


def _create_namespace(cluster: Cluster, name: str) -> None:
    response = cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, dry_run=False)
    if not response.ok and response.status != 409:
        raise ToolFailed(f"namespace {name} for the inventory is missing and cannot be made: {response.message}")


def _ref(project: str, namespace: str) -> ObjectRef:
    return ObjectRef("", "ConfigMap", namespace, name_of(project))


def _pack(inventory: Inventory) -> dict[str, Any]:
    members = {ref.id: asdict(member) for ref, member in sorted(inventory.members.items())}
    packed = _compress(json.dumps(members, separators=(",", ":")))
    unfinished = _compress(" ".join(sorted(ref.id for ref in inventory.unfinished)))
    if len(packed) + len(unfinished) > MAX_BYTES:
        raise Refused(f"{len(members):,} objects are more than an inventory can hold: make several projects of it")
    kinds = sorted({f"{ref.kind}.{ref.group}".rstrip(".") for ref in inventory.members})
    namespaces = sorted({ref.namespace for ref in inventory.members} - {"", inventory.namespace})
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name_of(inventory.project),
            "namespace": inventory.namespace,
            "labels": {ID_LABEL: inventory.label},
            "annotations": {
                TOOLING_ANNOTATION: "gitops-bot/v1",
                KINDS_ANNOTATION: ",".join(kinds),
                NAMESPACES_ANNOTATION: ",".join(namespaces),
                PROJECT_ANNOTATION: inventory.project,
            },
        },
        "data": {
            "commit": inventory.commit,
            "installed": "yes" if inventory.installed else "no",
            "rendered": inventory.rendered,
        },
        "binaryData": {"members": packed, "unfinished": unfinished},
    }


def _unpack(body: Mapping[str, Any]) -> tuple[str, dict[ObjectRef, Member]]:
    members = json.loads(_decompress(body["binaryData"]["members"]))
    return str(body["data"]["commit"]), {ObjectRef.parse_id(id): Member(**member) for id, member in members.items()}


def _unpack_refs(packed: str | None) -> frozenset[ObjectRef]:
    """None of them in an inventory of a version that kept none."""
    return frozenset(map(ObjectRef.parse_id, _decompress(packed).split())) if packed else frozenset()


def _compress(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _decompress(packed: str) -> str:
    return gzip.decompress(base64.b64decode(packed, validate=True)).decode()


def _parse_kinds(cluster: Cluster, kinds: str) -> list[tuple[str, str]]:
    """`Deployment.apps,ConfigMap` in the versions that the cluster prefers."""
    kind_groups = {tuple(word.partition(".")[::2]) for word in kinds.split(",") if word}
    resources = cluster.resources()
    return [(served.api_version, served.kind) for served in resources if (served.kind, served.group) in kind_groups]
