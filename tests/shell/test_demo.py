"""`gitops-bot demo`, as somebody has it who starts it and follows what it prints."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client

from tests.rig.access import Access
from tests.rig.kubelet import Kubelet
from tests.shell.calling import environment, gitops_bot


@pytest.fixture
def demo(here: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A running demo and all that it printed until it waits."""
    command = [sys.executable, "-m", "bot", "demo", "--dir", "kept"]
    env = environment(here.parent / "home")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=here, env=env, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said = ""
        while "Ctrl-C ends" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, said
        process.send_signal(signal.SIGINT)


def fetched(url: str, token: str = "") -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def test_what_the_demo_prints_can_be_followed(
    demo: tuple["subprocess.Popen[str]", str], here: Path, tmp_path: Path
) -> None:
    process, said = demo
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


def test_a_demo_brings_its_kubernetes_project_up_on_the_named_cluster(here: Path, cluster: Access) -> None:
    env = environment(here.parent / "home") | {"KUBECONFIG": str(cluster.kubeconfig)}
    command = [sys.executable, "-m", "bot", "demo", "--context", cluster.users[0]]
    pipe = subprocess.PIPE
    with (
        Kubelet(cluster, "gitops-bot-demo"),
        cluster.client() as api,
        subprocess.Popen(command, cwd=here, env=env, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process,
    ):
        assert process.stdout
        said = ""
        while "Ctrl-C ends" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        page = re.search(r"^  (http\S+/pull/2)$", said, re.MULTILINE)
        assert page
        assert "registry.k8s.io/pause:3.9" in fetched(page[1])
        core = client.CoreV1Api(api)
        maps = [one.data or {} for one in core.list_namespaced_config_map("gitops-bot-demo").items]
        assert {"GREETING": "hello"} in maps
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        core.delete_namespace("gitops-bot-demo")


def test_a_context_that_is_not_there_is_refused_by_name(here: Path, cluster: Access) -> None:
    done = gitops_bot("demo", "--context", "nowhere", cwd=here, env={"KUBECONFIG": str(cluster.kubeconfig)})
    assert done.returncode == 3
    assert "has no context nowhere" in done.stderr
