"""Bodies of objects for tests, short where they are made."""

import copy
from typing import Any


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
