"""Custom resources are judged by their definition alone as a real API server judges them."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.kube.cluster.client import Cluster
from bot.kube.crds.validation import apply_defaults, find_invalidated, find_problems, find_unchecked, serves_kind
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.normalization import normalize
from tests.kube.definitions import FIELDS, GROUP, definition, wall
from tests.rig.access import Access
from tests.sandbox.running import until

CRD = definition()


@contextmanager
def installed(kube: Cluster, crd: dict[str, Any]) -> Iterator[None]:
    """Served, and gone afterwards."""
    answer = kube.apply(crd, dry_run=False)
    assert answer.ok, answer.message
    group = crd["spec"]["group"]
    # OpenAPI, by which server-side apply judges, is published a moment after the kind is known.
    until(lambda: _refuses_nonsense(kube, group))
    yield
    ref, uid = object_of(crd).ref, answer.body["metadata"]["uid"]
    assert kube.delete("apiextensions.k8s.io/v1", ref, uid=uid, dry_run=False).ok


def _refuses_nonsense(kube: Cluster, group: str) -> bool:
    kube.forget_resources()
    if kube.resource(f"{group}/v1", "Wall") is None:
        return False
    return kube.apply(wall("default", group=group, nonsense=1), dry_run=True).is_about_object


@pytest.fixture(scope="module")
def kube(cluster: Access) -> Iterator[Cluster]:
    """A cluster that has the definition."""
    made = Cluster.open("test", cluster.kubeconfig, timeout=10)
    with installed(made, CRD):
        yield made


EMBEDDED = {"apiVersion": "v1", "kind": "ConfigMap"}

VALUES: list[tuple[str, Any]] = [
    ("text", "brick"),
    ("text", ""),
    ("text", 1),
    ("text", None),
    ("text", ["a"]),
    ("number", 1),
    ("number", 1.0),
    ("number", 1.5),
    ("number", "1"),
    ("number", True),
    ("number", 2**63),
    ("small", 2**31 - 1),
    ("small", 2**31),
    ("amount", 0),
    ("amount", 0.1),
    ("amount", 9.5),
    ("amount", 9.6),
    ("step", 15),
    ("step", 14),
    ("step", -15),
    ("step", 100),
    ("flag", False),
    ("flag", "false"),
    ("colour", "red"),
    ("colour", "green"),
    ("colour", None),
    ("hue", None),
    ("title", "a-b.c"),
    ("title", "a-b.c\n"),
    ("title", "A"),
    ("title", "a"),
    ("title", "abcdefghi"),
    ("port", 1),
    ("port", "http"),
    ("port", True),
    ("port", 1.5),
    ("share", 3),
    ("share", "3%"),
    ("share", "3"),
    ("loose", None),
    ("tags", {"a": "b"}),
    ("tags", {"a": 1}),
    ("tags", {"a": None}),
    ("tags", {"a": "", "b": "", "c": ""}),
    ("tags", []),
    ("limits", {"a": {"most": 1}}),
    ("limits", {"a": {"least": 1}}),
    ("limits", {"a": {"most": "1"}}),
    ("anything", {"x": [{"y": None}]}),
    ("anything", "text"),
    ("open", {"x": 1, "closed": {"number": 1}}),
    ("open", {"closed": {"other": 1}}),
    ("open", {"closed": {"number": "one"}}),
    ("part", {}),
    ("part", {"must": "a"}),
    ("part", {"must": None}),
    ("part", {"must": "a", "level": None}),
    ("part", {"must": "a", "level": "3"}),
    ("part", {"must": "a", "other": 1}),
    ("list", []),
    ("list", [1, 2, 3]),
    ("list", [1, 2, 3, 4]),
    ("list", [1, "2"]),
    ("list", [1, None]),
    ("list", {"0": 1}),
    ("set", ["a", "b"]),
    ("set", ["a", "a"]),
    ("table", [{"name": "a"}, {"name": "b"}]),
    ("table", [{"name": "a"}, {"name": "a"}]),
    ("table", [{"name": "a"}, {"name": "a", "kind": "stone"}]),
    ("table", [{"name": "a"}, {"name": "a", "kind": "wood"}]),
    ("table", [{"kind": "wood"}]),
    ("table", [{"name": "a", "weight": 1}]),
    ("object", EMBEDDED),
    ("object", {**EMBEDDED, "metadata": {"name": "x", "labels": {"a": "b"}}, "data": {"x": 1}}),
    ("object", {"kind": "ConfigMap"}),
    ("object", {"apiVersion": "v1"}),
    ("object", {**EMBEDDED, "metadata": {"labels": {"a": 1}}}),
    ("object", {**EMBEDDED, "metadata": {"labels": {"a": "b c"}}}),
    ("object", {**EMBEDDED, "metadata": {"nonsense": 1}}),
    ("one", {"a": "x"}),
    ("one", {"a": "x", "b": "y"}),
    ("one", {}),
    ("any", {"a": 5}),
    ("any", {"a": 4}),
    ("any", {"b": 1}),
    ("any", {"a": 6, "b": 1}),
    ("all", "ax"),
    ("all", "x"),
    ("all", "ab"),
    ("address", "10.0.0.1"),
    ("address", "10.0.0"),
    ("address", "::1"),
    ("address6", "::1"),
    ("address6", "10.0.0.1"),
    ("address", "010.0.0.1"),
    ("address", "::ffff:10.0.0.1"),
    ("address6", "fe80::1%eth0"),
    ("network", "10.0.0.0/8"),
    ("network", "10.0.0.1/8"),
    ("network", "10.0.0.0"),
    ("network", "10.0.0.0/33"),
    ("network", "010.0.0.0/8"),
    ("id", "123e4567-e89b-12d3-a456-426614174000"),
    ("id", "123e4567"),
    ("card", "00:1b:63:84:45:e6"),
    ("card", "00:1b:63:84:45:e6:aa:bb"),
    ("card", "00:1b:63:84:45:e6:aa"),
    ("card", "001b.6384.45e6"),
    ("card", "00:1b-63:84:45:e6"),
    ("card", "00:1b:63"),
    ("day", "2026-01-31"),
    ("day", "2026-02-31"),
    ("day", "20260131"),
    ("moment", "2026-01-31T10:00:00Z"),
    ("moment", "2026-01-31T10:00:00.5+02:00"),
    ("moment", "2026-01-31 10:00"),
    ("moment", "2026-01-31T10:00:60Z"),
    ("moment", "2026-01-31T24:00:00Z"),
    ("bytes", "YQ=="),
    ("bytes", "Y"),
    ("bytes", ""),
    ("strange", "anything at all"),
    ("short", "a-b"),
    ("short", "A"),
    ("defaulted", {"inner": None}),
    ("defaulted", {"inner": 1}),
    ("counted", None),
    ("nonsense", 1),
]


@pytest.mark.parametrize(("field", "value"), VALUES, ids=str)
def test_a_value_is_judged_as_the_server_judges_it(kube: Cluster, field: str, value: Any) -> None:
    body = wall("default", **{field: value})
    answer = kube.apply(body, dry_run=True)
    found = find_problems(body, CRD)
    assert answer.ok == (not found), (found, answer.status, answer.message)
    assert all(one.startswith(f"spec.{field}") for one in found), found


KEYS = ["a", "b", "must", "name", "kind", "apiVersion", "most", "x"]
ODD = st.recursive(
    st.sampled_from([None, True, 0, 5, -3, 2.5, "", "a", "red", "3%", "ax", "10.0.0.1", "v1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), ODD, min_size=1, max_size=2))
def test_whatever_is_written_is_judged_as_the_server_judges_it(kube: Cluster, spec: dict[str, Any]) -> None:
    body = wall("default", **spec)
    answer = kube.apply(body, dry_run=True)
    found = find_problems(body, CRD)
    assert answer.ok == (not found), (spec, found, answer.status, answer.message)
    if answer.ok:
        assert normalize(apply_defaults(body, CRD)) == normalize(answer.body)


METADATA: list[dict[str, Any]] = [
    {"labels": {"a": "b", "x.y/a": ""}},
    {"labels": {"a": "b c"}},
    {"labels": {"a b": "c"}},
    {"labels": {"a": 1}},
    {"annotations": {"a": "b c"}},
    {"annotations": {"a": True}},
    {"annotations": []},
    {"nonsense": "x"},
    {"finalizers": ["example.test/x"]},
    {"generateName": "x-"},
]


@pytest.mark.parametrize("metadata", METADATA, ids=str)
def test_metadata_is_judged_as_the_server_judges_it(kube: Cluster, metadata: dict[str, Any]) -> None:
    body = wall("default")
    body["metadata"] |= metadata
    answer = kube.apply(body, dry_run=True)
    assert answer.ok == (not find_problems(body, CRD)), (answer.status, answer.message)


def test_each_sentence_names_the_field_and_what_it_must_be() -> None:
    body = wall(number="many", part={"may": 1}, table=[{"name": "a", "weight": 1}], colour="green", title="A")
    assert find_problems(body, CRD) == (
        "spec.table[0].weight: is not known to the definition",
        "spec.number: must be a whole number, not a text",
        "spec.part.must: is required",
        "spec.part.may: must be a text, not a whole number",
        'spec.colour: must be one of "red", "blue"',
        "spec.title: must have at least 2 characters, and has 1",
        "spec.title: must match the pattern ^[a-z]+([-.][a-z]+)*$",
    )


def test_no_sentence_repeats_a_value() -> None:
    secret = "hunter2-hunter2"
    for field in FIELDS:
        assert secret not in " ".join(find_problems(wall(**{field: secret}), CRD))
        assert secret not in " ".join(find_problems(wall(**{field: [secret, secret]}), CRD))


def test_a_body_that_is_wrong_in_many_places_does_not_fill_the_comment() -> None:
    found = find_problems(wall(**{f"x{number}": 1 for number in range(1000)}), CRD)
    assert (len(found), found[-1]) == (21, "and 980 more")


def test_only_served_versions_of_the_kind_are_served() -> None:
    crd = copy.deepcopy(CRD)
    crd["spec"]["versions"].append({"name": "v2", "served": False, "storage": False})
    assert serves_kind(crd, f"{GROUP}/v1", "Wall")
    assert not serves_kind(crd, f"{GROUP}/v2", "Wall")
    assert not serves_kind(crd, f"{GROUP}/v1", "Fence")
    assert not serves_kind(crd, "other.test/v1", "Wall")
    assert not serves_kind(crd, "v1", "Wall")
    later = {**wall(), "apiVersion": f"{GROUP}/v2"}
    assert find_problems(later, crd) == (f"apiVersion: Wall of {GROUP}/v2 is not served by this definition",)


def test_a_definition_without_a_schema_accepts_everything() -> None:
    crd = copy.deepcopy(CRD)
    del crd["spec"]["versions"][0]["schema"]
    body = wall(nonsense={"x": [None]})
    assert find_problems(body, crd) == ()
    assert apply_defaults(body, crd) == body
    assert find_unchecked(crd, "v1") == ()


def test_what_only_a_cluster_can_judge_is_named() -> None:
    rule = {"rule": "self.number > 1"}
    fields = {"number": {"type": "integer"}, "site": {"type": "string", "format": "uri"}, "bad": {"pattern": "(?=x)"}}
    crd = definition(fields, **{"x-kubernetes-validations": [rule]})
    assert find_unchecked(crd, "v1") == (
        "rules in CEL (x-kubernetes-validations) are not evaluated, of spec",
        "formats are not checked: uri",
        "patterns cannot be read, of spec.bad",
    )
    assert find_problems(wall(number=0, site="x", bad="y"), crd) == ()


def test_no_pattern_of_an_author_takes_forever() -> None:
    crd = definition({"text": {"type": "string", "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"}})
    assert find_problems(wall(text="a" * 50_000), crd)


WORDS = ["type", "x", "items"]
JUNK = st.recursive(
    st.sampled_from([None, True, 0, 10**400, 0.5, "", "object", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=2),
    max_leaves=4,
)
KEYWORDS = sorted({key for field in FIELDS.values() for key in field} | {"not", "allOf", "default", "nullable"})


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYWORDS), JUNK, min_size=1, max_size=3), JUNK)
def test_no_definition_and_no_body_is_too_odd_to_be_judged(field: dict[str, Any], value: Any) -> None:
    crd = definition({"a": field})
    body = wall(a=value)
    assert isinstance(find_problems(body, crd), tuple)
    assert isinstance(find_unchecked(crd, "v1"), tuple)
    assert isinstance(find_invalidated([body], crd), tuple)


@pytest.mark.parametrize("spec", [None, [], "x", {"versions": {}}, {"versions": [1]}, {"names": []}], ids=str)
def test_a_definition_without_sense_serves_nothing(spec: Any) -> None:
    crd = {**CRD, "spec": spec}
    assert not serves_kind(crd, f"{GROUP}/v1", "Wall")
    assert find_unchecked(crd, "v1") == ()
    assert len(find_problems(wall(), crd)) == 1


def test_a_schema_that_is_none_is_said() -> None:
    crd = definition({"a": {"type": "object", "properties": {"b": {"required": "c"}}}})
    assert find_problems(wall(a={"b": {}}), crd) == ("the definition's schema cannot be read: required of spec.a.b",)


def test_objects_that_a_changed_definition_makes_invalid_are_found(kube: Cluster, namespace: str) -> None:
    group = f"changing-{namespace}.test"
    loose = definition({"height": {"type": "integer"}, "gate": {"type": "string"}}, group)
    with installed(kube, loose):
        for name, spec in [("low", {"height": 1}), ("high", {"height": 9}), ("gated", {"height": 1, "gate": "iron"})]:
            assert kube.apply(wall(namespace, name, group, **spec), dry_run=False).ok
        live = kube.list(f"{group}/v1", "Wall", namespace)
    assert find_invalidated(live, loose) == ()
    strict = definition({"height": {"type": "integer", "maximum": 5}}, group)
    assert dict(find_invalidated(live, strict)) == {
        ObjectRef(group, "Wall", namespace, "high"): ("spec.height: must be at most 5",),
        ObjectRef(group, "Wall", namespace, "gated"): ("spec.gate: is no longer known, and is dropped",),
    }
