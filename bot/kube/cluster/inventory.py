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
from bot.kube.cluster.client import Cluster
from bot.kube.objects.model import Ref
from bot.kube.objects.normalized import MEMBER_LABEL

ID_LABEL = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"
PROJECT = "gitops-bot/project"
MOST_BYTES = 900_000  # a ConfigMap holds 1 MiB
TRIES = 5


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
    for the same commit may render to something else with another version of a tool or of the cluster.
    """

    project: str
    namespace: str
    commit: str
    members: Mapping[Ref, Member] = field(default_factory=dict)
    label: str = ""
    rebuilt: bool = False
    installed: bool = False
    rendered: str = ""


def name_of(project: str) -> str:
    """A readable name that no two projects share and that Kubernetes takes."""
    slug = re.sub(r"[^a-z0-9]+", "-", project.lower()).strip("-")[:40].strip("-")
    return f"gitops-bot-{slug}-{hashlib.sha256(project.encode()).hexdigest()[:12]}"


def label_of(project: str, namespace: str) -> str:
    """The ApplySet's id, as KEP-3659 has it."""
    words = f"{name_of(project)}.{namespace}.ConfigMap.".encode()
    return f"applyset-{base64.urlsafe_b64encode(hashlib.sha256(words).digest()).decode().rstrip('=')}-v1"


def read(cluster: Cluster, project: str, namespace: str) -> Inventory | None:
    """None when there is none. One that cannot be read is rebuilt. Raises ToolFailed when it may not be read."""
    answer = cluster.get("v1", _ref(project, namespace))
    if answer.status == 404:
        return None
    if not answer.ok:
        raise ToolFailed(f"the inventory in namespace {namespace} cannot be read: {answer.message}")
    label = label_of(project, namespace)
    try:
        commit, members = _opened(answer.body)
    except (ValueError, KeyError, TypeError, OSError):
        kinds = (answer.body["metadata"].get("annotations") or {}).get(KINDS, "")
        return rebuilt(cluster, project, namespace, _kinds_named(cluster, kinds)) or Inventory(
            project, namespace, "", label=label, rebuilt=True
        )
    data = answer.body["data"]
    installed, rendered = data.get("installed") == "yes", str(data.get("rendered") or "")
    return Inventory(project, namespace, commit, members, label, installed=installed, rendered=rendered)


def rebuilt(cluster: Cluster, project: str, namespace: str, kinds: Iterable[tuple[str, str]]) -> Inventory | None:
    """From the labels of live objects of these kinds (API version and kind); None when nothing bears the label."""
    label = label_of(project, namespace)
    members = labelled(cluster, label, kinds)
    return Inventory(project, namespace, "", members, label, rebuilt=True, installed=True) if members else None


def labelled(cluster: Cluster, label: str, kinds: Iterable[tuple[str, str]]) -> dict[Ref, Member]:
    """Every object of these kinds that bears the label, as it is now: one question a kind.

    A kind that is no longer served in its version is looked for in the one that the cluster prefers.
    """
    served = served_of(cluster, frozenset(kinds))
    lists = cluster.each(lambda kind: cluster.metadata(kind[0], kind[1], None, f"{MEMBER_LABEL}={label}"), served)
    return {
        meta.ref: Member(version, meta.uid, meta.version, meta.generation)
        for (version, _), metas in zip(served, lists, strict=True)
        for meta in metas
    }


def served_of(cluster: Cluster, kinds: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
    """These kinds as the cluster serves them: in the version that it prefers where theirs is gone."""
    found = {kind for kind in kinds if cluster.resource(*kind)}
    lost = {(version.rpartition("/")[0], kind) for version, kind in kinds - found}
    if lost:
        found |= {(one.api_version, one.kind) for one in cluster.resources() if (one.group, one.kind) in lost}
    return sorted(found)


def write(cluster: Cluster, inventory: Inventory) -> None:
    """Put it in the place of what is there, making namespace and parent where they are missing. Raises ToolFailed."""
    body = _parent(inventory)
    for _ in range(TRIES):
        answer = cluster.apply(body, dry_run=False, force=True)
        if answer.status == 404:
            _make_namespace(cluster, inventory.namespace)
        elif answer.status != 409:
            break
    if not answer.ok:
        raise ToolFailed(f"the inventory in namespace {inventory.namespace} cannot be written: {answer.message}")


def _make_namespace(cluster: Cluster, name: str) -> None:
    made = cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, dry_run=False)
    if not made.ok and made.status != 409:
        raise ToolFailed(f"namespace {name} for the inventory is missing and cannot be made: {made.message}")


def _ref(project: str, namespace: str) -> Ref:
    return Ref("", "ConfigMap", namespace, name_of(project))


def _parent(inventory: Inventory) -> dict[str, Any]:
    members = {ref.id: asdict(member) for ref, member in sorted(inventory.members.items())}
    packed = base64.b64encode(gzip.compress(json.dumps(members, separators=(",", ":")).encode(), mtime=0)).decode()
    if len(packed) > MOST_BYTES:
        raise Refused(f"{len(members):,} objects are more than an inventory can hold: make several projects of it")
    kinds = sorted({f"{ref.kind}.{ref.group}".rstrip(".") for ref in inventory.members})
    spaces = sorted({ref.namespace for ref in inventory.members} - {"", inventory.namespace})
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name_of(inventory.project),
            "namespace": inventory.namespace,
            "labels": {ID_LABEL: inventory.label},
            "annotations": {
                TOOLING: "gitops-bot/v1",
                KINDS: ",".join(kinds),
                NAMESPACES: ",".join(spaces),
                PROJECT: inventory.project,
            },
        },
        "data": {
            "commit": inventory.commit,
            "installed": "yes" if inventory.installed else "no",
            "rendered": inventory.rendered,
        },
        "binaryData": {"members": packed},
    }


def _opened(body: Mapping[str, Any]) -> tuple[str, dict[Ref, Member]]:
    packed = base64.b64decode(body["binaryData"]["members"], validate=True)
    members = json.loads(gzip.decompress(packed))
    return str(body["data"]["commit"]), {Ref.of_id(id): Member(**one) for id, one in members.items()}


def _kinds_named(cluster: Cluster, named: str) -> list[tuple[str, str]]:
    """`Deployment.apps,ConfigMap` in the versions that the cluster prefers."""
    wanted = {tuple(word.partition(".")[::2]) for word in named.split(",") if word}
    return [(one.api_version, one.kind) for one in cluster.resources() if (one.kind, one.group) in wanted]
