"""The rig: what the other tests of this folder stand on."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kubernetes import client, dynamic

from bot.core.errors import ToolFailed
from tests.rig.access import Access
from tests.rig.build import SERVER
from tests.rig.cluster import Cluster
from tests.sandbox.running import SOURCE, until

APP = {"app": "web"}


def test_the_server_says_its_version(cluster: Access) -> None:
    with cluster.client() as api:
        assert client.VersionApi(api).get_code().git_version.startswith("v1.")


def test_server_side_apply_makes_a_config_map_and_owns_its_fields(cluster: Access, namespace: str) -> None:
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "colours"}, "data": {"sky": "blue"}}
    with cluster.client() as api:
        maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
        made = maps.server_side_apply(body=wanted, namespace=namespace, field_manager="rig")
        assert made.data.sky == "blue"
        [owner] = client.CoreV1Api(api).read_namespaced_config_map("colours", namespace).metadata.managed_fields
        assert (owner.manager, owner.operation) == ("rig", "Apply")
        assert "f:sky" in owner.fields_v1["f:data"]


def test_the_controllers_give_a_deployment_its_replica_set_and_pods(cluster: Access, namespace: str) -> None:
    pod = {"metadata": {"labels": APP}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    wanted = {
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "selector": {"matchLabels": APP}, "template": pod},
    }
    with cluster.client() as api:
        made = client.AppsV1Api(api).create_namespaced_deployment(namespace, wanted)
        [replicas] = until(lambda: client.AppsV1Api(api).list_namespaced_replica_set(namespace).items)
        assert [owner.uid for owner in replicas.metadata.owner_references] == [made.metadata.uid]
        until(lambda: len(client.CoreV1Api(api).list_namespaced_pod(namespace).items) == 2)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_a_namespace_that_nobody_used(cluster: Access, namespace: str, turn: str) -> None:
    with cluster.client() as api:
        client.CoreV1Api(api).create_namespaced_config_map(
            namespace, {"metadata": {"name": "mine"}, "data": {"turn": turn}}
        )


def test_a_cluster_of_ones_own_is_gone_after_stop(programs: None, tmp_path: Path) -> None:
    with Cluster(tmp_path / "own") as own:
        assert len(_programs(own.directory)) == len(SERVER)
        with Access.read(own.kubeconfig).client("stranger") as api, pytest.raises(client.ApiException) as refused:
            client.CoreV1Api(api).list_namespace()
        assert (refused.value.status, "stranger" in refused.value.body) == (403, True)
        own.stop()
        assert not _programs(own.directory)
        assert not _listens(own.url)
        assert not (own.directory / "etcd").exists()


@pytest.mark.parametrize("killed", ["the run", "what keeps it"])
def test_a_shared_cluster_leaves_nothing_behind_it(programs: None, tmp_path: Path, killed: str) -> None:
    reads = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(reads, stdin=subprocess.PIPE) as run:
        command = [sys.executable, "-m", "tests.rig.serve", str(tmp_path), str(run.pid)]
        subprocess.run(command, cwd=SOURCE, check=True, stdin=subprocess.DEVNULL)
        running = _programs(tmp_path)
        assert len(running) == len(SERVER) + 1
        [keeper] = [pid for pid, line in running.items() if "tests.rig.serve" in line]
        os.kill(run.pid if killed == "the run" else keeper, signal.SIGKILL)
        until(lambda: not _programs(tmp_path))


@pytest.mark.parametrize("name", ["kube-apiserver", "kube-controller-manager"])
def test_a_program_that_does_not_start_says_why_and_leaves_nothing(programs: None, tmp_path: Path, name: str) -> None:
    broken = tmp_path / name
    broken.write_text("#!/bin/sh\necho there is no room\nexit 1\n")
    broken.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    with pytest.raises(ToolFailed, match=f"(?s){name} did not start.*there is no room"):
        Cluster(tmp_path / "own", {**os.environ, "PATH": path, "KUBEBUILDER_ASSETS": ""}).__enter__()
    assert not _programs(tmp_path / "own")


def _programs(directory: Path) -> dict[int, str]:
    """The command lines of all processes that were told this directory, by their ids."""
    lines = {int(place.name): _command_line(place / "cmdline") for place in Path("/proc").glob("[0-9]*")}
    return {pid: line for pid, line in lines.items() if str(directory) in line}


def _command_line(place: Path) -> str:
    try:
        return place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _listens(url: str) -> bool:
    address = urlsplit(url)
    with socket.socket() as caller:
        return caller.connect_ex((address.hostname, address.port)) == 0
