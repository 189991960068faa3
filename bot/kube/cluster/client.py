"""Ask one cluster, and change it: the only module that speaks to an API server. Thread-safe, one connection pool.

Refusals of the server are answers. What does not come, or comes as garbage, is tried again while nothing can have
happened twice, and is Transient in the end.
"""

import builtins
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from bot.core.errors import ToolFailed
from bot.kube.cluster.responses import ApiResource, ApiResponse, ObjectMeta, parse_meta, parse_resources
from bot.kube.cluster.transport import METADATA_LIST, ApiRequest, Deadline, Transport
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef, object_of

T = TypeVar("T")
R = TypeVar("R")

Bodies = tuple[Body, ...]
Rows = list[Body]
Kinds = Mapping[str, ApiResource]  # of one API version, by kind; empty where it is not served

APPLY_PATCH, JSON_PATCH = "application/apply-patch+yaml", "application/json-patch+json"
DRY_RUN = {"dryRun": "All"}
PAGE = 500
FORBIDDEN, GONE = 403, 410


class Forbidden(ToolFailed):
    """These credentials may not do so."""


class Unserved(ToolFailed):
    """The cluster has no such kind."""


class Cluster:
    """Every method may raise Transient (no usable answer) or Refused (the credentials are not taken)."""

    def __init__(self, name: str, transport: Transport, manager: str, threads: int) -> None:
        self.name, self._transport, self._manager, self._threads = name, transport, manager, threads
        self._lock = threading.Lock()
        self._kinds: dict[str, Kinds] = {}

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
        """Make a client; nothing is asked yet. `timeout` in seconds is for one question with all its repetitions.

        Raises Refused where the kubeconfig cannot be used.
        """
        return cls(name, Transport.open(name, kubeconfig, context, timeout, threads), manager, threads)

    def with_deadline(self, seconds: float, stopped: Callable[[], bool]) -> "Cluster":
        """Make a client of one plan: Transient when all in all it takes longer, or `stopped()` is true.

        It knows of no kind yet: definitions come and go between two plans.
        """
        transport = self._transport.with_deadline(Deadline(seconds, stopped))
        return Cluster(self.name, transport, self._manager, self._threads)

    def resource(self, api_version: str, kind: str) -> ApiResource | None:
        """Look up how the server serves a kind; None when it does not. Remembered until there is reason to doubt it."""
        with self._lock:
            known = api_version in self._kinds
        if not known:
            self._discover(api_version)
        with self._lock:
            return self._kinds.get(api_version, {}).get(kind)

    def forget_resources(self) -> None:
        """Have kinds looked up anew, since definitions were applied."""
        with self._lock:
            self._kinds.clear()

    def version(self) -> str:
        """Ask for the server's version: `v1.33.1`."""
        return str(self._get_body("/version")["gitVersion"])

    def api_versions(self) -> tuple[str, ...]:
        """List `apps/v1` and `apps/v1/Deployment` of all that is served; of an API that is down its version only."""
        versions = [str(version) for version in self._get_body("/api")["versions"]]
        for group in self._get_body("/apis")["groups"]:
            versions += [str(version["groupVersion"]) for version in group["versions"]]
        unavailable = self.unavailable_versions()
        available = [version for version in versions if version not in unavailable]
        kinds = [f"{version}/{kind}" for version in available for kind in self._discover(version)]
        return (*versions, *sorted(kinds))

    def resources(self) -> tuple[ApiResource, ...]:
        """List every kind that is served, each in the version that its group prefers; none of APIs that are down."""
        groups = self._get_body("/apis")["groups"]
        versions = ["v1", *(str(group["preferredVersion"]["groupVersion"]) for group in groups)]
        unavailable = self.unavailable_versions()
        tables = self.map_concurrently(self._discover, [version for version in versions if version not in unavailable])
        return tuple(resource for table in tables for resource in table.values())

    def unavailable_versions(self) -> frozenset[str]:
        """List group versions that another server answers for, and does not now, as a metrics server that is away."""
        response = self._request("GET", "/apis/apiregistration.k8s.io/v1/apiservices")
        rows = (response.body.get("items") or ()) if response.ok else ()
        unavailable = (row["spec"] for row in rows if row["spec"].get("service") and not _is_available(row))
        return frozenset(f"{spec.get('group')}/{spec.get('version')}" for spec in unavailable)

    def get(self, api_version: str, ref: ObjectRef) -> ApiResponse:
        """Read an object. Raises ToolFailed for a kind that is not served, as all that follow do."""
        return self._send_to(api_version, ref, ApiRequest("GET"))

    def metadata(
        self, api_version: str, kind: str, namespace: str | None, selector: str = ""
    ) -> tuple[ObjectMeta, ...]:
        """List the metadata of a kind's objects, in one namespace or in all (None). Raises ToolFailed if refused."""
        rows = self._list_pages(api_version, kind, namespace, selector, METADATA_LIST)
        return tuple(parse_meta(row, api_version, kind) for row in rows)

    def list(
        self, api_version: str, kind: str, namespace: str | None, selector: str = ""
    ) -> tuple[Mapping[str, Any], ...]:
        """List a kind's objects, in one namespace or in all (None). Raises ToolFailed if refused."""
        return tuple(self._list_pages(api_version, kind, namespace, selector, "application/json"))

    def apply(self, body: Mapping[str, Any], *, dry_run: bool, force: bool = False) -> ApiResponse:
        """Apply on the server's side: asked twice, it is the same. Unknown fields are refused, not dropped."""
        target = object_of(body)
        query = {"fieldManager": self._manager, "fieldValidation": "Strict", "force": str(force).lower()}
        query |= DRY_RUN if dry_run else {}
        return self._send_to(target.api_version, target.ref, ApiRequest("PATCH", "", query, body, APPLY_PATCH))

    def create(self, body: Mapping[str, Any], *, dry_run: bool) -> ApiResponse:
        """Create an object; only a dry-run is repeated. Unknown fields are refused, not dropped."""
        target = object_of(body)
        query = {"fieldManager": self._manager, "fieldValidation": "Strict", **(DRY_RUN if dry_run else {})}
        request = ApiRequest("POST", query=query, body=body, repeatable=dry_run)
        return self._send_to(target.api_version, target.ref, request)

    def replace(self, body: Mapping[str, Any], *, dry_run: bool) -> ApiResponse:
        """Put a whole object, with its resourceVersion as precondition, if it has one; only a dry-run is repeated."""
        target = object_of(body)
        query = {"fieldManager": self._manager, **(DRY_RUN if dry_run else {})}
        request = ApiRequest("PUT", query=query, body=body, repeatable=dry_run)
        return self._send_to(target.api_version, target.ref, request)

    def patch(
        self, api_version: str, ref: ObjectRef, operations: Sequence[Mapping[str, Any]], *, dry_run: bool
    ) -> ApiResponse:
        """Send a JSON patch; only a dry-run is repeated."""
        query = {"fieldManager": self._manager, **(DRY_RUN if dry_run else {})}
        request = ApiRequest("PATCH", "", query, list(operations), JSON_PATCH, repeatable=dry_run)
        return self._send_to(api_version, ref, request)

    def delete(  # noqa: PLR0913  # each word of a deletion is named
        self,
        api_version: str,
        ref: ObjectRef,
        *,
        uid: str,
        version: str = "",
        dry_run: bool,
        propagation: str = "Background",
    ) -> ApiResponse:
        """Delete exactly the object with that uid (and resourceVersion, if given): asked twice, it is the same."""
        preconditions = {"uid": uid} | ({"resourceVersion": version} if version else {})
        options = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": preconditions,
            "propagationPolicy": propagation,
        }
        if dry_run:
            options["dryRun"] = ["All"]
        return self._send_to(api_version, ref, ApiRequest("DELETE", body=options))

    def can(self, verb: str, group: str, resource: str, namespace: str = "") -> bool:
        """Ask whether these credentials may do so: `can("patch", "apps", "deployments")`."""
        attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        response = self._request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {}, body)
        return bool((response.body.get("status") or {}).get("allowed"))

    def log(self, namespace: str, pod: str, container: str, lines: int, previous: bool = False) -> str:
        """Read a container's last lines; empty where there is no log to be had."""
        query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/log"
        return self._transport.fetch_text(ApiRequest("GET", path, query))

    def fetch_text(self, path: str) -> str:
        """Fetch a document that is no object, such as a schema; empty where there is none to be had."""
        return self._transport.fetch_text(ApiRequest("GET", path))

    def events(self, namespace: str, uid: str) -> Bodies:
        """List the events about an object; none where they may not be read."""
        path = f"/api/v1/namespaces/{quote(namespace or 'default')}/events"
        response = self._request("GET", path, {"fieldSelector": f"involvedObject.uid={uid}"})
        return tuple(response.body.get("items") or ()) if response.ok else ()

    def map_concurrently(self, work: Callable[[T], R], inputs: Sequence[T]) -> builtins.list[R]:
        """Do the work on all of them, side by side; results in the order given."""
        if len(inputs) < 2:
            return [work(single) for single in inputs]
        with ThreadPoolExecutor(min(self._threads, len(inputs)), "kube") as pool:
            return list(pool.map(work, inputs))

    def _discover(self, api_version: str) -> Kinds:
        """Ask which kinds an API version has, and remember it."""
        group, _, version = api_version.rpartition("/")
        response = self._request("GET", f"/apis/{quote(api_version)}" if group else f"/api/{quote(version)}")
        rows = (response.body.get("resources") or ()) if response.ok else ()
        kinds = parse_resources(rows, group, version)
        with self._lock:
            self._kinds[api_version] = kinds
        return kinds

    def _send_to(self, api_version: str, ref: ObjectRef, request: ApiRequest) -> ApiResponse:
        """Send to the object's path, or its collection's for a POST; anew where the kind is not there any more."""
        response = self._transport.send(replace(request, path=self._path(api_version, ref, request.method)))
        if not response.is_unserved:
            return response
        self._discover(api_version)
        return self._transport.send(replace(request, path=self._path(api_version, ref, request.method)))

    def _path(self, api_version: str, ref: ObjectRef, method: str) -> str:
        collection = self._collection(api_version, ref.kind, ref.namespace)
        return collection if method == "POST" else f"{collection}/{quote(ref.name, safe='')}"

    def _collection(self, api_version: str, kind: str, namespace: str | None) -> str:
        resource = self.resource(api_version, kind) or self._discover(api_version).get(kind)
        if resource is None:
            raise Unserved(f"cluster {self.name} does not know the kind {kind} of {api_version}")
        top = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        inside = f"/namespaces/{quote(namespace)}" if resource.namespaced and namespace else ""
        return f"{top}{inside}/{resource.plural}"

    def _list_pages(self, api_version: str, kind: str, namespace: str | None, selector: str, accept: str) -> Rows:
        """Page by page; when the server forgets in between where it was, anew and in one piece, which never expires."""
        path = self._collection(api_version, kind, namespace)
        unpaged = {"labelSelector": selector} if selector else {}
        query = unpaged | {"limit": str(PAGE)}
        rows: Rows = []
        while True:
            response = self._request("GET", path, query, accept=accept)
            if response.status == 404:
                self._discover(api_version)
                return rows
            if response.status == GONE and "continue" in query:
                query, rows = unpaged, []
                continue
            if not response.ok:
                refusal = f"cluster {self.name} does not list {kind}: {response.reason or response.status}"
                raise Forbidden(refusal) if response.status == FORBIDDEN else ToolFailed(refusal)
            rows += response.body.get("items") or ()
            continuation = (response.body.get("metadata") or {}).get("continue")
            if not continuation:
                return rows
            query = query | {"continue": continuation}

    def _get_body(self, path: str) -> Mapping[str, Any]:
        response = self._request("GET", path)
        if not response.ok:
            raise ToolFailed(f"cluster {self.name} refuses {path}: {response.reason or response.status}")
        return response.body

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        *,
        accept: str = "application/json",
    ) -> ApiResponse:
        return self._transport.send(ApiRequest(method, path, query or {}, body, accept=accept))


def _is_available(service: Body) -> bool:
    conditions = (service.get("status") or {}).get("conditions") or ()
    return any(condition.get("type") == "Available" and condition.get("status") == "True" for condition in conditions)
