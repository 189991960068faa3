"""Stands in for nodes, of which the rig has none: says of every pod of a namespace how it goes, as a kubelet would.

Only the status subresource is written; everything that follows from it is the real controllers' work.
"""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.rig.access import Access

LOOK_SECONDS = 0.2
READY = {
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
}


def cannot_pull(container: str) -> Mapping[str, Any]:
    """The status of a pod whose image is not there."""
    state = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    one = {"name": container, "image": "none", "imageID": "", "ready": False, "restartCount": 0, "state": state}
    return {"phase": "Pending", "containerStatuses": [one]}


class Kubelet:
    """Use it in a `with`."""

    def __init__(self, cluster: Access, namespace: str, status: Mapping[str, Any] = READY) -> None:
        self._cluster, self._namespace, self._status = cluster, namespace, status
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelet", daemon=True)

    def __enter__(self) -> "Kubelet":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._cluster.client() as api:
            core = client.CoreV1Api(api)
            while not self._stop.wait(LOOK_SECONDS):
                for pod in core.list_namespaced_pod(self._namespace).items:
                    self._say(core, pod)

    def _say(self, core: client.CoreV1Api, pod: Any) -> None:
        """Let a pod that is to end end at once, and others stand as they are said to."""
        name = pod.metadata.name
        try:
            if pod.metadata.deletion_timestamp:
                core.delete_namespaced_pod(name, self._namespace, grace_period_seconds=0)
            elif pod.status.phase != self._status["phase"] or not pod.status.conditions:
                core.patch_namespaced_pod_status(name, self._namespace, {"status": self._status})
        except ApiException as gone:
            if gone.status not in (404, 409):
                raise
