"""What happens in a namespace while a rollout is followed there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kubernetes import client
from kubernetes.dynamic import DynamicClient

from bot.core.errors import Transient
from bot.kube.health.object_health import HealthChecks, ObjectHealth
from bot.kube.health.rollout import RolloutTiming, wait_for_rollout
from bot.kube.objects.kube_object import ObjectRef
from tests.sandbox.running import until

T = TypeVar("T")


R = TypeVar("R")


Body = dict[str, Any]


Step = Callable[[], object]


APP = {"app": "web"}


SECRET, KEY = "hunter2", "BEGIN\nEND"


READY_POD = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


UNREADY = {"type": "Ready", "status": "False"}


@dataclass
class Reader:
    """What the follower reads by, on the official client. `asked` are its LISTs; while `cut`, nothing answers."""

    api: client.ApiClient
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    written: str = ""
    cut: bool = False

    def map_concurrently(self, work: Callable[[T], R], inputs: Sequence[T]) -> list[R]:
        return [work(argument) for argument in inputs]

    def log(self, namespace: str, pod: str, container: str, lines: int, previous: bool = False) -> str:
        """No kubelet runs here, so there are no logs but what `written` says."""
        if not self.written:
            raise Transient("the kubelet does not answer")
        return f"{self.written} of {container}{' before' if previous else ''}"

    def events(self, namespace: str, uid: str) -> tuple[Mapping[str, Any], ...]:
        core = client.CoreV1Api(self.api)
        events = core.list_namespaced_event(namespace, field_selector=f"involvedObject.uid={uid}")
        return tuple(self.api.sanitize_for_serialization(events)["items"])

    def list(
        self, api_version: str, kind: str, namespace: str | None, selector: str = ""
    ) -> tuple[Mapping[str, Any], ...]:
        self.asked.append((kind, namespace))
        if self.cut:
            raise Transient("the connection was reset")
        resource = DynamicClient(self.api).resources.get(api_version=api_version, kind=kind)
        return tuple(resource.get(namespace=namespace, label_selector=selector).to_dict()["items"])


@dataclass
class Story:
    """A namespace, what happens in it while it is followed, and what the follower said."""

    api: client.ApiClient
    namespace: str
    reader: Reader
    now: float = 0
    steps: list[Step] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def follow(
        self, *kinds: str, timeout: float = 60, stable: float = 5, checks: HealthChecks | None = None
    ) -> list[ObjectHealth]:
        """Follow objects named `web`, by `group/version/Kind`."""
        targets = []
        for kind in kinds:
            version, _, name = kind.rpartition("/")
            targets.append((version, ObjectRef(version.rpartition("/")[0], name, self.namespace, "web")))
        pace = RolloutTiming(timeout, stable, lambda: self.now, self.wait)
        rollout = wait_for_rollout(
            self.reader, targets, pace, checks=checks or {}, scrub=self.scrub, report=self.lines.append
        )
        assert [ref for ref, _ in rollout] == [ref for _, ref in targets]
        return [health for _, health in rollout]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.steps:
            self.steps.pop(0)()

    @staticmethod
    def scrub(text: str) -> str:
        return text.replace(SECRET, "•••").replace(KEY, "••••")

    def make(self, version: str, kind: str, spec: Body | None = None, **more: Any) -> Any:
        body = {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec or {}} | more
        resource = DynamicClient(self.api).resources.get(api_version=version, kind=kind)
        return resource.create(body=body, namespace=self.namespace)

    def deployment(self, replicas: int = 1) -> None:
        strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": replicas}}
        self.make("apps/v1", "Deployment", workload(replicas) | {"strategy": strategy})
        until(lambda: len(self.pods("one")) == replicas == self.status("deployment").updated_replicas)

    def roll(self) -> None:
        """The Deployment gets a new image, and its new pods are made."""
        template = {"spec": {"containers": [{"name": "web", "image": "two"}]}}
        client.AppsV1Api(self.api).patch_namespaced_deployment("web", self.namespace, {"spec": {"template": template}})
        until(lambda: self.pods("two") and self.observed() and self.status("deployment").updated_replicas == 1)

    def observed(self) -> bool:
        """The controller's status is of the newest generation."""
        body = client.AppsV1Api(self.api).read_namespaced_deployment("web", self.namespace)
        return bool(body.status.observed_generation == body.metadata.generation)

    def pods(self, image: str) -> list[str]:
        """The names of the pods that run this image."""
        listed = client.CoreV1Api(self.api).list_namespaced_pod(self.namespace).items
        return sorted(pod.metadata.name for pod in listed if pod.spec.containers[0].image == image)

    def say(self, image: str, status: Body) -> None:
        for name in self.pods(image):
            client.CoreV1Api(self.api).patch_namespaced_pod_status(name, self.namespace, {"status": status})

    def available(self, count: int) -> None:
        until(lambda: (self.status("deployment").available_replicas or 0) == count)

    def status(self, kind: str) -> Any:
        apps = client.AppsV1Api(self.api)
        return getattr(apps, f"read_namespaced_{kind}")("web", self.namespace).status

    def comes_up(self) -> None:
        self.say("one", READY_POD)
        self.available(1)

    def goes_down(self) -> None:
        self.say("one", {"conditions": [UNREADY]})
        self.available(0)

    def forbid_pods(self) -> None:
        self.make("v1", "ResourceQuota", {"hard": {"pods": "0"}})
        core = client.CoreV1Api(self.api)
        until(lambda: core.read_namespaced_resource_quota("web", self.namespace).status.hard)


def workload(replicas: int = 1) -> Body:
    spec = {"containers": [{"name": "web", "image": "one"}]}
    return {
        "replicas": replicas,
        "selector": {"matchLabels": APP},
        "template": {"metadata": {"labels": APP}, "spec": spec},
    }
