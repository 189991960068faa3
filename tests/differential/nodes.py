"""Stands in for the nodes, the provisioner, the balancers and the metrics of one namespace, on either server alike.

Pods of Jobs end well, all others are ready, claims get a volume, balancers an address: only status subresources and
volumes are written, everything that follows is the real controllers' work.
"""

import hashlib
import threading
from types import TracebackType
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.rig.access import Access
from tests.rig.kubelet import READY

LOOK_SECONDS = 0.1
ENDED_WELL = {"phase": "Succeeded"}
GONE = (404, 409)
ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
SCALES = {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale", "message": "as the tests say"}


class Nodes:
    """Use it in a `with`."""

    def __init__(self, access: Access, namespace: str) -> None:
        self._access, self._namespace = access, namespace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nodes", daemon=True)

    def __enter__(self) -> "Nodes":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._access.client() as api:
            core, edge, scaling = client.CoreV1Api(api), client.NetworkingV1Api(api), client.AutoscalingV2Api(api)
            looks = (
                (core.list_namespaced_pod, self._tend_pod, core),
                (core.list_namespaced_persistent_volume_claim, self._tend_claim, core),
                (core.list_namespaced_service, self._tend_service, core),
                (edge.list_namespaced_ingress, self._tend_ingress, edge),
                (scaling.list_namespaced_horizontal_pod_autoscaler, self._tend_autoscaler, scaling),
            )
            while not self._stop.wait(LOOK_SECONDS):
                for look, tend, way in looks:
                    for one in look(self._namespace).items:
                        _unless_gone(tend, way, one)

    def _tend_pod(self, core: Any, pod: Any) -> None:
        name, owners = pod.metadata.name, pod.metadata.owner_references or ()
        status = ENDED_WELL if any(owner.kind == "Job" for owner in owners) else READY
        if pod.metadata.deletion_timestamp:
            core.delete_namespaced_pod(name, self._namespace, grace_period_seconds=0)
        elif pod.status.phase != status["phase"]:
            core.patch_namespaced_pod_status(name, self._namespace, {"status": status})

    def _tend_claim(self, core: Any, claim: Any) -> None:
        """A volume that is meant for it; the real controller binds them."""
        if claim.status.phase != "Pending" or claim.spec.volume_name:
            return
        place = f"{self._namespace}/{claim.metadata.name}"
        spec = {
            "capacity": claim.spec.resources.requests,
            "accessModes": claim.spec.access_modes,
            "storageClassName": claim.spec.storage_class_name or "",
            "hostPath": {"path": "/nowhere"},
            "claimRef": {"namespace": self._namespace, "name": claim.metadata.name},
        }
        name = f"volume-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
        core.create_persistent_volume({"metadata": {"name": name}, "spec": spec})

    def _tend_service(self, core: Any, service: Any) -> None:
        if service.spec.type == "LoadBalancer" and not service.status.load_balancer.ingress:
            core.patch_namespaced_service_status(service.metadata.name, self._namespace, {"status": ADDRESS})

    def _tend_ingress(self, edge: Any, ingress: Any) -> None:
        if not ingress.status.load_balancer.ingress:
            edge.patch_namespaced_ingress_status(ingress.metadata.name, self._namespace, {"status": ADDRESS})

    def _tend_autoscaler(self, scaling: Any, autoscaler: Any) -> None:
        """Told able before the controller's next round, which is fifteen seconds away."""
        if not autoscaler.status.conditions:
            status = {"currentReplicas": 1, "desiredReplicas": 1, "conditions": [SCALES]}
            name = autoscaler.metadata.name
            scaling.patch_namespaced_horizontal_pod_autoscaler_status(name, self._namespace, {"status": status})


def _unless_gone(tend: Any, way: Any, one: Any) -> None:
    try:
        tend(way, one)
    except ApiException as why:
        if why.status not in GONE:
            raise
