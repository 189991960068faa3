"""Where modules come from: what can be read of it without the tool, and what is done with the rest."""

import pytest

from bot.core.project import Project
from bot.tools.terraform.inputs import inputs, root_modules
from bot.tools.terraform.sources import module_sources
from tests.terraform.conftest import Files
from tests.terraform.texts import NONE, ROOT

LOCALS = 'locals {\n  src = "../m"\n  dir = "../"\n  deep = local.src\n  self = local.self\n}\n'


def sources(expression: str) -> list[tuple[str, bool]]:
    texts = {"a/main.tf": f'module "m" {{\n  source = {expression}\n}}\n'.encode(), "a/locals.tf": LOCALS.encode()}
    return [(source.path, source.whole) for source in module_sources(texts)]


@pytest.mark.parametrize(
    "expression",
    [
        '"../m"',
        '("../m")',
        '(("../m"))',
        "local.src",
        "local.deep",
        '"${local.src}"',
        '"${local.dir}m"',
        '"..\\u002fm"',
    ],
)
def test_what_can_be_evaluated_is(expression: str) -> None:
    assert sources(expression) == [("../m", True)]


@pytest.mark.parametrize(
    ("expression", "start"),
    [
        ("var.m", ""),
        ('"../lib/${var.m}"', "../lib/"),
        ('join("", ["../m"])', ""),
        ("local.absent", ""),
        ("local.self", ""),
        ('"x" == "y" ? "../a" : "../b"', ""),
        ('("x") == ("y")', ""),
        ('"../%{ if true }m%{ endif }"', "../"),
    ],
)
def test_of_the_rest_its_beginning_is_known(expression: str, start: str) -> None:
    assert sources(expression) == [(start, False)]


def test_in_json_too() -> None:
    texts = {
        "main.tf.json": b'{"module": {"m": {"source": "${local.src}"}, "n": [{"source": "../n"}]}}',
        "x.tf": LOCALS.encode(),
    }
    assert [source.path for source in module_sources(texts)] == ["../m", "../n"]


def test_in_json_each_of_two_keys_of_one_name_counts() -> None:
    twice = b'{"module": {"m": {"source": "../a"}}, "module": {"m": {"source": "../b", "source": "../c"}}}'
    assert [source.path for source in module_sources({"main.tf.json": twice})] == ["../a", "../b", "../c"]


def test_the_source_of_anything_else_is_no_module() -> None:
    bucket = 'resource "aws_s3_object" "x" {\n  source = "../other"\n}\n'
    assert root_modules(Files({"a/main.tf": bucket, "other/main.tf": ROOT})) == ["a", "other"]


TREE = {
    "a/main.tf": 'module "m" {\n  source = "../lib/${var.which}"\n}\n',
    "lib/one/main.tf": ROOT,
    "lib/two/deep/main.tf": ROOT,
    "lib/two/deep/x.json": "{}",
    "other/main.tf": ROOT,
    "b/main.tf": ROOT,
}
OTHERS = frozenset({"b", "other"})


def test_a_module_that_cannot_be_told_may_be_any_below_its_beginning() -> None:
    expected = {"a/main.tf", "lib/one/main.tf", "lib/two/deep/main.tf", "lib/two/deep/x.json"}
    assert inputs(Files(TREE), Project("a", "a"), OTHERS) == expected


def test_a_module_of_which_nothing_is_known_may_be_any_that_is_no_project() -> None:
    tree = Files(TREE | {"a/main.tf": 'module "m" {\n  source = var.which\n}\n'})
    assert "lib/one/main.tf" in inputs(tree, Project("a", "a"), OTHERS)
    assert "b/main.tf" not in inputs(tree, Project("a", "a"), OTHERS)


def test_a_module_from_elsewhere_is_none_of_ours_though_its_version_is_an_expression() -> None:
    tree = Files(TREE | {"a/main.tf": 'module "m" {\n  source = "git::https://x/y?ref=${var.v}"\n}\n'})
    assert inputs(tree, Project("a", "a"), OTHERS) == {"a/main.tf"}


def test_whose_inputs_are_listed_is_taken_at_its_word() -> None:
    project = Project("a", "a", inputs=("lib/one/**",))
    assert inputs(Files(TREE), project, OTHERS) == {"a/main.tf", "lib/one/main.tf"}


@pytest.mark.parametrize("file", ["a/x.tftest.hcl", "a/tests/x.tftest.hcl", "a/tests/x.tofutest.hcl"])
def test_the_module_of_a_test_is_no_project(file: str) -> None:
    test = 'run "setup" {\n  module {\n    source = "./tests/setup"\n  }\n}\n'
    assert root_modules(Files({"a/main.tf": ROOT, file: test, "a/tests/setup/main.tf": ROOT})) == ["a"]


def test_a_module_in_a_submodule_changes_with_it() -> None:
    tree = Files({"a/main.tf": 'module "m" {\n  source = "../vendor/x/deep"\n}\n', "vendor/x": ""})
    assert "vendor/x" in inputs(tree, Project("a", "a"), NONE)
