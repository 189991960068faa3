"""Which files count, on trees without a checkout."""

import pytest

from bot.core.errors import Refused
from bot.core.project import Project, TerraformOptions
from bot.tools.terraform.inputs import backend, inputs, root_modules
from tests.terraform.conftest import Files

ROOT = 'resource "terraform_data" "x" {}\n'
NONE: frozenset[str] = frozenset()


def module(source: str) -> str:
    return f'module "m" {{\n  source = "{source}"\n}}\n'


def test_root_modules_are_what_no_other_directory_uses() -> None:
    tree = Files({"a/main.tf": module("../lib/x"), "lib/x/main.tf": ROOT, "modules/y/main.tf": ROOT, ".git/z.tf": ROOT})
    assert root_modules(tree) == ["a"]


def test_local_modules_count_transitively_and_others_do_not() -> None:
    tree = Files(
        {
            "a/main.tf": module("../m/one"),
            "m/one/main.tf": module("../two"),
            "m/two/main.tf": ROOT,
            "m/two/files/x.json": "{}",
            "m/three/main.tf": ROOT,
            "b/main.tf": ROOT,
        }
    )
    found = inputs(tree, Project("a", "a"), frozenset({"b"}))
    assert found == {"a/main.tf", "m/one/main.tf", "m/two/main.tf", "m/two/files/x.json"}


def test_a_project_below_another_is_not_its_input_unless_it_is_a_module() -> None:
    tree = Files({"a/main.tf": ROOT, "a/b/main.tf": ROOT})
    assert inputs(tree, Project("a", "a"), frozenset({"a/b"})) == {"a/main.tf"}
    tree = Files({"a/main.tf": module("./b"), "a/b/main.tf": ROOT})
    assert inputs(tree, Project("a", "a"), frozenset({"a/b"})) == {"a/main.tf", "a/b/main.tf"}


def test_the_target_of_a_link_counts_with_what_is_below_it() -> None:
    tree = Files({"a/main.tf": ROOT, "a/shared": "-> ../shared", "shared/x.tf": ROOT, "shared/deep/y.tf": ROOT})
    assert inputs(tree, Project("a", "a"), NONE) == {"a/main.tf", "a/shared", "shared/x.tf", "shared/deep/y.tf"}


def test_var_files_backend_files_and_globs_count() -> None:
    tree = Files({"a/main.tf": ROOT, "vars/p.tfvars": "", "a/b.hcl": "", "x/y/z.json": "", "x/n.txt": ""})
    options = TerraformOptions(var_files=("../vars/p.tfvars",), backend_config=("b.hcl", "key=value"))
    project = Project("a", "a", inputs=("x/**/*.json",), terraform=options)
    assert inputs(tree, project, NONE) == {"a/main.tf", "vars/p.tfvars", "a/b.hcl", "x/y/z.json"}


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        ({"a/main.tf": module("../../outside")}, TerraformOptions()),
        ({"a/main.tf": ROOT, "a/link": "-> ../../../etc/passwd"}, TerraformOptions()),
        ({"a/main.tf": ROOT, "a/link": "-> /etc/passwd"}, TerraformOptions()),
        ({"a/main.tf": ROOT}, TerraformOptions(var_files=("../../x.tfvars",))),
        ({"a/main.tf": ROOT}, TerraformOptions(var_files=("/etc/x.tfvars",))),
    ],
)
def test_a_path_that_leaves_the_repository_is_refused(texts: dict[str, str], options: TerraformOptions) -> None:
    with pytest.raises(Refused, match="leaves the repository"):
        inputs(Files(texts), Project("a", "a", terraform=options), NONE)


def test_a_module_that_uses_itself_ends() -> None:
    tree = Files({"a/main.tf": module("../m"), "m/main.tf": module("../m")})
    assert "m/main.tf" in inputs(tree, Project("a", "a"), NONE)


def test_where_the_state_lives_is_told_without_comments_and_spaces() -> None:
    one = 'terraform {\n  backend "s3" {\n    bucket = "b" # ours\n  }\n}\n'
    other = 'terraform {\n  backend "s3" {\n  bucket="b"\n  }\n}\n'
    project = Project("a", "a")
    assert backend(Files({"a/main.tf": one}), project) == backend(Files({"a/main.tf": other}), project) != ""
    assert backend(Files({"a/main.tf": one.replace('"b"', '"c"')}), project) != backend(
        Files({"a/main.tf": one}), project
    )
    assert backend(Files({"a/main.tf": ROOT}), project) == ""
    assert backend(Files({"a/main.tf": 'terraform {\n  backend "local" {\n    path = "x"\n  }\n}\n'}), project) == ""
