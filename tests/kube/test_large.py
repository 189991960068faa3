"""Renderings of 50 MB: planned where they are objects that a cluster takes, else refused before they cost much."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.object_changes import Verb
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.kube.plan import differ
from bot.kube.plan.plan_content import plan_content
from bot.kube.plan.plan_request import PlanRequest, PlanRevisions
from bot.tools.helm.build import Helm
from bot.tools.helm.settings import HelmSettings
from tests.kube.trees import request, written
from tests.rig.build import find
from tests.shell.calling import environment

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: VALUE}\n---\n"
MANY = (
    "{{ range until COUNT }}" + MAP.replace("NAME", "c{{ . }}").replace("VALUE", '{{ repeat SIZE "x" }}') + "{{ end }}"
)
MOST_BYTES = 700_000_000


def chart(directory: Path, count: int, size: int) -> Path:
    """A chart of a few lines that renders to so many objects of so many bytes."""
    template = MANY.replace("COUNT", str(count)).replace("SIZE", str(size))
    text = "apiVersion: v2\nname: big\nversion: 1.0.0\n"
    return written(directory, {"big/Chart.yaml": text, "big/templates/all.yaml": template}).root


def rendered(root: Path, scratch: Path, namespace: str) -> tuple[KubeObject, ...]:
    helm = Helm(HelmSettings.of({"binary": str(find("helm") or "helm")}))
    stream = helm.render(request(root, "big", scratch, namespace=namespace))
    return parse_objects(stream, "big", namespace, is_namespaced)


def test_fifty_megabytes_in_few_objects_are_planned(question: PlanRequest, namespace: str, tmp_path: Path) -> None:
    found = rendered(chart(tmp_path, 50, 1_000_000), tmp_path / "scratch", namespace)
    made = differ.plan_objects(question, PlanRevisions(found, None, None))
    assert [one.verb for one in made] == [Verb.CREATE] * 50
    assert plan_content("helm", made, offline=False).counts.create == 50


def test_more_objects_than_an_inventory_holds_are_refused(programs: None, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="big: renders to more than 10,000 objects: make several projects of it"):
        rendered(chart(tmp_path, 10_001, 4), tmp_path / "scratch", "default")


def test_fifty_megabytes_of_tiny_values_are_refused_within_little_memory(tmp_path: Path) -> None:
    """By the whole program, which gets no more memory than that."""
    here, env = tmp_path / "here", environment(tmp_path / "home")
    written(here, {"big/all.yaml": f"{MAP.partition('data')[0]}items:\n" + "- a:\n" * 10_000_000})
    subprocess.run(["git", "init", "--quiet", str(here)], check=True, env=env)
    command = ["prlimit", f"--data={MOST_BYTES}", "--", sys.executable, "-m", "bot", "plan", "big"]
    done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "holds more values than can be planned at once: make several projects of it" in done.stderr
