"""Schemas of charts that name what is not theirs: Helm would read the bot's disk and quote it in the comment."""

import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.kube.render.chart_schemas import external_reference
from bot.tools.helm.build import Helm
from bot.tools.helm.settings import HelmSettings
from bot.tools.kustomize.build import Kustomize
from bot.tools.kustomize.settings import KustomizeSettings
from tests.kube.trees import config_map, request, written
from tests.rig.build import find

HELM = find("helm")
CHART = "apiVersion: v2\nname: NAME\nversion: 1.0.0\n"

real = pytest.mark.skipif(HELM is None and os.environ.get("RIG") != "required", reason="no helm; `make rig` builds one")


def schema(**keys: object) -> str:
    return json.dumps({"properties": {"a": keys}})


def chart(root: Path, text: str, place: str = "web") -> Path:
    files = {
        f"{place}/Chart.yaml": CHART.replace("NAME", place.rpartition("/")[2]),
        f"{place}/values.schema.json": text,
    }
    return written(root, {**files, f"{place}/values.yaml": "a: x\n"}).root / "web"


def archived(folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, folder.name)
    return packed.getvalue()


@real
@pytest.mark.parametrize(
    "words",
    [
        lambda secret: schema(**{"$ref": f"file://{secret}"}),
        lambda secret: schema(**{"allOf": [{"$dynamicRef": f"file://{secret}"}]}),
        lambda secret: json.dumps(
            {"$id": f"file://{secret.parent}/x", "properties": {"a": {"$ref": secret.name}}},
        ),
        lambda secret: schema(**{"$ref": f"file://{secret}"}).replace("$ref", "\\u0024ref"),
        lambda secret: json.dumps({"$schema": f"file://{secret}"}),
        lambda secret: schema(**{"$ref": "http://127.0.0.1:9/x.json"}),
    ],
)
def test_a_charts_schema_reads_nothing_outside_of_it(tmp_path: Path, words: Callable[[Path], str]) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"const": "of-the-host"}')
    chart(tmp_path / "checkout", words(secret))
    tool = Helm(HelmSettings.of({"binary": str(HELM)}))
    with pytest.raises(Refused, match="web: values.schema.json: .* names `") as refused:
        tool.render(request(tmp_path / "checkout", "web", tmp_path / "scratch"))
    assert "of-the-host" not in str(refused.value)


@real
def test_a_schema_that_names_its_own_parts_is_as_good_as_ever(tmp_path: Path) -> None:
    own = {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"n": {"type": "integer"}}}
    text = json.dumps(own | {"properties": {"a": {"$ref": "#/definitions/n"}}})
    chart(tmp_path / "checkout", text)
    tool = Helm(HelmSettings.of({"binary": str(HELM)}))
    with pytest.raises(ToolFailed, match="cannot render web") as failed:
        tool.render(request(tmp_path / "checkout", "web", tmp_path / "scratch"))
    assert "got string, want integer" in failed.value.output


def test_schemas_of_vendored_charts_are_looked_at_however_deep(tmp_path: Path) -> None:
    bad = schema(**{"$ref": "file:///etc/passwd"})
    inner = chart(tmp_path / "inner", bad).parent / "web"
    middle = written(
        tmp_path / "middle", {"db/Chart.yaml": CHART.replace("NAME", "db"), "db/charts/web-1.0.0.tgz": archived(inner)}
    ).root
    files = {"web/Chart.yaml": CHART.replace("NAME", "web"), "web/charts/db-1.0.0.tgz": archived(middle / "db")}
    folder = written(tmp_path / "outer", files).root / "web"
    found = external_reference(folder) or ""
    assert found.startswith("charts/db-1.0.0.tgz/db/charts/web-1.0.0.tgz/web/values.schema.json: $ref names")
    chart(tmp_path / "linked", bad, "other")
    chart(tmp_path / "linked", "{}")
    (tmp_path / "linked" / "web" / "charts").mkdir()
    (tmp_path / "linked" / "web" / "charts" / "other").symlink_to("../../other")
    assert "charts/other/values.schema.json" in (external_reference(tmp_path / "linked" / "web") or "")


def test_an_archive_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, {"web/Chart.yaml": CHART, "web/charts/a-1.tgz": b"no archive"}).root / "web"
    assert "charts/a-1.tgz: cannot be read" in (external_reference(folder) or "")


@real
def test_a_chart_that_kustomize_inflates_is_held_to_the_same(tmp_path: Path) -> None:
    if not (shutil.which("kustomize") or shutil.which("kubectl")):
        pytest.skip("neither kustomize nor kubectl is here")
    files = {
        "a/kustomization.yaml": "kind: Kustomization\nhelmCharts: [{name: web}]\n",
        "a/charts/web/Chart.yaml": CHART.replace("NAME", "web"),
        "a/charts/web/values.yaml": "a: x\n",
        "a/charts/web/templates/a.yaml": config_map("a"),
        "a/charts/web/values.schema.json": schema(**{"$ref": "file:///etc/passwd"}),
    }
    written(tmp_path / "checkout", files)
    tool = Kustomize(KustomizeSettings.of({"flags": "--enable-helm", "helm": str(HELM)}))
    with pytest.raises(ToolFailed) as failed:
        tool.render(request(tmp_path / "checkout", "a", tmp_path / "scratch"))
    assert "$ref names `file:///etc/passwd`, which is not in it" in failed.value.output
