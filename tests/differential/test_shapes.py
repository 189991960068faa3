"""The suite's own promises: nothing that a shape makes escapes the comparison, and no difference passes unforeseen."""

from pathlib import Path

import pytest

from tests.differential.comparing import EVERY_SHAPE, Difference, Found, fields, idle, unforeseen
from tests.differential.differences import TABLE
from tests.differential.known import BLOCKED, IDENTITIES
from tests.differential.reading import belongs
from tests.differential.shapes import FIRST, QUICK, SECOND, Shape, every_shape, shapes
from tests.differential.theirs import KUBECTL, rendered
from tests.rig.build import find

OF_THE_CLUSTER = (
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PriorityClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
)
HERE = {"ConfigMap/shop/web": {"data": {"a": "1"}, "list": [1, {"b": True}], "empty": {}}}


@pytest.mark.parametrize("state", [FIRST, SECOND])
@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.name)
def test_whatever_a_shape_makes_elsewhere_bears_its_name(shape: Shape, state: str, tmp_path: Path) -> None:
    if not (find("helm") if shape.tool == "helm" else KUBECTL):
        pytest.skip("no helm or no kubectl")
    for body in rendered(shape, shape.checkout(state, tmp_path / "checkout")):
        if body["kind"] in OF_THE_CLUSTER or "namespace" in body["metadata"]:
            assert belongs(body["metadata"], shape.name), body["metadata"]


def test_every_name_in_the_tables_is_a_shape() -> None:
    names = {shape.name for shape in every_shape()}
    assert {name for row in TABLE for name in row.shapes} - {EVERY_SHAPE} <= names
    assert {*BLOCKED, *IDENTITIES, *QUICK} <= names


@pytest.mark.parametrize(
    ("there", "field"),
    [
        ({"data": {"a": "2"}, "list": [1, {"b": True}], "empty": {}}, "data.a"),
        ({"data": {"a": 1}, "list": [1, {"b": True}], "empty": {}}, "data.a"),
        ({"data": {"a": "1"}, "list": [True, {"b": True}], "empty": {}}, "list.0"),
        ({"data": {"a": "1"}, "list": [1, {"b": True}], "empty": None}, "empty"),
        ({"data": {"a": "1"}, "list": [1, {"b": True}]}, "empty"),
        ({"data": {"a": "1"}, "list": [1, {"b": True}, 2], "empty": {}}, "list.2"),
    ],
)
def test_values_of_another_sort_are_not_equal(there: dict[str, object], field: str) -> None:
    assert [found.field for found in unforeseen(fields(HERE, {"ConfigMap/shop/web": there}), ())] == [field]


def test_what_is_equal_is_no_difference_and_what_one_side_lacks_is() -> None:
    assert not unforeseen(fields(HERE, dict(HERE)), ())
    assert [str(found) for found in unforeseen(fields(HERE, {}), ())] == [
        "ConfigMap/shop/web (whole): theirs '(there)', ours '(absent)'"
    ]


def test_a_row_covers_its_field_and_all_below_and_nothing_beside() -> None:
    row = Difference("ConfigMap/*", "data", "a reason")
    below, beside, other = (
        Found("ConfigMap/shop/web", "data.a", "1", "2"),
        Found("ConfigMap/shop/web", "dataset", "1", "2"),
        Found("Secret/shop/web", "data.a", "1", "2"),
    )
    assert unforeseen([below, beside, other], [row]) == (beside, other)


def test_a_row_that_nothing_needs_is_told() -> None:
    row, needless = Difference("*", "data", "a reason"), Difference("*", "spec", "another")
    assert idle([Found("ConfigMap/shop/web", "data.a", "1", "2")], [row, needless]) == (needless,)


def test_a_row_of_what_is_drawn_is_needed_where_the_field_is_even_when_it_is_equal_by_chance() -> None:
    found = [Found("Service/shop/web", "spec.clusterIP", "10.0.0.1", "10.0.0.1")]
    drawn, other = (Difference("Service/*", "spec.clusterIP", "given out", drawn=drawn) for drawn in (True, False))
    assert idle(found, [drawn, other]) == (other,)
    assert idle([], [drawn]) == (drawn,)
