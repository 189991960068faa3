"""Kustomize: what a kustomization is made of, what is found, and what the real program renders of it."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cache import Cache
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.kube.render.renderer import rendering_digest
from bot.tools.kustomize.build import Kustomize
from bot.tools.kustomize.settings import KustomizeSettings
from bot.vault import Vault
from tests.kube.trees import EXAMPLES, Folder, config_map, request, written
from tests.rig.build import find

NOBODY: frozenset[str] = frozenset()
STAGING, PROD = "shop/overlays/staging", "shop/overlays/prod"

NONE = not (shutil.which("kubectl") or shutil.which("kustomize"))

real = pytest.mark.skipif(NONE and os.environ.get("RIG") != "required", reason="neither kustomize nor kubectl on PATH")


COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
GENERATOR = "apiVersion: builtin\nkind: ConfigMapGenerator\n"


def tool(**section: object) -> Kustomize:
    return Kustomize(KustomizeSettings.of(section))


def inputs(tree: Folder, directory: str, **project: tuple[str, ...]) -> set[str]:
    return set(tool().inputs(tree, Project(directory, directory, inputs=project.get("inputs", ())), NOBODY))


def kustomization(text: str) -> str:
    return f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{text}\n"


def rendered(root: Path, directory: str, scratch: Path, **section: object) -> Mapping[str, KubeObject]:
    text = tool(**section).render(request(root, directory, scratch))
    return {str(one.ref): one for one in parse_objects(text, directory, "default", is_namespaced)}


def test_a_change_to_the_base_touches_every_overlay_that_uses_it_and_no_other() -> None:
    tree = Folder(EXAMPLES)
    staging, prod = inputs(tree, STAGING), inputs(tree, PROD)
    base = {f"shop/base/{name}" for name in ("kustomization.yaml", "deployment.yaml", "service.yaml", "web.env")}
    assert staging == base | {f"{STAGING}/kustomization.yaml", f"{STAGING}/namespace.yaml"}
    assert prod == base | {f"{PROD}/{name}.yaml" for name in ("kustomization", "namespace", "replicas")}


EVERYTHING = """
resources: [plain.yaml, ../lib, link.yaml]
bases: [../old]
components: [../extra]
crds: [crd.json]
configurations: [names.yaml]
openapi: {path: schema.json}
patches:
  - path: patch.yaml
  - patch: |
      - {op: remove, path: /not/a/file.yaml}
patchesStrategicMerge:
  - merge.yaml
  - |-
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: inline}
    spec: {path: not-a-file.yaml}
patchesJson6902:
  - {target: {version: v1, kind: A, name: a}, path: json.yaml}
configMapGenerator:
  - {name: a, files: [one.txt, key=two.txt], envs: [three.env], env: four.env}
secretGenerator:
  - {name: b, files: [key=secret.txt], envs: [secret.env]}
replacements: [{path: replace.yaml}]
generators: [generator.yaml]
validators: [../checks]
transformers:
  - transformer.yaml
  - |-
    apiVersion: builtin
    kind: PatchTransformer
    metadata: {name: inline}
    path: inline-patch.yaml
helmGlobals: {chartHome: ../charts}
helmCharts:
  - {name: web, valuesFile: values.yaml, additionalValuesFiles: [more.yaml]}
  - {name: db, version: 1.2.3, repo: "https://charts.example"}
"""


def test_inputs_follow_every_reference_of_a_kustomization(tmp_path: Path) -> None:
    files = {f"app/{name}.yaml": "{}" for name in ("plain", "names", "patch", "merge", "json", "replace", "checked")}
    files |= {f"app/{name}.yaml": "{}" for name in ("inline-patch", "shown", "values", "more")}
    files |= {f"app/{name}": "{}" for name in ("crd.json", "schema.json", "one.txt", "two.txt")}
    files |= {f"app/{name}": "{}" for name in ("three.env", "four.env", "secret.txt", "secret.env", "generated.txt")}
    files |= {f"charts/{name}": "{}" for name in ("web/Chart.yaml", "web/templates/a.yaml", "db-1.2.3/db/Chart.yaml")}
    files |= {
        "app/kustomization.yaml": kustomization(EVERYTHING),
        "app/generator.yaml": f"{GENERATOR}files: [generated.txt]\n",
        "app/transformer.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: b}\npath: shown.yaml\n",
        "lib/kustomization.yml": kustomization("resources: [deep]"),
        "lib/deep/Kustomization": kustomization("resources: [deep.yaml, ../../app]"),
        "lib/deep/deep.yaml": "{}",
        "old/kustomization.yaml": kustomization("resources: [../lib]"),
        "extra/kustomization.yaml": COMPONENT,
        "checks/kustomization.yaml": kustomization("resources: [check.yaml]"),
        "checks/check.yaml": "apiVersion: x/v1\nkind: Check\nmetadata: {name: a}\npath: checked.yaml\n",
        "elsewhere/real.yaml": "{}",
    }
    tree = written(tmp_path, files)
    unused = {"app/README.md": "", "lib/unused.yaml": "", "charts/other/Chart.yaml": "", "app/not-a-file.yaml": ""}
    written(tmp_path, unused)
    (tmp_path / "app" / "link.yaml").symlink_to("../elsewhere/real.yaml")
    assert inputs(tree, "app") == set(files) | {"app/link.yaml"}
    assert inputs(tree, "app", inputs=("**/*.md",)) == set(files) | {"app/link.yaml", "app/README.md"}


def test_plug_ins_may_read_all_that_is_below(tmp_path: Path) -> None:
    tree = written(tmp_path, {"a/kustomization.yaml": kustomization("generators: [g.yaml]"), "a/lib/x.star": ""})
    plugins = Kustomize(KustomizeSettings.of({"flags": "--enable-alpha-plugins"}))
    assert "a/lib/x.star" in plugins.inputs(tree, Project("a", "a"), NOBODY)
    assert "a/lib/x.star" not in inputs(tree, "a")


@pytest.mark.parametrize(
    "reference",
    [
        "https://github.com/acme/shop//base?ref=v1",
        "github.com/acme/shop/base",
        "git@forge.example:acme/shop.git",
        "forge.example/acme/shop.git//base",
        "https://forge.example/plain.yaml",
    ],
)
def test_what_is_remote_is_refused_by_name(tmp_path: Path, reference: str) -> None:
    tree = written(tmp_path, {"a/kustomization.yaml": kustomization(f'resources: ["{reference}"]')})
    with pytest.raises(Refused, match=r"a: resources: remote base .* cannot be followed: vendor it") as refused:
        inputs(tree, "a")
    assert reference in str(refused.value)


def test_a_chart_that_is_not_vendored_is_refused(tmp_path: Path) -> None:
    charts = 'helmCharts: [{name: db, version: 1.2.3, repo: "https://charts.example"}]'
    tree = written(tmp_path, {"a/kustomization.yaml": kustomization(charts)})
    with pytest.raises(Refused, match=r"https://charts.example cannot be fetched: vendor it at a/charts/db-1.2.3/db"):
        inputs(tree, "a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("resources: [a]\nresources: [b]", "a/kustomization.yaml:4: the key resources is there twice"),
        ("resources: [x: y: z", "a/kustomization.yaml:3: invalid YAML"),
        ("generators: [broken.yaml]", "a/broken.yaml:1: invalid YAML"),
        ("generators: ['{name: a, name: b}']", "a plug-in that is written in place:1: the key name is there twice"),
    ],
)
def test_what_kustomize_might_read_otherwise_is_refused_but_found(tmp_path: Path, text: str, words: str) -> None:
    tree = written(tmp_path, {"a/kustomization.yaml": kustomization(text), "a/broken.yaml": "a: b: c"})
    with pytest.raises(Refused) as refused:
        inputs(tree, "a")
    assert words in str(refused.value)
    assert tool().discover(tree) == ["a"]


def test_keys_count_in_letters_of_either_case_as_they_do_for_kustomize(tmp_path: Path) -> None:
    text = "RESOURCES: [x.yaml]\nresources: [z.yaml]\nconfigmapgenerator: [{name: a, Files: [y.txt]}]\n"
    files = {"a/kustomization.yaml": text, "a/x.yaml": config_map("x"), "a/y.txt": "y", "a/z.yaml": config_map("z")}
    assert inputs(written(tmp_path, files), "a") == set(files)


@pytest.mark.parametrize("reference", ["../../outside", "/etc/hosts", "../.."])
def test_a_path_out_of_the_repository_is_refused(tmp_path: Path, reference: str) -> None:
    tree = written(tmp_path, {"a/kustomization.yaml": kustomization(f"resources: [{reference}]")})
    with pytest.raises(Refused, match="leaves the repository"):
        inputs(tree, "a")


@pytest.mark.parametrize("target", ["/etc/hosts", "../../secret"])
def test_a_symbolic_link_out_of_the_repository_is_refused(tmp_path: Path, target: str) -> None:
    tree = written(tmp_path / "checkout", {"a/kustomization.yaml": kustomization("resources: [x.yaml]")})
    (tmp_path / "checkout" / "a" / "x.yaml").symlink_to(target)
    with pytest.raises(Refused, match="leaves the repository"):
        inputs(tree, "a")


def test_links_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    tree = written(tmp_path, {"a/kustomization.yaml": kustomization("resources: [x]")})
    (tmp_path / "a" / "x").symlink_to("y")
    (tmp_path / "a" / "y").symlink_to("x")
    with pytest.raises(Refused, match="leads in a circle"):
        inputs(tree, "a")


def test_projects_are_the_kustomizations_that_no_other_refers_to(tmp_path: Path) -> None:
    assert tool().discover(Folder(EXAMPLES)) == [PROD, STAGING]
    tree = written(
        tmp_path,
        {
            "app/kustomization.yaml": kustomization("resources: [x.yaml]"),
            "app/overlays/prod/kustomization.yaml": kustomization("resources: [../..]\ncomponents: [../../parts]"),
            "app/parts/kustomization.yaml": COMPONENT,
            "spare/kustomization.yaml": COMPONENT,
            "flux/kustomization.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n",
            "chart/Chart.yaml": "name: chart",
            "chart/kustomize/kustomization.yaml": kustomization(""),
            ".github/kustomization.yaml": kustomization(""),
            "alone/Kustomization": kustomization(""),
            "checks/kustomization.yaml": kustomization("resources: [c.yaml]"),
            "checked/kustomization.yaml": kustomization("validators: [../checks]"),
        },
    )
    assert tool().discover(tree) == ["alone", "app/overlays/prod", "checked"]


@real
def test_the_examples_render(tmp_path: Path) -> None:
    prod = rendered(EXAMPLES, PROD, tmp_path / "prod")
    assert prod["Deployment shop-prod/web"].body["spec"]["replicas"] == 3
    (container,) = prod["Deployment shop-prod/web"].body["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/shop/web:1.4.2"
    assert sorted(one.ref.kind for one in prod.values()) == ["ConfigMap", "Deployment", "Namespace", "Service"]
    staging = rendered(EXAMPLES, STAGING, tmp_path / "staging")
    settings = next(one for one in staging.values() if one.ref.kind == "ConfigMap")
    assert settings.body["data"] == {"LOG_LEVEL": "debug", "CURRENCY": "EUR"}


RICH = """
namespace: shop
resources: [plain.yaml, ../lib]
components: [../extra]
crds: [crd.json]
configurations: [names.yaml]
patches: [{path: patch.yaml}]
configMapGenerator:
  - {name: made, files: [one.txt, key=two.txt], envs: [three.env]}
replacements: [{path: replace.yaml}]
generators: [../generators]
transformers: [transformer.yaml]
"""


@real
def test_the_inputs_alone_render_to_the_same(tmp_path: Path) -> None:
    """Nothing that kustomize reads is missing from them."""
    transformer = "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: operations.yaml\n"
    replacement = "source: {kind: ConfigMap, name: plain, fieldPath: data.a}\ntargets:\n- select: {name: lib}\n"
    files = {
        "app/kustomization.yaml": kustomization(RICH),
        "app/plain.yaml": config_map("plain", a="first"),
        "app/crd.json": "{}",
        "app/names.yaml": "nameReference: []\n",
        "app/patch.yaml": config_map("plain", b="second"),
        "app/one.txt": "1",
        "app/two.txt": "2",
        "app/three.env": "THREE=3",
        "app/replace.yaml": f"{replacement}  fieldPaths: [data.copied]\n  options: {{create: true}}\n",
        "app/generated.txt": "generated",
        "app/transformer.yaml": f"{transformer}target: {{kind: ConfigMap, name: plain}}\n",
        "app/operations.yaml": "- {op: add, path: /data/patched, value: done}\n",
        "lib/kustomization.yaml": kustomization("resources: [lib.yaml]"),
        "lib/lib.yaml": config_map("lib"),
        "lib/unused.yaml": config_map("unused"),
        "extra/kustomization.yaml": f"{COMPONENT}nameSuffix: -extra\n",
        "generators/kustomization.yaml": kustomization("resources: [maps.yaml]"),
        "generators/maps.yaml": f"{GENERATOR}metadata: {{name: g}}\nfiles: [generated.txt]\n",
    }
    tree = written(tmp_path / "all", files)
    wanted = inputs(tree, "app")
    written(tmp_path / "inputs", {name: tree.read(name) for name in wanted})
    whole = tool().render(request(tmp_path / "all", "app", tmp_path / "one"))
    assert tool().render(request(tmp_path / "inputs", "app", tmp_path / "two")) == whole
    assert sorted(files.keys() - wanted) == ["lib/unused.yaml"]
    for word in (b"second", b"THREE", b"copied: first", b"generated.txt", b"patched", b"-extra"):
        assert word in whole


@real
def test_the_version_and_the_command_are_said(tmp_path: Path) -> None:
    asked = request(EXAMPLES, PROD, tmp_path / "scratch")
    assert tool(binaries="kubectl").version(asked.environment).startswith("kustomize v")
    assert tool(binaries="kubectl").command(asked) == ("kubectl", "kustomize", PROD)


@real
def test_kustomizes_own_words_are_the_failure_without_our_paths(tmp_path: Path) -> None:
    written(tmp_path / "checkout", {"a/kustomization.yaml": kustomization("resources: [gone.yaml]")})
    with pytest.raises(ToolFailed, match="cannot render a") as failed:
        rendered(tmp_path / "checkout", "a", tmp_path / "scratch")
    assert failed.value.output.startswith("accumulating resources")
    assert "gone.yaml" in failed.value.output
    assert str(tmp_path) not in failed.value.output


@real
def test_files_outside_of_the_kustomization_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do-not-read")
    generator = kustomization("configMapGenerator: [{name: a, files: [link.txt]}]")
    written(tmp_path / "checkout", {"a/kustomization.yaml": generator})
    (tmp_path / "checkout" / "a" / "link.txt").symlink_to(secret)
    with pytest.raises(ToolFailed) as failed:
        rendered(tmp_path / "checkout", "a", tmp_path / "scratch")
    assert "do-not-read" not in failed.value.output


@real
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("http://203.0.113.1/x.yaml", "proxyconnect tcp: dial tcp 127.0.0.1:9"),
        ("https://203.0.113.1/acme/shop.git", "no 'git' program on path"),
    ],
)
def test_nothing_is_fetched_even_when_kustomize_is_made_to_try(tmp_path: Path, reference: str, words: str) -> None:
    written(tmp_path / "checkout", {"a/kustomization.yaml": kustomization(f"resources: [{reference}]")})
    with pytest.raises(ToolFailed) as failed:
        rendered(tmp_path / "checkout", "a", tmp_path / "scratch")
    assert words in failed.value.output


@real
def test_charts_are_inflated_only_where_the_operator_allows_it(tmp_path: Path) -> None:
    helm = find("helm")
    if helm is None:
        pytest.skip("no helm")
    chart = {
        "a/kustomization.yaml": kustomization("helmCharts: [{name: web, releaseName: shop}]"),
        "a/charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "a/charts/web/values.yaml": "{}",
        "a/charts/web/templates/a.yaml": config_map("{{ .Release.Name }}-made"),
    }
    tree = written(tmp_path / "checkout", chart)
    assert inputs(tree, "a") == set(chart)
    with pytest.raises(ToolFailed) as failed:
        rendered(tmp_path / "checkout", "a", tmp_path / "one")
    assert "enable-helm" in failed.value.output
    made = rendered(tmp_path / "checkout", "a", tmp_path / "two", flags="--enable-helm", helm=str(helm))
    assert list(made) == ["ConfigMap default/shop-made"]


@real
def test_a_chart_that_is_inflated_reads_nothing_outside_of_the_checkout(tmp_path: Path) -> None:
    helm = find("helm")
    if helm is None:
        pytest.skip("no helm")
    (tmp_path / "secret").write_text("do-not-read")
    files = {
        "a/kustomization.yaml": kustomization("helmGlobals: {chartHome: ../charts}\nhelmCharts: [{name: web}]"),
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "charts/web/values.yaml": "{}",
        "charts/web/templates/a.yaml": config_map("a", all='{{ .Files.Get "link" | quote }}'),
    }
    written(tmp_path / "checkout", files)
    (tmp_path / "checkout" / "charts" / "web" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused, match="symbolic link charts/web/link leaves the repository"):
        rendered(tmp_path / "checkout", "a", tmp_path / "scratch", flags="--enable-helm", helm=str(helm))


@real
@pytest.mark.parametrize("option", ["--post-renderer={top}/run-me", "--set-file=x={top}/secret", "-f{top}/secret"])
def test_a_kustomization_cannot_give_helm_options_of_its_own(tmp_path: Path, option: str) -> None:
    helm = find("helm")
    if helm is None:
        pytest.skip("no helm")
    (tmp_path / "secret").write_text("do: not-read")
    (tmp_path / "run-me").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    (tmp_path / "run-me").chmod(0o755)
    entry = f"{{name: web, releaseName: '{option.format(top=tmp_path)}'}}"
    files = {
        "a/kustomization.yaml": kustomization(f"helmCharts: [{entry}]"),
        "a/charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "a/charts/web/values.yaml": "{}",
        "a/charts/web/templates/a.yaml": config_map("a", all="{{ .Values | toJson | quote }}"),
    }
    written(tmp_path / "checkout", files)
    with pytest.raises(ToolFailed) as failed:
        rendered(tmp_path / "checkout", "a", tmp_path / "scratch", flags="--enable-helm", helm=str(helm))
    assert "kustomize may not give Helm the option" in failed.value.output
    assert not (tmp_path / "ran").exists()


@real
def test_a_flag_that_the_operator_does_not_allow_is_refused(tmp_path: Path) -> None:
    asked = request(EXAMPLES, PROD, tmp_path / "scratch", flags=("--enable-helm",))
    with pytest.raises(Refused, match="the operator does not allow --enable-helm"):
        tool().render(asked)


def test_a_setting_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="KUSTOMIZE__FLAGS"):
        tool(flags="--load-restrictor")
    with pytest.raises(Refused, match="there is no kustomise here to render with"):
        tool(binaries="kustomise").version({"PATH": "/usr/bin"})


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A checkout whose rendering takes a second and makes more than a megabyte."""
    many = "\n---\n".join(config_map(f"map-{number}", text="x" * 1500) for number in range(800))
    files = {"a/kustomization.yaml": kustomization("namespace: x\nresources: [many.yaml]"), "a/many.yaml": many}
    return written(tmp_path / "checkout", files).root


@real
def test_a_rendering_that_is_too_large_is_refused(large: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="a: renders to more than 1 MB"):
        rendered(large, "a", tmp_path / "scratch", output=1)


@real
def test_a_rendering_that_takes_too_long_is_refused(large: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"a: \w+ took more than 0.1 s to render it"):
        tool().render(replace(request(large, "a", tmp_path / "scratch"), timeout=0.1))


@real
def test_a_rendering_ends_when_its_run_is_cancelled(large: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="was stopped"):
        tool().render(replace(request(large, "a", tmp_path / "scratch"), stopped=lambda: True))


def cache(folder: Path, megabytes: int = 1) -> Cache:
    return Cache(folder / "cache", Vault(b"k" * 32), megabytes)


def test_a_rendering_is_made_once_and_kept_sealed(tmp_path: Path) -> None:
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"password: hunter2")
        return made[-1]

    assert cache(tmp_path).get_or_create("key", make) == b"password: hunter2"
    assert cache(tmp_path).get_or_create("key", make) == b"password: hunter2"
    assert len(made) == 1
    (kept,) = (tmp_path / "cache").iterdir()
    assert b"hunter2" not in kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_what_is_kept_is_made_again_once_it_is_damaged_or_anothers(tmp_path: Path) -> None:
    cache(tmp_path).get_or_create("one", lambda: b"one")
    shutil.copy(tmp_path / "cache" / "one", tmp_path / "cache" / "two")
    assert cache(tmp_path).get_or_create("two", lambda: b"two") == b"two"
    (tmp_path / "cache" / "one").write_bytes(b"")
    assert cache(tmp_path).get_or_create("one", lambda: b"again") == b"again"


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise ToolFailed("no")

    with pytest.raises(ToolFailed):
        cache(tmp_path).get_or_create("key", fail)
    assert cache(tmp_path).get_or_create("key", lambda: b"yes") == b"yes"


def test_the_longest_unused_goes_first_when_there_is_no_more_room(tmp_path: Path) -> None:
    third = bytes(400_000)
    for name in ("used", "old"):
        cache(tmp_path).get_or_create(name, lambda: third)
    cache(tmp_path).get_or_create("used", lambda: b"never made")
    cache(tmp_path).get_or_create("new", lambda: third)
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"used", "new"}


def test_a_digest_changes_with_each_file_name_content_and_word(tmp_path: Path) -> None:
    written(tmp_path, {"a": "1", "b": "2", "one/x": "1", "two/x": "2"})
    (tmp_path / "link").symlink_to("one")
    first = rendering_digest(tmp_path, {"a", "b", "link"}, ("kustomize v5",))
    assert first == rendering_digest(tmp_path, {"link", "b", "a"}, ("kustomize v5",))
    others = [rendering_digest(tmp_path, {"a", "b"}, ("kustomize v5",))]
    others.append(rendering_digest(tmp_path, {"a", "b", "link"}, ("kustomize", "v5")))
    (tmp_path / "a").write_text("3")
    others.append(rendering_digest(tmp_path, {"a", "b", "link"}, ("kustomize v5",)))
    (tmp_path / "a").write_text("1")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("two")
    others.append(rendering_digest(tmp_path, {"a", "b", "link"}, ("kustomize v5",)))
    assert len({first, *others}) == 5
