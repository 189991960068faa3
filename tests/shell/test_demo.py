"""`gitops-bot demo`, as somebody has it who starts it and follows what it prints."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from kubernetes import client

from sandbox.local_cluster import LocalCluster, find_cluster
from tests.rig.access import Access
from tests.rig.kubelet import Kubelet
from tests.sandbox.running import until
from tests.shell.calling import environment, gitops_bot

Demo = tuple["subprocess.Popen[str]", str]


@contextlib.contextmanager
def playing(here: Path, *words: str, kubeconfig: Path | None = None) -> Iterator[Demo]:
    """A running demo and all that it printed until it waits."""
    env = environment(here.parent / "home") | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})
    pipe, command = subprocess.PIPE, [sys.executable, "-m", "bot", "demo", *words]
    with subprocess.Popen(command, cwd=here, env=env, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said = ""
        while "Ctrl-C ends" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, said
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@pytest.fixture
def demo(here: Path) -> Iterator[Demo]:
    with playing(here, "--dir", "kept") as demo:
        yield demo


def fetched(url: str, token: str = "") -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def test_what_the_demo_prints_can_be_followed(demo: Demo, here: Path, tmp_path: Path) -> None:
    process, said = demo
    assert said.startswith("Kubernetes: there is no kubeconfig, so what is rendered is compared, no more")
    page = re.search(r"^  (http\S+/pull/2)$", said, re.MULTILINE)
    pages = re.search(r"pages: (http\S+/runs) \(sign in with (\S+)\)", said)
    assert page
    assert pages
    assert "Grow the app" in fetched(page[1])
    assert "Bring up" in fetched(pages[1], token=pages[2])
    data = re.search(r"the bot's data in (\S+)", said)
    assert data
    assert gitops_bot("locks", cwd=here, DATA_DIR=data[1]).returncode == 0

    lines = said[said.index("with git:") :].splitlines()[1:4]
    shell = ["bash", "-euo", "pipefail", "-c", "\n".join(lines)]
    env = environment(tmp_path / "home")
    done = subprocess.run(shell, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["number"], answer["user"]["login"]) == (3, "alice")

    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert (here / "kept" / "data" / "store.sqlite").exists()


@pytest.mark.parametrize("there", ["terraform", "git"])
def test_a_demo_says_what_to_install(here: Path, there: str) -> None:
    (here / there).write_text("#!/bin/sh\n")
    (here / there).chmod(0o755)
    done = gitops_bot("demo", cwd=here, env={"PATH": str(here)})
    assert done.returncode == 3
    assert "install" in done.stdout


def test_a_demo_does_not_begin_where_something_is(here: Path) -> None:
    (here / "notes.txt").write_text("mine\n")
    done = gitops_bot("demo", "--dir", ".", cwd=here)
    assert done.returncode == 3
    assert "not empty" in done.stderr


def test_a_demo_that_cannot_be_kept_there_is_refused(here: Path) -> None:
    done = gitops_bot("demo", "--dir", "/proc/nope", cwd=here)
    assert done.returncode == 3
    assert "--dir" in done.stderr


def called(cluster: Access, directory: Path, context: str, server: str = "") -> Path:
    """A kubeconfig whose only and current context has that name."""
    content = yaml.safe_load(cluster.kubeconfig.read_text())
    current = next(one["context"] for one in content["contexts"] if one["name"] == content["current-context"])
    content |= {"contexts": [{"name": context, "context": current}], "current-context": context}
    if server:
        content["clusters"] = [{"name": current["cluster"], "cluster": {"server": server}}]
    path = directory / "called.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_demo_brings_its_kubernetes_project_up_on_the_local_cluster_that_it_finds(
    here: Path, cluster: Access, tmp_path: Path
) -> None:
    with (
        Kubelet(cluster, "gitops-bot-demo"),
        cluster.client() as api,
        playing(here, kubeconfig=called(cluster, tmp_path, "kind-demo")) as (_, said),
    ):
        assert "Kubernetes: the project hello is applied to the cluster of context kind-demo.\n" in said
        page = re.search(r"^  (http\S+/pull/2)$", said, re.MULTILINE)
        assert page
        assert "registry.k8s.io/pause:3.9" in fetched(page[1])
        core = client.CoreV1Api(api)
        maps = [one.data or {} for one in core.list_namespaced_config_map("gitops-bot-demo").items]
        assert {"GREETING": "hello"} in maps
        core.delete_namespace("gitops-bot-demo")
        until(lambda: "gitops-bot-demo" not in {one.metadata.name for one in core.list_namespace().items})


def test_a_demo_leaves_a_cluster_alone_that_is_not_local_and_says_so(
    here: Path, cluster: Access, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ear.settimeout(0)
        server = f"https://127.0.0.1:{ear.getsockname()[1]}"
        with playing(here, kubeconfig=called(cluster, tmp_path, "prod", server)) as (_, said):
            assert "Kubernetes: context prod is not a local cluster's and is left alone: what is" in said
        with pytest.raises(BlockingIOError):
            ear.accept()


@pytest.mark.parametrize(
    ("context", "server", "local"),
    [
        ("kind-demo", "https://127.0.0.1:6443", True),
        ("k3d-demo", "https://0.0.0.0:6443", True),
        ("minikube", "https://localhost:8443", True),
        ("minikube", "https://192.168.49.2:8443", True),
        ("minikube", "https://10.0.0.2:8443", False),
        ("kind-demo", "https://192.168.49.2:6443", False),
        ("kind-of-production", "https://prod.example.com", False),
        ("production-kind", "https://127.0.0.1:6443", False),
    ],
)
def test_a_context_is_local_by_its_name_and_its_address_or_because_it_was_named(
    cluster: Access, tmp_path: Path, context: str, server: str, local: bool
) -> None:
    path = called(cluster, tmp_path, context, server)
    its = find_cluster({"KUBECONFIG": str(path)}, None)
    assert its.cluster == (LocalCluster(path, context) if local else None)
    assert ("is left alone" not in its.message) == local
    assert find_cluster({"KUBECONFIG": str(path)}, context).cluster == LocalCluster(path, context)


def test_a_context_that_is_not_there_is_refused_by_name(here: Path, cluster: Access) -> None:
    done = gitops_bot("demo", "--context", "nowhere", cwd=here, env={"KUBECONFIG": str(cluster.kubeconfig)})
    assert done.returncode == 3
    assert "has no context nowhere" in done.stderr
