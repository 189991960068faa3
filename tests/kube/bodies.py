"""Bodies of objects for tests, short where they are made."""

import copy
from typing import Any

from tests.kube.planning import Body


def deployment(image: str = "shop:1", name: str = "web", **spec: Any) -> dict[str, Any]:
    container = {"name": "web", "image": image, "ports": [{"containerPort": 8080}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {**spec, "template": {"spec": {"containers": [container]}}},
    }


def defaulted(body: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """The body as a server answers it."""
    after = copy.deepcopy(body)
    after["metadata"] |= {"uid": "u1", "resourceVersion": "7", "generation": 3, "creationTimestamp": "2026-01-01"}
    after["spec"] = {"progressDeadlineSeconds": 600, **after.get("spec", {}), **spec}
    for container in after["spec"].get("template", {}).get("spec", {}).get("containers", []):
        container.setdefault("imagePullPolicy", "IfNotPresent")
        for port in container.get("ports", []):
            port.setdefault("protocol", "TCP")
    after["status"] = {"replicas": 1}
    return after


def managed(body: dict[str, Any], *entries: dict[str, Any]) -> dict[str, Any]:
    return {**body, "metadata": {**body.get("metadata", {}), "managedFields": list(entries)}}


def edited(body: dict[str, Any], manager: str, operation: str = "Update") -> dict[str, Any]:
    """The body as the manager left it who wrote the web container's image."""
    containers = {'k:{"name":"web"}': {".": {}, "f:image": {}, "f:name": {}}}
    fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": containers}}}}
    return managed(
        body,
        {"manager": "zeroth", "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields},
        {"manager": manager, "operation": operation, "time": "2026-03-01T12:00:00Z", "fieldsV1": fields},
    )


def hook(body: Body, phase: str, weight: int = 0, policy: str = "before-hook-creation") -> Body:
    words = {"helm.sh/hook": phase, "helm.sh/hook-weight": str(weight), "helm.sh/hook-delete-policy": policy}
    return {**body, "metadata": {**body["metadata"], "annotations": words}}


def job(namespace: str, name: str, seconds: int) -> Body:
    """A Job that nobody runs, and that fails after so many seconds."""
    container = {"name": "one", "image": "none"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    spec = {"activeDeadlineSeconds": seconds, "template": template}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
