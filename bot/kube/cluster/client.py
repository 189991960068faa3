"""Ask one cluster, and change it: the only module that speaks to an API server. Thread-safe, one connection pool.

Refusals of the server are answers. What does not come, or comes as garbage, is tried again while nothing can have
happened twice, and is Transient in the end.
"""

import builtins
import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from bot.core.errors import ToolFailed
from bot.kube.cluster.requests import Bounds, Door, Request
from bot.kube.cluster.responses import Answer, Meta, Resource, meta_of
from bot.kube.objects.model import Ref, object_of

T = TypeVar("T")
R = TypeVar("R")

Body = Mapping[str, Any]
Bodies = tuple[Body, ...]
Rows = list[Body]

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
APPLY_PATCH, JSON_PATCH = "application/apply-patch+yaml", "application/json-patch+json"
DRY = {"dryRun": "All"}
PAGE = 500
EXPIRED = 410


class Cluster:
    """Every method may raise Transient (no usable answer) or Refused (the credentials are not taken)."""

    def __init__(self, name: str, door: Door, manager: str, threads: int) -> None:
        self.name, self._door, self._manager, self._threads = name, door, manager, threads
        self._lock = threading.Lock()
        self._groups: dict[str, Mapping[str, Resource] | None] = {}

    @classmethod
    def open(  # noqa: PLR0913  # each word of it named
        cls,
        name: str,
        kubeconfig: Path,
        context: str | None = None,
        timeout: float = 30.0,
        manager: str = "gitops-bot",
        threads: int = 16,
    ) -> "Cluster":
        """Nothing is asked yet. `timeout` in seconds is for one question with all its repetitions."""
        return cls(name, Door.opened(name, kubeconfig, context, timeout, threads), manager, threads)

    def within(self, seconds: float, stopped: Callable[[], bool]) -> "Cluster":
        """The same cluster for one plan: Transient when all in all it takes longer, or once `stopped()` is true."""
        made = copy.copy(self)  # what is known of kinds stays common
        made._door = self._door.within(Bounds(seconds, stopped))
        return made

    def resource(self, api_version: str, kind: str) -> Resource | None:
        """How the server serves a kind; None when it does not. Remembered until `forget`."""
        with self._lock:
            known = self._groups.get(api_version, {})
        if known == {}:
            known = self._discovered(api_version)
            with self._lock:
                self._groups[api_version] = known
        return (known or {}).get(kind)

    def forget(self) -> None:
        with self._lock:
            self._groups.clear()

    def version(self) -> str:
        return str(self._read("/version")["gitVersion"])

    def api_versions(self) -> tuple[str, ...]:
        """`apps/v1` and `apps/v1/Deployment`, of everything that is served; of an API that is down its version only."""
        versions = [str(one) for one in self._read("/api")["versions"]]
        for group in self._read("/apis")["groups"]:
            versions += [str(one["groupVersion"]) for one in group["versions"]]
        down = self.down()
        up = [version for version in versions if version not in down]
        kinds = [f"{version}/{kind}" for version in up for kind in self._discovered(version) or ()]
        return (*versions, *sorted(kinds))

    def resources(self) -> tuple[Resource, ...]:
        """Every kind that is served, each in the version that its group prefers; none of APIs that are down."""
        versions = ["v1", *(str(one["preferredVersion"]["groupVersion"]) for one in self._read("/apis")["groups"])]
        down = self.down()
        tables = self.each(self._discovered, [version for version in versions if version not in down])
        return tuple(its for table in tables for its in (table or {}).values())

    def down(self) -> frozenset[str]:
        """Group versions that another server answers for, and does not now, as with a metrics server that is away."""
        answer = self._ask("GET", "/apis/apiregistration.k8s.io/v1/apiservices")
        rows = (answer.body.get("items") or ()) if answer.ok else ()
        away = (row["spec"] for row in rows if row["spec"].get("service") and not _available(row))
        return frozenset(f"{spec.get('group')}/{spec.get('version')}" for spec in away)

    def get(self, api_version: str, ref: Ref) -> Answer:
        return self._ask("GET", self._path(api_version, ref))

    def metadata(self, api_version: str, kind: str, namespace: str | None, selector: str = "") -> tuple[Meta, ...]:
        rows = self._listed(api_version, kind, namespace, selector, METADATA)
        return tuple(meta_of(row, api_version, kind) for row in rows)

    def list(
        self, api_version: str, kind: str, namespace: str | None, selector: str = ""
    ) -> tuple[Mapping[str, Any], ...]:
        return tuple(self._listed(api_version, kind, namespace, selector, "application/json"))

    def apply(self, body: Mapping[str, Any], *, dry_run: bool, force: bool = False) -> Answer:
        """Server-side apply: asked twice, it is the same. Unknown fields are refused, not dropped."""
        its = object_of(body)
        query = {"fieldManager": self._manager, "fieldValidation": "Strict", "force": str(force).lower()}
        query |= DRY if dry_run else {}
        return self._ask("PATCH", self._path(its.api_version, its.ref), query, body, APPLY_PATCH)

    def create(self, body: Mapping[str, Any], *, dry_run: bool) -> Answer:
        its = object_of(body)
        query = {"fieldManager": self._manager, "fieldValidation": "Strict", **(DRY if dry_run else {})}
        path = self._path(its.api_version, its.ref).rpartition("/")[0]
        return self._ask("POST", path, query, body, again=dry_run)

    def replace(self, body: Mapping[str, Any], *, dry_run: bool) -> Answer:
        """With the body's resourceVersion as precondition, if it has one."""
        its = object_of(body)
        query = {"fieldManager": self._manager, **(DRY if dry_run else {})}
        return self._ask("PUT", self._path(its.api_version, its.ref), query, body, again=dry_run)

    def patch(self, api_version: str, ref: Ref, operations: Sequence[Mapping[str, Any]], *, dry_run: bool) -> Answer:
        query = {"fieldManager": self._manager, **(DRY if dry_run else {})}
        return self._ask("PATCH", self._path(api_version, ref), query, list(operations), JSON_PATCH, again=dry_run)

    def delete(  # noqa: PLR0913  # each word of a deletion is named
        self, api_version: str, ref: Ref, *, uid: str, version: str = "", dry_run: bool, propagation: str = "Background"
    ) -> Answer:
        """Delete exactly the object with that uid (and resourceVersion, if given): asked twice, it is the same."""
        wanted = {"uid": uid} | ({"resourceVersion": version} if version else {})
        options = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": wanted,
            "propagationPolicy": propagation,
        }
        if dry_run:
            options["dryRun"] = ["All"]
        return self._ask("DELETE", self._path(api_version, ref), {}, options)

    def can(self, verb: str, group: str, resource: str, namespace: str = "") -> bool:
        wanted = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }
        answer = self._ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {}, body)
        return bool((answer.body.get("status") or {}).get("allowed"))

    def log(self, namespace: str, pod: str, container: str, lines: int, previous: bool = False) -> str:
        """The last lines; empty where there is no log to be had."""
        query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/log"
        return self._door.text(Request("GET", path, query))

    def events(self, namespace: str, uid: str) -> Bodies:
        path = f"/api/v1/namespaces/{quote(namespace or 'default')}/events"
        answer = self._ask("GET", path, {"fieldSelector": f"involvedObject.uid={uid}"})
        return tuple(answer.body.get("items") or ()) if answer.ok else ()

    def each(self, work: Callable[[T], R], things: Sequence[T]) -> builtins.list[R]:
        """Do the work on all of them, side by side; results in the order given."""
        if len(things) < 2:
            return [work(thing) for thing in things]
        with ThreadPoolExecutor(min(self._threads, len(things)), "kube") as pool:
            return list(pool.map(work, things))

    def _discovered(self, api_version: str) -> Mapping[str, Resource] | None:
        group, _, version = api_version.rpartition("/")
        answer = self._ask("GET", f"/apis/{quote(api_version)}" if group else f"/api/{quote(version)}")
        if not answer.ok:
            return None
        rows = [row for row in answer.body.get("resources") or () if "/" not in row["name"]]
        return {
            row["kind"]: Resource(
                group, version, row["kind"], row["name"], bool(row["namespaced"]), "list" in (row.get("verbs") or ())
            )
            for row in rows
        }

    def _path(self, api_version: str, ref: Ref) -> str:
        return f"{self._collection(api_version, ref.kind, ref.namespace)}/{quote(ref.name, safe='')}"

    def _collection(self, api_version: str, kind: str, namespace: str | None) -> str:
        its = self.resource(api_version, kind)
        if its is None:
            raise ToolFailed(f"cluster {self.name} does not know the kind {kind} of {api_version}")
        top = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        inside = f"/namespaces/{quote(namespace)}" if its.namespaced and namespace else ""
        return f"{top}{inside}/{its.plural}"

    def _listed(self, api_version: str, kind: str, namespace: str | None, selector: str, accept: str) -> Rows:
        """Page by page; when the server forgets in between where it was, anew and in one piece, which never expires."""
        path = self._collection(api_version, kind, namespace)
        whole = {"labelSelector": selector} if selector else {}
        query = whole | {"limit": str(PAGE)}
        rows: Rows = []
        while True:
            answer = self._ask("GET", path, query, accept=accept)
            if answer.status == 404:
                return rows
            if answer.status == EXPIRED and "continue" in query:
                query, rows = whole, []
                continue
            if not answer.ok:
                raise ToolFailed(f"cluster {self.name} does not list {kind}: {answer.reason or answer.status}")
            rows += answer.body.get("items") or ()
            more = (answer.body.get("metadata") or {}).get("continue")
            if not more:
                return rows
            query = query | {"continue": more}

    def _read(self, path: str) -> Mapping[str, Any]:
        answer = self._ask("GET", path)
        if not answer.ok:
            raise ToolFailed(f"cluster {self.name} refuses {path}: {answer.reason or answer.status}")
        return answer.body

    def _ask(  # noqa: PLR0913  # one door
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content: str = "application/json",
        *,
        accept: str = "application/json",
        again: bool = True,
    ) -> Answer:
        return self._door.answer(Request(method, path, query or {}, body, content, accept, again))


def _available(service: Body) -> bool:
    conditions = (service.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Available" and one.get("status") == "True" for one in conditions)
