"""The other side: `helm install`, `helm upgrade` and `kubectl apply --server-side`, as people type them."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.differential.shapes import FIRST, SECOND, Shape
from tests.rig.access import Access
from tests.rig.build import find

KUBECTL = shutil.which("kubectl")
NEW_KIND = "no matches for kind"


@dataclass(frozen=True, slots=True)
class Theirs:
    """One shape's. `home` is where the programs keep what is theirs."""

    access: Access
    shape: Shape
    home: Path

    def apply(self, checkout: Path, state: str) -> None:
        if self.shape.tool == "helm":
            self._helm(checkout, "install" if state == FIRST else "upgrade")
        else:
            self._kubectl(checkout / self.shape.project_dir, state)

    def _helm(self, checkout: Path, verb: str) -> None:
        name, chart = self.shape.name, checkout / "chart"
        if _has_neighbours(chart):
            self._run([str(find("helm")), "dependency", "build", str(chart)])
        words = [str(find("helm")), verb, name, str(chart), "--namespace", name, "--wait", "--timeout", "180s"]
        self._run([*words, "--values", str(checkout / "values.yaml")])

    def _kubectl(self, directory: Path, state: str) -> None:
        """A kind that comes with its definition is known to the second try only; people try twice."""
        how = ["-k"] if self.shape.tool == "kustomize" else ["--recursive", "-f"]
        words = [str(KUBECTL), "apply", "--server-side", *how, str(directory)]
        removed = self.shape.removed
        # kubectl's own set of what it applied takes away what left the tree, where that has one namespace.
        own = ["--namespace", self.shape.name, "--prune", f"--applyset=configmaps/{self.shape.name}-applied"]
        pruning = [] if removed else own
        try:
            self._run([*words, *pruning])
        except AssertionError as why:
            if NEW_KIND not in str(why):
                raise
            self._run([*words, *pruning[:2]], but=NEW_KIND)
            self._run([*words, *pruning])
        if removed and state == SECOND:
            self._run([str(KUBECTL), "delete", "-f", str(removed)])

    def _run(self, argv: list[str], but: str = "") -> None:
        env = {
            "PATH": os.defpath,
            "HOME": str(self.home),
            "KUBECONFIG": str(self._kubeconfig()),
            "KUBECTL_APPLYSET": "true",
        }
        done = subprocess.run(argv, env=env, cwd=self.home, capture_output=True, text=True, check=False)
        if done.returncode and not (but and but in done.stderr):
            raise AssertionError(f"{' '.join(argv)}\n{done.stdout}{done.stderr}")

    def _kubeconfig(self) -> Path:
        """With the shape's namespace as that of objects which name none."""
        content = yaml.safe_load(self.access.kubeconfig.read_text())
        for context in content["contexts"]:
            context["context"]["namespace"] = self.shape.name
        path = self.home / "theirs.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content))
        return path


def rendered(shape: Shape, checkout: Path) -> Sequence[Mapping[str, Any]]:
    """Its objects before any server sees them, lists opened; all values as text."""
    directory = checkout / shape.project_dir
    if shape.tool == "manifests":
        texts = [path.read_text() for path in sorted(directory.rglob("*.y*ml"))]
    elif shape.tool == "kustomize":
        texts = [_output([str(KUBECTL), "kustomize", str(directory)])]
    else:
        if _has_neighbours(directory):
            _output([str(find("helm")), "dependency", "build", str(directory)])
        words = [
            "--kube-version",
            "1.36",
            "--namespace",
            shape.name,
            "--include-crds",
            "--values",
            str(checkout / "values.yaml"),
        ]
        texts = [_output([str(find("helm")), "template", shape.name, str(directory), *words])]
    bodies = [body for text in texts for body in yaml.load_all(text, yaml.BaseLoader) if body]
    return [item for body in bodies for item in body.get("items", [body])]


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _has_neighbours(chart: Path) -> bool:
    """Whether it depends on charts beside it, which Helm wants packed first."""
    dependencies = yaml.safe_load((chart / "Chart.yaml").read_text()).get("dependencies") or ()
    return any(str(dependency.get("repository", "")).startswith("file://") for dependency in dependencies)
