"""Which projects a change affects, in which order they go, and which are gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.affected import affected, dependency_layers, removed
from bot.core.errors import Refused
from bot.core.project import Project

A, B = Project("a", "a"), Project("b", "b")
INPUTS = {"a:default": frozenset({"a/main.tf", "modules/x/main.tf"}), "b:default": frozenset({"b/main.tf"})}


def changed(*paths: str) -> frozenset[str]:
    return frozenset(paths)


def test_a_change_of_an_input_affects_its_project_only() -> None:
    assert affected([A, B], changed("b/main.tf", "README.md"), INPUTS, INPUTS) == (B,)


def test_a_shared_module_affects_whoever_uses_it() -> None:
    assert affected([A, B], changed("modules/x/main.tf"), INPUTS, INPUTS) == (A,)


def test_a_deleted_or_renamed_file_affects_the_project_that_had_it() -> None:
    after = {**INPUTS, "b:default": frozenset({"b/new.tf"})}
    assert affected([A, B], changed("b/main.tf"), INPUTS, {**INPUTS, "b:default": frozenset()}) == (B,)
    assert affected([A, B], changed("b/main.tf", "b/new.tf"), INPUTS, after) == (B,)


def test_a_new_file_affects_the_project_that_gets_it() -> None:
    after = {**INPUTS, "b:default": frozenset({"b/main.tf", "b/more.tf"})}
    assert affected([A, B], changed("b/more.tf"), INPUTS, after) == (B,)


def test_nothing_is_affected_by_what_is_nobodys_input() -> None:
    assert affected([A, B], changed("docs/x.md"), INPUTS, INPUTS) == ()
    assert affected([A, B], changed("gitops.yaml"), INPUTS, INPUTS, before=[A, B]) == ()


def test_a_project_that_gitops_yaml_adds_is_affected_though_its_files_are_old() -> None:
    staging = Project("a:staging", "a", "staging")
    after = {**INPUTS, "a:staging": INPUTS["a:default"]}
    assert affected([A, B, staging], changed("gitops.yaml"), INPUTS, after) == (staging,)


def test_other_var_files_in_gitops_yaml_affect_the_project() -> None:
    after = {**INPUTS, "a:default": INPUTS["a:default"] | {"a/prod.tfvars"}}
    assert affected([A, B], changed("gitops.yaml"), INPUTS, after) == (A,)


def test_another_version_or_backend_in_gitops_yaml_affects_the_project() -> None:
    after = Project("a", "a", options={"terraform": {"version": "1.11.4"}})
    assert affected([after, B], changed("gitops.yaml"), INPUTS, INPUTS, before=[A, B]) == (after,)


def test_another_tool_in_gitops_yaml_affects_the_project() -> None:
    after = Project("a", "a", tool="opentofu")
    assert affected([after, B], changed("gitops.yaml"), INPUTS, INPUTS, before=[A, B]) == (after,)


def test_other_options_count_only_where_gitops_yaml_changed() -> None:
    after = Project("a", "a", options={"terraform": {"version": "1.11.4"}})
    assert affected([after, B], changed("README.md"), INPUTS, INPUTS, before=[A, B]) == ()


def test_a_project_without_inputs_is_affected_by_nothing() -> None:
    empty = Project("empty", "empty")
    assert affected([empty], changed("gitops.yaml", "a/main.tf"), {}, {}) == ()
    assert affected([empty], changed("gitops.yaml"), {"empty:default": frozenset()}, {}) == ()


def test_a_new_name_alone_affects_nothing() -> None:
    assert affected([Project("renamed", "a"), B], changed("gitops.yaml"), INPUTS, INPUTS, before=[A, B]) == ()


def test_dependencies_come_first_in_layers() -> None:
    net, db = Project("net", "net"), Project("db", "db", depends_on=("net",))
    app = Project("app", "app", depends_on=("db", "net"))
    assert dependency_layers([app, A, db, net]) == ((A, net), (db,), (app,))


def test_a_dependency_that_is_not_among_them_is_not_waited_for() -> None:
    assert dependency_layers([Project("app", "app", depends_on=("db",))]) == (
        (Project("app", "app", depends_on=("db",)),),
    )
    assert dependency_layers([]) == ()


def test_two_projects_that_share_a_name_are_both_waited_for() -> None:
    one, two = Project("net", "net"), Project("net", "net", tool="kustomize")
    app = Project("app", "app", depends_on=("net",))
    assert dependency_layers([app, one, two]) == ((one, two), (app,))


def test_projects_that_wait_for_each_other_are_refused_by_name() -> None:
    with pytest.raises(Refused, match="these projects wait for each other: "):
        dependency_layers([Project("a", "a", depends_on=("b",)), Project("b", "b", depends_on=("a",))])


def test_a_circle_is_told_in_the_order_in_which_it_waits() -> None:
    circle = [
        Project("a", "a", depends_on=("b",)),
        Project("b", "b", depends_on=("c",)),
        Project("c", "c", depends_on=("a",)),
    ]
    with pytest.raises(Refused) as refused:
        dependency_layers(circle)
    told = str(refused.value).removeprefix("these projects wait for each other: ").split(" → ")
    assert told[0] == told[-1]
    assert set(zip(told, told[1:], strict=False)) == {("a", "b"), ("b", "c"), ("c", "a")}


@given(st.lists(st.integers(0, 9), max_size=30))
def test_every_project_stands_once_and_after_what_it_depends_on(edges: list[int]) -> None:
    projects = [
        Project(str(number), str(number), depends_on=tuple(str(edge) for edge in edges[number::10] if edge < number))
        for number in range(10)
    ]
    layers = dependency_layers(projects)
    layer_of = {project.name: number for number, layer in enumerate(layers) for project in layer}
    assert sorted(layer_of) == sorted(project.name for project in projects)
    assert sum(len(layer) for layer in layers) == len(projects)
    assert all(layer_of[name] < layer_of[project.name] for project in projects for name in project.depends_on)


def test_a_place_that_is_gone_is_removed_and_a_new_name_removes_nothing() -> None:
    assert removed([A, B], [Project("renamed", "a")]) == (B,)
    assert removed([Project("a", "a", "prod")], [A]) == (Project("a", "a", "prod"),)
    assert removed([], [A]) == ()
