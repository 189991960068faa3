"""From YAML to objects: as kubectl reads it, and the author's mistakes with file and line."""

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.kube.objects.kube_object import KubeObject, ObjectRef
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.kube.objects.yaml_reader import read_documents
from tests.kube.trees import config_map

TRAPS = r"""
a: [y, Y, yes, YES, on, On, off, n, No, true, TRUE, tRUE, yEs]
b: [1e5, 4153e10, 12e03, -1e3, 0.1e+5, 1e400, .e5, 1., .5, -.5, 1.0, 2.25]
c: [22:22, 80:80, 1:30:00, 0644, 0o644, 0_7, 08, 0x1F, -0x1F, 0b11, 0b12, 0x, 1_000, 1__0, 1_0.5, +5, -0, 0]
d: [2024-01-01, 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43, =, +, -, .]
e: [null, ~, Null, nULL, '', "5", '5', !!str 5, !!binary aGk=]
f: {1: one, yes: two, 2.5: three, 0x10: four, 1e3: five}
g: {<<: {z: 1, a: 9}, a: 2}
h: &anchor {x: 1}
i: *anchor
j: |
  text
    more
k: >-
  folded
  text
l: [123456789012345678901234567890, 9223372036854775807, -9223372036854775808]
"""


def read(text: str | bytes, where: str = "file.yaml", namespace: str = "default") -> tuple[KubeObject, ...]:
    return parse_objects(text, where, namespace, is_namespaced)


def said(text: str | bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(text)
    return str(refused.value)


def test_yaml_means_what_it_means_to_kubectl(tmp_path: Path) -> None:
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl on PATH")
    file = tmp_path / "traps.yaml"
    indented = "\n".join(f"  {line}" for line in TRAPS.splitlines())
    file.write_text(f"apiVersion: v1\nkind: Traps\nmetadata: {{name: traps}}\nspec:{indented}\n")
    ours = read(file.read_text())[0].body["spec"]
    argv = ["kubectl", "annotate", "--local", "-f", str(file), "checked=yes", "-o", "json"]
    theirs = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)["spec"]
    assert sorted(ours) == sorted(theirs)
    for key, value in theirs.items():
        assert json.dumps(ours[key], sort_keys=True) == json.dumps(value, sort_keys=True), key


def test_objects_come_in_order_with_where_they_are() -> None:
    text = "# nothing\n---\n" + config_map("a") + "---\n---\n# only words\n---\n" + config_map("b")
    assert [(one.ref.name, one.where) for one in read(text)] == [("a", "file.yaml:3"), ("b", "file.yaml:12")]


def test_a_source_comment_says_which_file_and_line() -> None:
    text = f"---\n# Source: shop/templates/web.yaml\n\n{config_map('a')}---\n{config_map('b')}---\n# Source: x.yaml\n"
    assert [one.where for one in read(text + config_map("c"))] == [
        "shop/templates/web.yaml:2",
        "shop/templates/web.yaml:8",
        "x.yaml:1",
    ]


def test_lists_are_opened_each_object_with_its_line() -> None:
    inner = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n"
    inner += "- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Secret, metadata: {name: b}}\n"
    assert [(str(one.ref), one.where) for one in read(inner)] == [
        ("ConfigMap default/a", "file.yaml:4"),
        ("Secret default/b", "file.yaml:10"),
    ]


def test_items_of_a_typed_list_have_its_kind() -> None:
    text = "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}]\n"
    assert [one.ref for one in read(text)] == [ObjectRef("", "ConfigMap", "default", "a")]


def test_an_empty_list_holds_nothing() -> None:
    assert read("apiVersion: v1\nkind: List\nitems:\n") == ()


def test_an_object_without_a_namespace_gets_the_projects() -> None:
    (one,) = read(config_map("a"), namespace="shop")
    assert one.ref.namespace == "shop"
    assert one.metadata["namespace"] == "shop"


def test_an_object_of_the_cluster_loses_its_namespace_as_the_server_has_it() -> None:
    (one,) = read("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a, namespace: shop}\n")
    assert one.ref == ObjectRef("rbac.authorization.k8s.io", "ClusterRole", "", "a")
    assert "namespace" not in one.metadata


def test_a_definition_among_the_objects_says_whether_its_kind_has_a_namespace() -> None:
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: walls.x.example}\n"
        "spec: {group: x.example, scope: Cluster, names: {kind: Wall, plural: walls}}\n"
    )
    wall = "apiVersion: x.example/v1\nkind: Wall\nmetadata: {name: a}\n"
    assert read(f"{wall}---\n{definition}")[0].ref.namespace == ""
    assert read(wall)[0].ref.namespace == "default"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: A\nmetadata: {name: a}", "file.yaml:1: has no apiVersion"),
        ("apiVersion: v1\nmetadata: {name: a}", "file.yaml:1: has no kind"),
        ("\n\napiVersion: v1\nkind: A", "file.yaml:3: A has no metadata"),
        ("apiVersion: v1\nkind: A\nmetadata: {labels: {}}", "file.yaml:1: A: has no name"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: 5}", "A: name is not text but 5: write it in quotes"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: a/b}", "A: name cannot be a/b"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: ..}", "A: name cannot be .."),
        (f"apiVersion: v1\nkind: A\nmetadata: {{name: {'a' * 254}}}", "A: name cannot be aaaa"),
        ("apiVersion: v1\nkind: ../A\nmetadata: {name: a}", "kind cannot be ../A"),
        ("apiVersion: a/b/c\nkind: A\nmetadata: {name: a}", "apiVersion cannot be a/b/c"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: no}", "namespace is not text but False"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: A_B}", "namespace cannot be A_B"),
        ("apiVersion: v1\nkind: A\nmetadata: {generateName: a-}", "A has generateName: it would be another object"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: a, labels: [a]}", "A a: labels is not a mapping"),
        ("apiVersion: v1\nkind: List\nitems: {a: b}", "`items` of List is not a list"),
        ("- a", "file.yaml:1: is not an object"),
        ("a: 1\nb: 2\na: 3", "file.yaml:3: the key a is there twice"),
        ("a: b: c", "file.yaml:1: invalid YAML: mapping values are not allowed"),
        ("a: [1,\nb", "invalid YAML"),
        ("a: .nan", "file.yaml:1: .nan is no number"),
        ("a: \x01", "file.yaml: invalid YAML"),
        ("a: *b", "an alias names nothing that is complete"),
        ("a: &a [*a]", "what begins with * must be in quotes"),
        ("? [a]\n: b", "a key must be text"),
        (b"a: \xff", "file.yaml: is not UTF-8 text"),
    ],
)
def test_a_mistake_is_said_with_file_and_line(text: str | bytes, words: str) -> None:
    assert words in said(text)


def test_an_object_that_is_there_twice_is_refused_with_both_places() -> None:
    text = f"{config_map('a')}---\n{config_map('b')}---\n{config_map('a')}"
    assert said(text) == "file.yaml:13: ConfigMap default/a is there twice, also at file.yaml:1"


def test_a_name_of_253_characters_is_a_name() -> None:
    assert read(config_map("a" * 253))[0].ref.name == "a" * 253


def test_aliases_that_multiply_are_refused_before_they_cost_memory() -> None:
    levels = [f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in pairwise("abcdefghijk")]
    assert "aliases make more than can be planned of it" in said("\n".join(["a: &a [x, x, x, x]", *levels]))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_without_end_is_refused(opening: str) -> None:
    assert "nested more than 150 deep" in said(opening * 20_000)


def test_more_than_can_be_read_is_refused() -> None:
    assert said("#" * (50 * 1024 * 1024 + 1)) == "file.yaml: more than 50 MB of YAML"


def test_a_quoted_merge_key_is_a_key() -> None:
    assert next(read_documents('"<<": {a: 1}', "x")).value == {"<<": {"a": 1}}
