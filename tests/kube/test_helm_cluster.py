"""What the real Helm makes of a chart for a cluster: its kinds and no others; and what it draws anew each time."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.kube.render.renderer import RenderRequest
from bot.tools.helm.build import Helm
from bot.tools.helm.settings import HelmSettings
from bot.tools.helm.stand_in import StandIn
from tests.kube.trees import EXAMPLES, config_map, request, written
from tests.rig.access import Access
from tests.rig.build import find

HELM = find("helm")
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
SERVED = ("v1", "policy/v1", "v1/ConfigMap", "policy/v1/PodDisruptionBudget")
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: walls.x.example}
spec:
  group: x.example
  scope: Namespaced
  names: {kind: Wall, plural: walls}
  versions: [{name: v1, served: true, storage: true}, {name: v0, served: false, storage: false}]
"""

pytestmark = pytest.mark.skipif(
    HELM is None and os.environ.get("RIG") != "required", reason="no helm; `make rig` builds one"
)


def tool() -> Helm:
    return Helm(HelmSettings.of({"binary": str(HELM or "helm")}))


def asked(root: Path, files: Mapping[str, str], *more: str, directory: str = "web") -> RenderRequest:
    """To render the chart for a cluster that serves little, and whatever is named."""
    written(root / "checkout", {f"{directory}/Chart.yaml": CHART} | files)
    plain = request(root / "checkout", directory, root / "scratch")
    return replace(plain, kube_version="v1.36.3", api_versions=(*SERVED, *more))


def parsed(stream: bytes) -> tuple[KubeObject, ...]:
    return parse_objects(stream, "web", "default", is_namespaced)


def answers(*questions: str) -> str:
    """A template that asks whether the cluster has these."""
    lines = (
        f"  {question.replace('/', '_')}: {{{{ .Capabilities.APIVersions.Has {question!a} | quote }}}}\n".replace(
            "'", '"'
        )
        for question in questions
    )
    return config_map("answers", minor="{{ .Capabilities.KubeVersion.Minor | quote }}") + "".join(lines)


def test_a_cluster_has_the_kinds_that_it_serves_and_none_of_helms_own_list(tmp_path: Path) -> None:
    questions = ("policy/v1", "policy/v1/PodDisruptionBudget", "policy/v1beta1", "apps/v1", "v1/ConfigMap", "v1/Pod")
    chart = {"web/templates/a.yaml": answers(*questions, "x.example/v1")}
    (body,) = parsed(tool().render(asked(tmp_path, chart)))
    assert body.body["data"] == {
        "minor": "36",
        "policy_v1": "true",
        "policy_v1_PodDisruptionBudget": "true",
        "policy_v1beta1": "false",
        "apps_v1": "false",
        "v1_ConfigMap": "true",
        "v1_Pod": "false",
        "x.example_v1": "false",
    }


def test_the_kinds_of_a_charts_own_definitions_are_there_as_at_the_install(tmp_path: Path) -> None:
    chart = {
        "web/crds/wall.yaml": DEFINITION,
        "web/templates/a.yaml": answers("x.example/v1", "x.example/v1/Wall", "x.example/v0"),
        "web/templates/wall.yaml": "apiVersion: x.example/v1\nkind: Wall\nmetadata: {name: a}\n",
    }
    made = {one.ref.kind: one.body for one in parsed(tool().render(asked(tmp_path, chart)))}
    assert set(made) == {"CustomResourceDefinition", "ConfigMap", "Wall"}
    assert made["ConfigMap"]["data"] == {
        "minor": "36",
        "x.example_v1": "true",
        "x.example_v1_Wall": "true",
        "x.example_v0": "false",
    }


def test_for_a_cluster_a_chart_renders_to_the_same_text_as_without_one(tmp_path: Path) -> None:
    without = replace(
        request(EXAMPLES, "api", tmp_path / "one", namespace="shop", values=("values-prod.yaml",)),
        kube_version="v1.36.3",
    )
    (tmp_path / "two").mkdir()
    beside = replace(without, scratch=tmp_path / "two", api_versions=SERVED)
    assert b"helm.sh/hook" in tool().render(without)
    assert tool().render(beside) == tool().render(replace(without, scratch=tmp_path / "one"))


def test_of_the_real_cluster_helm_learns_what_helm_install_would(api: Cluster, cluster: Access, tmp_path: Path) -> None:
    template = config_map("all", versions="{{ .Capabilities.APIVersions | sortAlpha | toJson | quote }}")
    here = replace(
        asked(tmp_path, {"web/templates/a.yaml": template}),
        kube_version=api.version(),
        api_versions=api.api_versions(),
    )
    (ours,) = parsed(tool().render(here))
    argv = [str(HELM), "template", "web", str(here.directory), "--validate", "--kubeconfig", str(cluster.kubeconfig)]
    (theirs,) = parsed(subprocess.run(argv, capture_output=True, check=True, env={"HOME": str(tmp_path)}).stdout)
    listed, expected = (set(json.loads(one.body["data"]["versions"])) for one in (ours, theirs))
    assert listed <= expected
    assert {word for word in expected - listed if not _is_of_a_subresource(word)} == set()


def _is_of_a_subresource(word: str) -> bool:
    """No object is of these, but `Scale`, `Eviction` and the like are asked with them."""
    return word.rpartition("/")[2] in {
        *("Binding", "Eviction", "Scale", "TokenRequest", "PodAttachOptions", "PodExecOptions"),
        *("PodPortForwardOptions", "PodProxyOptions", "NodeProxyOptions", "ServiceProxyOptions"),
    }


def test_what_is_looked_up_is_not_found_and_is_told(tmp_path: Path) -> None:
    template = config_map("found", found='{{ lookup "v1" "Secret" "shop" "door" | toJson | quote }}')
    template += '  all: {{ lookup "v1" "ConfigMap" "shop" "" | toJson | quote }}\n'
    template += '  kind: {{ lookup "nobody.example/v1" "Wall" "shop" "a" | toJson | quote }}\n'
    here = asked(tmp_path, {"web/templates/a.yaml": template}, "v1/Secret")
    rehearsal = tool().rehearse(here)
    (body,) = parsed(rehearsal.stream)
    assert body.body["data"] == {"found": "{}", "all": "{}", "kind": "{}"}
    assert rehearsal.lookups == ("ConfigMap shop/", "Secret shop/door", "kinds of nobody.example/v1")
    assert parsed(tool().render(here))[0].body == body.body


def test_a_rehearsal_is_at_another_hour_and_draws_anew(tmp_path: Path) -> None:
    template = config_map("a", password="{{ randAlphaNum 16 }}", hour='{{ now | date "15" | quote }}', fixed='"1"')
    here = asked(tmp_path, {"web/templates/a.yaml": template})
    first, second = (parsed(stream)[0].body["data"] for stream in (tool().render(here), tool().rehearse(here).stream))
    assert {key for key in first if first[key] != second[key]} == {"password", "hour"}


def test_what_templates_ask_of_the_releases_history_is_told(tmp_path: Path) -> None:
    chart = {
        "web/templates/a.yaml": config_map("a", revision="{{ .Release.Revision | quote }}"),
        "web/charts/sub/Chart.yaml": CHART.replace("web", "sub"),
        "web/charts/sub/templates/_helpers.tpl": '{{- define "sub" }}{{ $.Release.IsUpgrade }}{{ end }}',
        "web/README.md": "It counts by .Release.IsInstall.",
    }
    assert tool().rehearse(asked(tmp_path, chart)).release_facts == (".Release.IsUpgrade", ".Release.Revision")


def test_helms_own_words_are_the_failure_beside_a_cluster_too(tmp_path: Path) -> None:
    here = asked(tmp_path, {"web/templates/a.yaml": '{{ fail "not so" }}'})
    with pytest.raises(ToolFailed) as failed:
        tool().render(here)
    assert "not so" in failed.value.output
    assert str(tmp_path) not in failed.value.output


def test_a_chart_that_renders_to_nothing_and_one_of_hooks_alone(tmp_path: Path) -> None:
    assert parsed(tool().render(asked(tmp_path / "nothing", {"web/templates/a.yaml": ""}))) == ()
    hook = config_map("told").replace("name: told", 'name: told\n  annotations: {helm.sh/hook: "pre-install"}')
    (only,) = parsed(tool().render(asked(tmp_path / "hook", {"web/templates/a.yaml": hook})))
    assert only.is_hook


def test_nobody_who_was_not_told_its_path_learns_anything_of_the_stand_in(tmp_path: Path) -> None:
    door = "/api/v1/namespaces/shop/Secret/door"
    with StandIn("v1.36.3", SERVED) as stand_in:
        stand_in.write_kubeconfig(tmp_path / "kubeconfig")
        server = json.loads((tmp_path / "kubeconfig").read_text())["clusters"][0]["cluster"]["server"]
        origin, _, path = server.rpartition("/")
        assert origin.startswith("http://127.0.0.1:")
        assert (tmp_path / "kubeconfig").stat().st_mode & 0o077 == 0
        assert [status(f"{origin}{prefix}/version") for prefix in ("", f"/{path[::-1]}")] == [404, 404]
        assert status(f"{origin}/{path[::-1]}{door}") == 404
        assert stand_in.lookups == ()
        assert status(f"{server}/version") == 200
        assert status(f"{server}{door}") == 404
        assert stand_in.lookups == ("Secret shop/door",)


def status(address: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
