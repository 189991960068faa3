"""Configuration behind symbolic links, and paths written in other ways: a tree is read as the tool reads it."""

import pytest

from bot.core.errors import Refused
from bot.core.project import Project
from bot.tools.terraform.backends import state_key, state_locations
from bot.tools.terraform.inputs import inputs, root_modules
from bot.tools.terraform.keys import OPTIONS, TerraformOptions
from tests.terraform.conftest import Files
from tests.terraform.texts import NONE, ROOT, module

S3 = 'terraform {{\n  backend "s3" {{\n    bucket = "b"\n    key = "{}"\n  }}\n}}\n'
EMPTY = 'terraform {\n  backend "s3" {}\n}\n'


def configured(directory: str, *files: str) -> Project:
    return Project("p", directory, options=OPTIONS.dump(TerraformOptions(backend_config=files)))


def test_a_module_that_a_linked_file_calls_is_an_input_and_no_project() -> None:
    tree = Files(
        {
            "envs/prod/main.tf": "-> ../../shared/main.tf",
            "shared/main.tf": module("../../lib/x"),
            "lib/x/main.tf": ROOT,
        }
    )
    project = Project("p", "envs/prod")
    assert inputs(tree, project, NONE) == {"envs/prod/main.tf", "shared/main.tf", "lib/x/main.tf"}
    assert root_modules(tree) == ["envs/prod", "shared"]


def test_a_module_that_is_called_behind_a_link_is_no_project() -> None:
    tree = Files({"a/main.tf": module("../link"), "link": "-> real", "real/main.tf": ROOT})
    assert root_modules(tree) == ["a"]


def test_a_backend_behind_a_link_tells_where_the_state_lives() -> None:
    files = {"envs/prod/backend.tf": "-> ../../common/backend.tf", "envs/prod/main.tf": ROOT}
    project = Project("p", "envs/prod")
    before, after = (Files(files | {"common/backend.tf": S3.format(key)}) for key in ("one", "two"))
    assert state_key(before, project) != state_key(after, project)


@pytest.mark.parametrize(
    ("directory", "written", "file"),
    [
        ("net", "../backends/prod.hcl", "backends/prod.hcl"),
        (".", "prod.hcl", "prod.hcl"),
        ("net", "./x/../prod.hcl", "net/prod.hcl"),
        ("net", "linked.hcl", "backends/prod.hcl"),
        ("net", "dir/prod.hcl", "backends/prod.hcl"),
    ],
)
def test_a_file_that_configures_the_backend_is_found_however_it_is_written(
    directory: str, written: str, file: str
) -> None:
    main = "main.tf" if directory == "." else f"{directory}/main.tf"
    links = {"net/linked.hcl": "-> ../backends/prod.hcl", "net/dir": "-> ../backends"}
    before, after = (Files({main: EMPTY, **links, file: f'key = "{key}"\n'}) for key in ("one", "two"))
    project = configured(directory, written)
    assert state_key(before, project) != state_key(after, project)
    assert file in inputs(after, project, NONE)


def test_a_file_that_configures_the_backend_may_not_lead_out_of_the_repository() -> None:
    tree = Files({"net/main.tf": EMPTY, "net/b.hcl": "-> ../../b.hcl"})
    for ask in (
        lambda: inputs(tree, configured("net", "b.hcl"), NONE),
        lambda: state_key(tree, configured("net", "b.hcl")),
    ):
        with pytest.raises(Refused, match=r"symbolic link net/b\.hcl leaves the repository"):
            ask()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('key = "pro d"', 'key = "prod"'),
        ('key = "a  b"', 'key = "a b"'),
        ("key = <<A\none\nA", "key = <<A\ntwo\nA"),
        ("key = local.key", "key = local.other"),
    ],
)
def test_values_are_compared_and_not_squeezed_text(one: str, other: str) -> None:
    text = 'terraform {{\n  backend "s3" {{\n    {}\n  }}\n}}\n'
    keys = {state_key(Files({"a/main.tf": text.format(value)}), Project("a", "a")) for value in (one, other)}
    assert len(keys) == 2


@pytest.mark.parametrize("moved", ['locals {\n  key = "two"\n}\n', 'variable "key" {\n  default = "two"\n}\n'])
def test_a_backend_by_an_expression_moves_with_what_that_rests_on(moved: str) -> None:
    backend = 'terraform {\n  backend "s3" {\n    key = "${var.key}/${local.key}"\n  }\n}\n'
    before, after = (Files({"a/main.tf": backend, "a/x.tf": text}) for text in (moved.replace("two", "one"), moved))
    assert state_key(before, Project("a", "a")) != state_key(after, Project("a", "a"))


def test_one_state_is_one_however_it_is_configured() -> None:
    whole = Files({"a/main.tf": S3.format("k").replace('bucket = "b"', 'bucket="b"\n    region = "x"')})
    parts = Files({"b/main.tf": EMPTY, "c.hcl": 'bucket = "b" # ours\n'})
    assert (
        state_locations(whole, Project("a", "a"))
        == state_locations(parts, configured("b", "../c.hcl", "key=k"))
        != NONE
    )


@pytest.mark.parametrize(
    ("one", "other", "workspace"),
    [(S3.format("k"), S3.format("l"), "default"), (S3.format("k"), S3.format("k"), "prod"), (ROOT, ROOT, "default")],
)
def test_other_keys_and_workspaces_are_other_states_and_kept_states_are_each_ones_own(
    one: str, other: str, workspace: str
) -> None:
    tree = Files({"a/main.tf": one, "b/main.tf": other})
    assert not state_locations(tree, Project("a", "a")) & state_locations(tree, Project("b", "b", workspace))


def test_a_workspaces_state_is_the_same_by_its_own_key() -> None:
    tree = Files({"a/main.tf": S3.format("k"), "b/main.tf": S3.format("env:/prod/k")})
    assert state_locations(tree, Project("a", "a", "prod")) == state_locations(tree, Project("b", "b"))


def test_a_byte_order_mark_hides_nothing() -> None:
    tree = Files({"a/main.tf": "\ufeff" + ROOT, "b/main.tf": "\ufeff" + module("../c"), "c/main.tf": ROOT})
    assert root_modules(tree) == ["a", "b"]


BLOCKS = ["ephemeral", "check", "import", "removed", "moved", "action", "list"]


@pytest.mark.parametrize("keyword", BLOCKS)
def test_a_block_alone_makes_a_root(keyword: str) -> None:
    assert root_modules(Files({"a/main.tf": f'{keyword} "x" "y" {{\n}}\n'})) == ["a"]


def test_what_only_looks_like_a_block_makes_none() -> None:
    assert (
        root_modules(Files({"a/main.tf": 'locals {\n  x = <<A\nresource "a" "b" {\nA\n}\n# resource "x" "y" {\n'}))
        == []
    )


def test_a_hidden_file_is_read_by_nobody() -> None:
    assert root_modules(Files({"a/.main.tf": ROOT})) == []
