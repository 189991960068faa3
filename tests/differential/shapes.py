"""What is installed twice: charts and trees in the shapes of widely used ones, written anew.

A shape is a folder. `first/` is a checkout; `second/` is laid over it for the upgrade, where an empty file takes one
away. `meanwhile.yaml` holds what controllers and people do to the live objects in between. A chart is `chart/` with
the operator's `values.yaml` beside it; a tree is `tree/`, or `tree/prod/` where that is a kustomization.

Its name is namespace and release, and in the name of whatever it makes elsewhere: what is left is found by it.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
CHARTS, TREES = HERE / "charts", HERE / "trees"
FIRST, SECOND = "first", "second"
QUICK = frozenset({"own-kinds", "twice-hooked"})  # of `make test`; all of them take minutes


@dataclass(frozen=True, slots=True)
class Shape:
    """`alias` is another name for all of it, so that it can be tried beside itself."""

    folder: Path
    alias: str = ""

    @property
    def name(self) -> str:
        return self.alias or self.folder.name

    def renamed(self) -> "Shape":
        return Shape(self.folder, f"trial-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}")

    @property
    def group(self) -> str:
        """The API group of its custom resources."""
        return f"{self.name}.test"

    @property
    def tool(self) -> str:
        if self.folder.parent == CHARTS:
            return "helm"
        return "kustomize" if (self.folder / FIRST / "tree" / "prod").is_dir() else "manifests"

    @property
    def project_dir(self) -> str:
        return {"helm": "chart", "kustomize": "tree/prod", "manifests": "tree"}[self.tool]

    @property
    def removed(self) -> Path | None:
        """Objects that people take away by hand after the upgrade, for kubectl does not in several namespaces."""
        path = self.folder / "removed.yaml"
        return path if path.exists() else None

    @property
    def meanwhile(self) -> Sequence[Mapping[str, Any]]:
        path = self.folder / "meanwhile.yaml"
        return tuple(yaml.safe_load_all(path.read_text())) if path.exists() else ()

    def checkout(self, state: str, into: Path) -> Path:
        """Its files in that state."""
        shutil.copytree(self.folder / FIRST, into)
        if state == SECOND:
            _overlay(self.folder / SECOND, into)
        if self.alias:
            for path in filter(Path.is_file, into.rglob("*")):
                path.write_text(path.read_text().replace(self.folder.name, self.alias))
        return into


def shapes() -> tuple[Shape, ...]:
    """All of them where DIFFERENTIAL is `full`, as in `make long`; else the quick ones."""
    full = os.environ.get("DIFFERENTIAL") == "full"
    return tuple(one for one in every_shape() if full or one.name in QUICK)


def every_shape() -> tuple[Shape, ...]:
    return tuple(Shape(folder) for top in (CHARTS, TREES) for folder in sorted(top.iterdir()) if folder.is_dir())


def _overlay(folder: Path, onto: Path) -> None:
    for path in folder.rglob("*"):
        target = onto / path.relative_to(folder)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        elif path.stat().st_size:
            shutil.copyfile(path, target)
        else:
            target.unlink()
