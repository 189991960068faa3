"""Helm: what a chart is made of, what is found, what the real Helm renders of it, and its hooks."""

import os
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.kube.keys import OPTIONS
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.kube.options import KubernetesOptions
from bot.kube.render.helm_hooks import HookDeletePolicy, HookPhase, split_hooks
from bot.kube.render.renderer import RenderRequest
from bot.tools.helm.build import Helm
from bot.tools.helm.settings import HelmSettings
from tests.kube.trees import EXAMPLES, Folder, config_map, request, written
from tests.rig.build import find

NOBODY: frozenset[str] = frozenset()
HELM = find("helm")

real = pytest.mark.skipif(HELM is None and os.environ.get("RIG") != "required", reason="no helm; `make rig` builds one")


def tool(**section: object) -> Helm:
    return Helm(HelmSettings.of({"binary": str(HELM or "helm"), **section}))


def inputs(tree: Folder, directory: str, *values: str, others: frozenset[str] = NOBODY) -> set[str]:
    return set(
        tool().inputs(tree, Project("p", directory, options=OPTIONS.dump(KubernetesOptions(values=values))), others)
    )


def parsed(asked: RenderRequest, **section: object) -> tuple[KubeObject, ...]:
    return parse_objects(tool(**section).render(asked), asked.project_dir, asked.options.namespace, is_namespaced)


def rendered(root: Path, directory: str, scratch: Path, **options: object) -> Mapping[str, KubeObject]:
    return {str(one.ref): one for one in parsed(request(root, directory, scratch, **options))}


def chart(name: str, *dependencies: str) -> str:
    listed = f"dependencies:{''.join(f'{chr(10)}- {one}' for one in dependencies)}\n" if dependencies else ""
    return f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n{listed}"


def local(name: str, path: str) -> str:
    return f'{{name: {name}, version: 1.0.0, repository: "file://{path}"}}'


def test_a_chart_is_made_of_its_files_its_values_and_its_local_dependencies(tmp_path: Path) -> None:
    files = {
        "web/Chart.yaml": chart("web", local("common", "../common")),
        "web/templates/a.yaml": "",
        "web/charts/vendored/Chart.yaml": chart("vendored"),
        "common/Chart.yaml": chart("common", local("names", "../names")),
        "common/templates/_a.tpl": "",
        "names/Chart.yaml": chart("names", local("common", "../common")),
        "environments/prod.yaml": "",
    }
    tree = written(tmp_path, files)
    written(tmp_path, {"environments/staging.yaml": "", "other/Chart.yaml": chart("other")})
    assert inputs(tree, "web", "../environments/prod.yaml") == set(files)


def test_another_projects_directory_is_no_input_unless_it_is_referred_to(tmp_path: Path) -> None:
    tree = written(tmp_path, {"Chart.yaml": chart("all"), "values.yaml": "", "infra/main.tf": ""})
    assert inputs(tree, ".", others=frozenset({"infra"})) == {"Chart.yaml", "values.yaml"}
    assert inputs(tree, ".") == {"Chart.yaml", "values.yaml", "infra/main.tf"}


def test_what_symbolic_links_lead_to_is_an_input(tmp_path: Path) -> None:
    tree = written(tmp_path, {"web/Chart.yaml": chart("web"), "shared/a.yaml": "", "shared/more/b.yaml": ""})
    (tmp_path / "web" / "templates").symlink_to("../shared")
    assert inputs(tree, "web") == {"web/Chart.yaml", "web/templates", "shared/a.yaml", "shared/more/b.yaml"}


@pytest.mark.parametrize("values", ["../../prod.yaml", "/etc/hosts"])
def test_values_out_of_the_repository_are_refused(tmp_path: Path, values: str) -> None:
    tree = written(tmp_path, {"web/Chart.yaml": chart("web")})
    with pytest.raises(Refused, match="p: helm values leaves the repository"):
        inputs(tree, "web", values)
    with pytest.raises(Refused, match="leaves the repository"):
        tool().render(request(tmp_path, "web", tmp_path / "scratch", values=(values,)))


def test_projects_are_the_charts_that_nothing_else_uses(tmp_path: Path) -> None:
    assert tool().discover(Folder(EXAMPLES)) == ["api"]
    inflated = "helmGlobals: {chartHome: ../inflatable}\nhelmCharts: [{name: one}]\n"
    tree = written(
        tmp_path,
        {
            "web/Chart.yaml": chart("web", local("common", "../common")),
            "web/charts/sub/Chart.yaml": chart("sub"),
            "common/Chart.yaml": chart("common"),
            "lib/Chart.yaml": f"{chart('lib')}type: library\n",
            "broken/Chart.yaml": "a: b: c",
            "k/kustomization.yaml": inflated,
            "inflatable/one/Chart.yaml": chart("one"),
            ".hidden/Chart.yaml": chart("hidden"),
        },
    )
    assert tool().discover(tree) == ["broken", "web"]


@real
def test_the_example_renders_with_its_hook_apart_and_without_its_test(tmp_path: Path) -> None:
    asked = request(EXAMPLES, "api", tmp_path / "s", namespace="shop", release="api", values=("values-prod.yaml",))
    plain, hooks = split_hooks(parsed(asked))
    assert {str(one.ref): one.where for one in plain} == {
        "Deployment shop/api": "api/templates/deployment.yaml:1",
        "Service shop/api": "api/templates/service.yaml:1",
    }
    deployment = next(one for one in plain if one.ref.kind == "Deployment")
    assert deployment.body["spec"]["replicas"] == 2
    (migrate,) = hooks
    assert (str(migrate.kube_object.ref), migrate.weight) == ("Job shop/api-migrate", 5)
    assert migrate.phases == {HookPhase.PRE_INSTALL, HookPhase.PRE_UPGRADE}
    assert migrate.delete_policies == {HookDeletePolicy.BEFORE, HookDeletePolicy.SUCCEEDED}


def annotated(name: str, **annotations: str) -> str:
    lines = "".join(f"\n    helm.sh/hook{key.replace('_', '-')}: {value!r}" for key, value in annotations.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations:{lines}\n---\n"


def test_hooks_run_by_weight_then_name_and_those_of_no_apply_are_left_out() -> None:
    stream = (
        annotated("late", **{"": "post-install", "_weight": "10", "_delete_policy": "hook-failed, hook-succeeded"})
        + annotated("b", **{"": "pre-upgrade", "_weight": "none"})
        + annotated("a", **{"": "PRE-UPGRADE, test"})
        + annotated("first", **{"": "pre-install", "_weight": "-5"})
        + "".join(annotated(one, **{"": one}) for one in ("test", "test-success", "pre-delete", "typo"))
        + config_map("plain")
    )
    plain, hooks = split_hooks(parse_objects(stream, "x", "default", is_namespaced))
    assert [one.ref.name for one in plain] == ["plain"]
    assert [hook.kube_object.ref.name for hook in hooks] == ["first", "a", "b", "late"]
    assert [hook.weight for hook in hooks] == [-5, 0, 0, 10]
    assert hooks[1].phases == {HookPhase.PRE_UPGRADE}
    assert hooks[1].delete_policies == {HookDeletePolicy.BEFORE}
    assert hooks[3].delete_policies == {HookDeletePolicy.SUCCEEDED, HookDeletePolicy.FAILED}


@real
def test_definitions_and_the_targets_versions_are_taken_into_account(tmp_path: Path) -> None:
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: walls.x.example}\n"
        "spec: {group: x.example, scope: Cluster, names: {kind: Wall, plural: walls}}\n"
    )
    told = config_map("told", version="{{ .Capabilities.KubeVersion.Version }}")
    told += '  known: {{ .Capabilities.APIVersions.Has "x.example/v1/Wall" | quote }}\n'
    told += '  found: {{ lookup "v1" "Namespace" "" "default" | toJson | quote }}\n'
    written(tmp_path, {"web/Chart.yaml": chart("web"), "web/crds/a.yaml": definition, "web/templates/a.yaml": told})
    asked = request(tmp_path, "web", tmp_path / "scratch")
    made = parsed(replace(asked, kube_version="v1.36.3", api_versions=("x.example/v1/Wall",)))
    assert [one.ref.kind for one in made] == ["CustomResourceDefinition", "ConfigMap"]
    assert made[1].body["data"] == {"version": "v1.36.3", "known": "true", "found": "{}"}


@real
def test_the_release_is_named_after_the_directory_unless_it_has_a_name(tmp_path: Path) -> None:
    files = {"My_Shop/Chart.yaml": chart("web"), "My_Shop/templates/a.yaml": config_map("{{ .Release.Name }}")}
    written(tmp_path, files)
    assert list(rendered(tmp_path, "My_Shop", tmp_path / "one")) == ["ConfigMap default/my-shop"]
    named = rendered(tmp_path, "My_Shop", tmp_path / "two", release="shop", namespace="x")
    assert list(named) == ["ConfigMap x/shop"]
    asked = request(tmp_path, "My_Shop", tmp_path / "three", values=("a.yaml",))
    command = "helm template my-shop My_Shop --namespace default --include-crds --values a.yaml"
    assert " ".join(tool().command(asked)) == command


@real
def test_local_dependencies_need_not_be_copied_into_the_chart(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    files = {
        "web/Chart.yaml": chart("web", local("common", "../common"), local("kept", "../kept")),
        "web/templates/a.yaml": config_map("web"),
        "web/charts/kept/Chart.yaml": chart("kept"),
        "web/charts/kept/templates/a.yaml": config_map("vendored"),
        "kept/Chart.yaml": chart("kept"),
        "kept/templates/a.yaml": config_map("elsewhere"),
        "common/Chart.yaml": chart("common", local("names", "../names")),
        "common/templates/a.yaml": config_map("common"),
        "names/Chart.yaml": chart("names"),
        "names/templates/a.yaml": config_map("names"),
    }
    written(root, files)
    made = rendered(root, "web", tmp_path / "scratch")
    assert set(made) == {f"ConfigMap default/{name}" for name in ("web", "vendored", "common", "names")}
    assert sorted(Folder(root).files) == sorted(files)
    tree = Folder(root)
    written(tmp_path / "inputs", {name: tree.read(name) for name in inputs(tree, "web")})
    assert rendered(tmp_path / "inputs", "web", tmp_path / "again") == made


@real
def test_a_vendored_archive_is_a_dependency(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    sub = written(tmp_path / "sub", {"Chart.yaml": chart("db"), "templates/a.yaml": config_map("db")}).root
    remote = '{name: db, version: 1.0.0, repository: "https://charts.example"}'
    written(root, {"web/Chart.yaml": chart("web", remote), "web/charts/.keep": ""})
    with tarfile.open(root / "web" / "charts" / "db-1.0.0.tgz", "w:gz") as archive:
        archive.add(sub, "db")
    assert set(rendered(root, "web", tmp_path / "scratch")) == {"ConfigMap default/db"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"web/values.yaml": ""}, "web: has no Chart.yaml"),
        (
            {"web/Chart.yaml": chart("web", '{name: db, version: 1.2.x, repository: "https://charts.example"}')},
            r"web: needs the chart db 1.2.x \(https://charts.example\), which is not in charts/: run `helm dependency",
        ),
        ({"web/Chart.yaml": chart("web", local("a", "../../a"))}, "web: dependency a leaves the repository"),
        ({"web/Chart.yaml": chart("web", local("a", "../a"))}, "web: there is no chart a at file://../a"),
        (
            {"web/Chart.yaml": chart("web", local("a", "../a")), "a/Chart.yaml": chart("a", local("web", "../web"))},
            "depends on itself",
        ),
        ({"web/Chart.yaml": "a: b: c"}, "web/Chart.yaml:1: invalid YAML"),
        ({"web/Chart.yaml": chart("web"), "web/requirements.yaml": "dependencies: [{name: b}]"}, "needs the chart b"),
    ],
)
@real
def test_a_chart_that_cannot_be_put_together_is_refused_in_words(
    tmp_path: Path, files: Mapping[str, str], words: str
) -> None:
    written(tmp_path / "checkout", files)
    with pytest.raises(Refused, match=words):
        rendered(tmp_path / "checkout", "web", tmp_path / "scratch")


@real
def test_a_values_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    written(tmp_path, {"web/Chart.yaml": chart("web")})
    with pytest.raises(Refused, match=r"web: there is no values file prod.yaml"):
        rendered(tmp_path, "web", tmp_path / "scratch", values=("prod.yaml",))


@real
def test_a_link_out_of_the_checkout_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("do-not-read")
    template = config_map("a", secret='{{ .Files.Get "files/a" | quote }}')
    written(tmp_path / "checkout", {"web/Chart.yaml": chart("web"), "web/templates/a.yaml": template})
    (tmp_path / "checkout" / "web" / "files").mkdir()
    (tmp_path / "checkout" / "web" / "files" / "a").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused, match="symbolic link web/files/a leaves the repository"):
        rendered(tmp_path / "checkout", "web", tmp_path / "scratch")


@real
def test_helms_own_words_are_the_failure_without_our_paths(tmp_path: Path) -> None:
    written(tmp_path / "checkout", {"web/Chart.yaml": chart("web"), "web/templates/a.yaml": '{{ fail "not so" }}'})
    with pytest.raises(ToolFailed, match="helm-v[0-9.]+ cannot render web|helm cannot render web") as failed:
        rendered(tmp_path / "checkout", "web", tmp_path / "scratch")
    assert "not so" in failed.value.output
    assert str(tmp_path) not in failed.value.output


@real
def test_a_chart_that_eats_memory_is_refused(tmp_path: Path) -> None:
    eats = '{{ $all := list "x" }}{{ range until 100 }}{{ $all = concat $all (until 10000000) }}{{ end }}'
    written(tmp_path, {"web/Chart.yaml": chart("web"), "web/templates/a.yaml": eats})
    with pytest.raises(Refused, match=r"web: helm.* needs more than 256 MB of memory to render it"):
        parsed(request(tmp_path, "web", tmp_path / "scratch"), memory=256)


@real
@pytest.mark.timeout(60)
def test_a_chart_that_loops_is_ended(tmp_path: Path) -> None:
    once = "{{ range until 10000000 }}{{ end }}"
    loops = f"{{{{ range until 1000 }}}}{once}{{{{ end }}}}"
    written(tmp_path, {"web/Chart.yaml": chart("web"), "web/templates/a.yaml": loops})
    with pytest.raises(Refused, match=r"web: helm.* took more than 0.5 s to render it"):
        parsed(replace(request(tmp_path, "web", tmp_path / "scratch"), timeout=0.5))


@real
def test_a_chart_learns_nothing_of_the_environment(tmp_path: Path) -> None:
    written(tmp_path, {"web/Chart.yaml": chart("web"), "web/templates/a.yaml": '{{ env "PATH" }}'})
    with pytest.raises(ToolFailed) as failed:
        rendered(tmp_path, "web", tmp_path / "scratch")
    assert 'function "env" not defined' in failed.value.output


@real
def test_the_version_is_said_and_a_missing_helm_too() -> None:
    assert tool().version({"PATH": "/usr/bin:/bin"}).startswith("helm v3.")
    with pytest.raises(Refused, match="there is no helmet here to render with"):
        tool(binary="helmet").version({"PATH": "/usr/bin:/bin"})
    with pytest.raises(Refused, match="HELM__MEMORY"):
        tool(memory=1)
