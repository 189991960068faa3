"""Which files count, on trees without a checkout."""

import pytest

from bot.core.errors import Refused
from bot.core.project import Project
from bot.tools.terraform.backends import state_key as backend
from bot.tools.terraform.inputs import inputs, root_modules
from bot.tools.terraform.keys import OPTIONS, TerraformOptions
from tests.terraform.conftest import Files
from tests.terraform.texts import NONE, ROOT, module


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
    project = Project("a", "a", inputs=("x/**/*.json",), options=OPTIONS.dump(options))
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
        inputs(Files(texts), Project("a", "a", options=OPTIONS.dump(options)), NONE)


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


def test_a_backend_in_a_comment_or_a_string_is_none_and_one_behind_a_comment_is_one() -> None:
    project = Project("a", "a")
    for text in (
        '# backend "s3" {\n',
        '/*\nbackend "s3" {\n}\n*/\n',
        'locals {\n  x = "backend \\"s3\\" {"\n}\n',
        'locals {\n  x = <<EOT\nbackend "s3" {\nEOT\n}\n',
    ):
        assert backend(Files({"a/main.tf": text}), project) == "", text
    hidden = 'terraform { /* see below */ backend "s3" {\n    bucket = "b"\n  }\n}\n'
    assert 'bucket="b"' in backend(Files({"a/main.tf": hidden}), project)


def test_every_backend_counts_in_every_file_and_form() -> None:
    one = 'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n'
    override = '{"terraform": {"backend": {"s3": {"bucket": "evil"}}}}'
    project = Project("a", "a")
    assert backend(Files({"a/main.tf": one}), project) != backend(
        Files({"a/main.tf": one, "a/x_override.tf.json": override}), project
    )
    assert backend(Files({"a/main.tf": 'terraform {\n  cloud {\n  organization = "x"\n  }\n}\n'}), project) != ""


def test_a_file_that_configures_the_backend_is_part_of_where_the_state_lives() -> None:
    text = 'terraform {\n  backend "s3" {}\n}\n'
    project = Project("a", "a", options=OPTIONS.dump(TerraformOptions(backend_config=("b.hcl",))))
    before = backend(Files({"a/main.tf": text, "a/b.hcl": 'bucket = "ours"'}), project)
    assert before != backend(Files({"a/main.tf": text, "a/b.hcl": 'bucket = "theirs"'}), project)


def test_a_module_written_on_one_line_is_an_input() -> None:
    tree = Files({"a/main.tf": 'module "m" { source = "../m" }\n', "m/main.tf": ROOT})
    assert "m/main.tf" in inputs(tree, Project("a", "a"), frozenset())


def test_a_module_in_a_comment_is_none() -> None:
    tree = Files({"a/main.tf": '# module "m" { source = "../m" }\n/*\nsource = "../m"\n*/\n', "m/main.tf": ROOT})
    assert "m/main.tf" not in inputs(tree, Project("a", "a"), frozenset())


@pytest.mark.parametrize("source", ["../link", "../link/deep", "./inner"])
def test_a_module_behind_a_link_is_an_input_with_what_it_uses(source: str) -> None:
    files = {
        "a/main.tf": module(source),
        "a/inner": "-> ../link/deep",
        "link": "-> real",
        "real/main.tf": module("./deep"),
        "real/deep/x.tf": module("../beside"),
        "real/beside/y.tf": ROOT,
        "a/beside": "-> ../real/beside",
    }
    assert {"real/deep/x.tf", "real/beside/y.tf", "link"} <= inputs(Files(files), Project("a", "a"), NONE)


def test_modules_behind_links_that_go_round_for_ever_are_refused() -> None:
    files = {"a/main.tf": module("./round"), "a/round": "-> ../b", "b/main.tf": module("./round"), "b/round": "-> ."}
    with pytest.raises(Refused, match="in a circle"):
        inputs(Files(files), Project("a", "a"), NONE)


@pytest.mark.parametrize("target", ["/etc", "../../etc", "link"])
def test_a_module_behind_a_link_that_leads_nowhere_of_ours_is_refused(target: str) -> None:
    files = {"a/main.tf": module("../link"), "link": f"-> {target}"}
    with pytest.raises(Refused, match="link"):
        inputs(Files(files), Project("a", "a"), NONE)
