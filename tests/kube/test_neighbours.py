"""What the other projects of a repository declare, rendered side by side in one run's scratch."""

import contextlib
import os
from pathlib import Path

import pytest

from bot.core.project import Project
from bot.core.pull import Repository
from bot.kube.keys import OPTIONS
from bot.kube.options import KubernetesOptions
from bot.kube.render.neighbours import render_neighbours
from bot.kube.tool import NO_CLUSTER
from bot.ports import Neighbour, Origin, Site
from bot.tools.helm import tool
from bot.tools.helm.build import Helm
from bot.tools.helm.settings import HelmSettings
from tests.caging import strongest_cage
from tests.kube.trees import PATH, Folder, config_map, written
from tests.rig.build import find

HELM = find("helm")
CHART = "apiVersion: v2\nname: NAME\nversion: 1.0.0\n"
NEEDS = 'dependencies: [{name: common, version: 1.0.0, repository: "file://../common"}]\n'


@pytest.mark.skipif(HELM is None and os.environ.get("RIG") != "required", reason="no helm; `make rig` builds one")
def test_two_charts_that_need_a_third_are_each_put_together_in_a_place_of_their_own(tmp_path: Path) -> None:
    files = {f"{name}/Chart.yaml": CHART.replace("NAME", name) + NEEDS for name in ("blue", "green")}
    files |= {f"{name}/templates/a.yaml": config_map(name) for name in ("blue", "green")}
    files |= {"common/Chart.yaml": CHART.replace("NAME", "common"), "common/templates/a.yaml": config_map("common")}
    tree = written(tmp_path / "checkout", files)
    section = {"binary": str(HELM)}
    neighbours = [
        Neighbour(tool(lambda name: section if name == "helm" else {}), project(name), site(tree).rules, "head", False)
        for name in ("blue", "green")
    ]
    declared = render_neighbours(site(tree), NO_CLUSTER, {"helm": Helm(HelmSettings.of(section))}, neighbours)
    assert [one.problem for one in declared] == ["", ""]
    assert [{ref.name for ref in one.refs} for one in declared] == [{"blue", "common"}, {"green", "common"}]


def project(name: str) -> Project:
    return Project(name, name, options=OPTIONS.dump(KubernetesOptions(namespace="shop")))


def site(tree: Folder) -> Site:
    scratch = tree.root.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    origin = Origin(
        forge="forge",
        repository=Repository("1", "acme/infra", "main", private=True),
        base="base",
        commit="head",
        tree=lambda commit: contextlib.nullcontext(tree),
        checkout=lambda commit: tree.root,
        configuration=lambda tree: None,
        secret=b"k" * 32,
        get_or_create=lambda key, create: create(),
    )
    return Site(
        tree.root,
        project("web"),
        scratch,
        scratch,
        scratch / "log",
        PATH,
        60,
        lambda: False,
        strongest_cage(),
        origin=origin,
    )
