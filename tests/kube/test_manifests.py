"""Plain manifests: which files are taken, and that each object knows its file and line."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.core.project import Project
from bot.kube.keys import OPTIONS
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.tools.manifests.build import Manifests
from tests.config.composed import read
from tests.kube.trees import EXAMPLES, Folder, config_map, request, written

NOBODY: frozenset[str] = frozenset()


def rendered(root: Path, directory: str, others: frozenset[str] = NOBODY) -> Mapping[str, KubeObject]:
    text = Manifests().render(replace(request(root, directory, root), other_dirs=others))
    return {str(one.ref): one for one in parse_objects(text, directory, "default", is_namespaced)}


def test_the_example_is_a_definition_and_an_object_of_its_kind() -> None:
    made = rendered(EXAMPLES, "backups")
    assert {name: one.where for name, one in made.items()} == {
        "CustomResourceDefinition backups.shop.example": "backups/definition.yaml:1",
        "Backup default/nightly": "backups/nightly.yaml:1",
    }


def test_the_examples_configuration_names_what_is_there() -> None:
    projects = read((EXAMPLES / "gitops.yaml").read_bytes()).projects
    assert [project.dir for project in projects] == ["backups", "shop/overlays/staging", "shop/overlays/prod", "api"]
    assert (projects[0].tool, OPTIONS.of(projects[3]).values) == ("manifests", ("values-prod.yaml",))
    for project in projects:
        assert all((EXAMPLES / project.dir / name).is_file() for name in OPTIONS.of(project).values)


def test_every_manifest_below_is_taken_but_hidden_ones_and_kustomizations(tmp_path: Path) -> None:
    taken = {"k/b.yaml": config_map("b"), "k/a.yml": config_map("a"), "k/sub/c.json": "{}", "k/d.yaml": "# nothing"}
    taken["k/sub/c.json"] = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
    left = ("k/.d.yaml", "k/.git/e.yaml", "k/kustomization.yaml", "k/README.md", "k/other/f.yaml", "kk/g.yaml")
    tree = written(tmp_path, {**taken, **dict.fromkeys(left, "not: an object")})
    others = frozenset({"k/other", "k", "."})
    assert Manifests().inputs(tree, Project("k", "k"), others) == set(taken)
    made = rendered(tmp_path, "k", others)
    assert list(made) == ["ConfigMap default/a", "ConfigMap default/b", "ConfigMap default/c"]


def test_nothing_is_found_by_itself() -> None:
    assert Manifests().discover(Folder(EXAMPLES)) == ()


def test_mistakes_are_said_with_the_file_and_its_own_line(tmp_path: Path) -> None:
    written(tmp_path, {"k/a.yaml": f"{config_map('a')}---\n{config_map('b')}", "k/b.yaml": f"\n\n{config_map('b')}"})
    with pytest.raises(Refused, match=r"^k/b.yaml:3: ConfigMap default/b is there twice, also at k/a.yaml:7$"):
        rendered(tmp_path, "k")
    written(tmp_path, {"k/b.yaml": "kind: A\n  b: c"})
    with pytest.raises(Refused, match=r"^k/b.yaml:2: invalid YAML"):
        rendered(tmp_path, "k")


def test_one_files_broken_end_is_not_the_next_files(tmp_path: Path) -> None:
    written(tmp_path, {"k/a.yaml": "a: [1, 2", "k/b.yaml": config_map("b")})
    with pytest.raises(Refused, match=r"^k/a.yaml:"):
        rendered(tmp_path, "k")


def test_directives_marks_and_json_that_yaml_cannot_read_are_read(tmp_path: Path) -> None:
    data = {"smile": "😀", "tab": "\t", "control": "\x01\x7f\x85\ufeff", "line": "\u2028"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}
    written(
        tmp_path,
        {
            "k/a.yaml": f"%YAML 1.1\n---\n{config_map('a')}",
            "k/b.yaml": f"\ufeff{config_map('b')}",
            "k/c.json": json.dumps(body, indent="\t"),
        },
    )
    made = rendered(tmp_path, "k")
    assert made["ConfigMap default/a"].where == "k/a.yaml:3"
    assert made["ConfigMap default/c"].body["data"] == data


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", '{"a": 1,\n "a": 2}', "k/a.json: the key a is there twice"),
        ("a.json", '{"a":\n b}', "k/a.json:2: invalid JSON"),
        ("a.json", "[" * 100_000, "k/a.json: is no JSON"),
        ("a.json", '{"a": 1e400}', "k/a.json: 1e400 is no number that a cluster can hold"),
        ("a.json", '{"a": -Infinity}', "k/a.json: -Infinity is no number"),
        ("a.json", '{"a": ' + "9" * 5000 + "}", "k/a.json: 9999"),
        ("a.json", '{"a": "\\ud800"}', "k/a.json: is no JSON"),
        ("a.yaml", b"a: \xff", "k/a.yaml: is not UTF-8 text"),
        ("a.yaml", "a: b", "k/a.yaml:1: has no apiVersion"),
        ("a.yaml", b"#" * (50 * 1024 * 1024 + 1), "k/a.yaml: has more than 50 MB"),
        ("a.yaml", "{{ .Values.x }}", "k/a.yaml:1: a key must be text"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, name: str, content: str | bytes, words: str) -> None:
    written(tmp_path, {f"k/{name}": content})
    with pytest.raises(Refused, match=words):
        rendered(tmp_path, "k")


def test_links_are_followed_within_the_repository_and_refused_out_of_it(tmp_path: Path) -> None:
    tree = written(tmp_path / "checkout", {"k/a.yaml": config_map("a"), "shared/b.yaml": config_map("b")})
    (tmp_path / "checkout" / "k" / "b.yaml").symlink_to("../shared/b.yaml")
    assert Manifests().inputs(tree, Project("k", "k"), NOBODY) == {"k/a.yaml", "k/b.yaml", "shared/b.yaml"}
    assert set(rendered(tmp_path / "checkout", "k")) == {"ConfigMap default/a", "ConfigMap default/b"}
    (tmp_path / "outside.yaml").write_text(config_map("outside"))
    (tmp_path / "checkout" / "k" / "c.yaml").symlink_to("../../outside.yaml")
    with pytest.raises(Refused, match="leaves the repository"):
        Manifests().inputs(tree, Project("k", "k"), NOBODY)
    with pytest.raises(Refused, match=r"symbolic link k/c.yaml leaves the repository"):
        rendered(tmp_path / "checkout", "k")


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    written(tmp_path, {"k/a.yaml": config_map("a")})
    (tmp_path / "k" / "b.yaml").symlink_to("gone.yaml")
    with pytest.raises(Refused, match=r"symbolic link k/b.yaml leads nowhere"):
        rendered(tmp_path, "k")


def test_a_listed_input_that_is_a_link_brings_what_it_leads_to(tmp_path: Path) -> None:
    tree = written(tmp_path, {"k/a.yaml": config_map("a"), "far/b.json": "{}", "extra/c.json": "{}"})
    (tmp_path / "extra" / "link.json").symlink_to("../far/b.json")
    files = Manifests().inputs(tree, Project("k", "k", inputs=("extra/link.*",)), NOBODY)
    assert files == {"k/a.yaml", "extra/link.json", "far/b.json"}
