"""A plan and an apply of 500 objects against what kubectl takes for the same: `python -m benchmarks.kubernetes`.

The API server is the tests' own, real, on loopback. With `--delay` each answer comes so many milliseconds later, by a
proxy that only waits.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot.kube.apply.artifact import ApplyArtifact
from bot.kube.apply.child_config import ChildConfig
from bot.kube.apply.results import ApplyResults
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import Verb
from bot.kube.options import HealthOptions, KubernetesRules
from bot.kube.plan import differ
from bot.kube.plan.plan_request import PlanRequest, PlanRevisions
from tests.rig.cluster import Cluster as Rig

Body = dict[str, Any]
SPACE, PROJECT = "bench", "bench 1 bench:default"
KEY = b"k" * 32
TOP = Path(__file__).resolve().parents[1]


def bodies(count: int, word: str, changed: int) -> list[Body]:
    """ConfigMaps and Deployments without pods, half and half; the first `changed` hold the word."""
    made: list[Body] = []
    for number in range(count):
        text = word if number < changed else "same"
        metadata = {"name": f"o{number}", "namespace": SPACE}
        if number % 2:
            made.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": text}})
            continue
        labels = {"app": f"o{number}"}
        container = {"name": "web", "image": "web:1", "env": [{"name": "A", "value": text}]}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        made.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    return made


class Counted(Cluster):
    """Counts requests."""

    asked = 0

    def _request(self, *words: Any, **more: Any) -> Any:
        type(self).asked += 1
        return super()._request(*words, **more)

    def _send_to(self, *words: Any, **more: Any) -> Any:
        type(self).asked += 1
        return super()._send_to(*words, **more)


def planned(api: Cluster, old: list[Body], new: list[Body]) -> tuple[Any, ...]:
    known = inventory.read(api, PROJECT, SPACE)
    label = inventory.label_of(PROJECT, SPACE)
    question = PlanRequest(api, Mask(KEY), label, KubernetesRules(cluster="bench", prune_most=100), time.time())
    before = tuple(object_of(body) for body in old)
    return differ.plan_objects(question, PlanRevisions(tuple(object_of(body) for body in new), before, known))


def applied(api: Cluster, kubeconfig: Path, directory: Path, old: list[Body], new: list[Body]) -> float:
    """Plan and carry out by the child; the seconds of the child, without those in which it watches for health."""
    outcomes = tuple(one for one in planned(api, old, new) if one.verb is not Verb.UNCHANGED)
    members = {object_of(body).ref.id: str(body["apiVersion"]) for body in new}
    work = ApplyArtifact("bench", PROJECT, SPACE, "c0ffee", members, outcomes, KEY, health=HealthOptions(60, 0))
    artifact, results, errand = (directory / name for name in ("work.json", "results.json", "errand.json"))
    artifact.write_bytes(work.to_json())
    errand.write_bytes(
        ChildConfig(str(artifact), str(results), str(kubeconfig), None, "gitops-bot", SPACE, 30).to_json()
    )
    command = [sys.executable, "-P", "-m", "bot.kube.apply", str(errand)]
    took = seconds(lambda: _run(command, {"PYTHONPATH": str(TOP), "PATH": os.environ["PATH"]}))
    return took - (ApplyResults.from_json(results.read_bytes()).healthy or 0)


def kubectl(kubeconfig: Path, file: Path, *words: str) -> float:
    command = ["kubectl", "--kubeconfig", str(kubeconfig), *words, "-f", str(file)]
    return seconds(lambda: _run(command, {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}, ok=(0, 1)))


def _run(command: list[str], env: dict[str, str], ok: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in ok:
        raise SystemExit(f"{command[:4]}: {done.stderr[-2000:]}{done.stdout[-2000:]}")


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


@contextlib.contextmanager
def delayed(kubeconfig: Path, directory: Path, milliseconds: int) -> Iterator[Path]:
    """A kubeconfig by which every answer comes later."""
    text = kubeconfig.read_text()
    port = int(text.partition("https://127.0.0.1:")[2].partition("\n")[0])
    ear = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(ear, port, milliseconds / 1000), daemon=True).start()
    path = directory / "delayed"
    path.write_text(text.replace(f":{port}", f":{ear.getsockname()[1]}"))
    path.chmod(0o600)
    with ear:
        yield path


def _accept(ear: socket.socket, port: int, delay: float) -> None:
    with contextlib.suppress(OSError):
        while True:
            near, _ = ear.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_pump, args=(near, far, 0.0), daemon=True).start()
            threading.Thread(target=_pump, args=(far, near, delay), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket, delay: float) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            time.sleep(delay)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def measure(kubeconfig: Path, directory: Path, count: int) -> Iterator[tuple[str, float, float]]:
    """(what, our seconds, kubectl's)."""
    first = bodies(count, "one", count)
    file = directory / "all.json"
    api = Counted.open("bench", kubeconfig)
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}, dry_run=False)
    ours = applied(api, kubeconfig, directory, [], first)
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": _elsewhere(api, first)}))
    theirs = kubectl(kubeconfig, file, "apply", "--server-side")
    yield f"apply {count} new objects: kubectl apply --server-side", ours, theirs
    for changed in (5, count):
        new = bodies(count, "two", changed)[:changed] + first[changed:]
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": new}))
        Counted.asked = 0
        ours = seconds(lambda new=new: planned(api, first, new))
        print(f"  {changed} changed of {count}: {Counted.asked} requests")
        yield (
            f"plan {changed} of {count}: kubectl diff --server-side",
            ours,
            kubectl(kubeconfig, file, "diff", "--server-side", "--force-conflicts"),
        )
        yield f"plan {changed} of {count}: kubectl diff", ours, kubectl(kubeconfig, file, "diff")


def _elsewhere(api: Cluster, made: list[Body]) -> list[Body]:
    """The same objects in a namespace of kubectl's own."""
    space = f"{SPACE}-kubectl"
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}, dry_run=False)
    return [body | {"metadata": body["metadata"] | {"namespace": space}} for body in made]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--objects", type=int, default=500)
    words.add_argument("--delay", type=int, default=0, help="milliseconds added to each answer")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitops-bot-bench-") as temporary:
        directory = Path(temporary)
        with Rig(directory / "rig") as rig, delayed(rig.kubeconfig, directory, asked.delay) as slow:
            path = slow if asked.delay else rig.kubeconfig
            for what, ours, theirs in measure(path, directory, asked.objects):
                print(f"{what:60} {ours:8.2f} s {theirs:8.2f} s {theirs / ours:8.1f} ×")


if __name__ == "__main__":
    main()
