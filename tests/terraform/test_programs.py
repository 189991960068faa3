"""Which of a directory's files each of the two programs reads, and what is done where the program reads none."""

from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.core.project import Project
from bot.tools.terraform import tool
from bot.tools.terraform.configuration import OPENTOFU, TERRAFORM, names_read, names_unread
from bot.tools.terraform.keys import OPTIONS, TerraformOptions
from tests.provider.shelf import needed
from tests.terraform.conftest import Files, Ground
from tests.terraform.texts import ROOT

NAMES = ["main.tf", "main.tofu", "x.tf.json", "x.tofu.json", "only.tofu", "plain.tf", ".hidden.tf", "notes.md"]


def test_terraform_reads_its_own_files_and_opentofu_its_own_in_place_of_those() -> None:
    assert names_read(NAMES, TERRAFORM) == ["main.tf", "plain.tf", "x.tf.json"]
    assert names_read(NAMES, OPENTOFU) == ["main.tofu", "only.tofu", "plain.tf", "x.tofu.json"]
    assert names_unread(NAMES) == ["only.tofu"]


def test_a_project_of_files_that_only_opentofu_reads_is_planned_by_it() -> None:
    project = Project("net", "net", options=OPTIONS.dump(TerraformOptions(var_files=("a.tfvars",))))
    whole = tool(lambda name: {}).complete(Files({"net/main.tofu": ROOT}), project)
    assert OPTIONS.of(whole) == TerraformOptions(var_files=("a.tfvars",), binary="tofu")


@pytest.mark.parametrize("files", [{"net/main.tf": ROOT}, {"net/main.tf": ROOT, "net/x.tofu": ROOT}, {}])
def test_any_other_keeps_the_first_program_that_is_found(files: dict[str, str]) -> None:
    assert tool(lambda name: {}).complete(Files(files), Project("net", "net")) == Project("net", "net")


def test_terraform_alone_is_refused_where_it_would_read_nothing(tmp_path: Path) -> None:
    project = Project("net", "net", options=OPTIONS.dump(TerraformOptions(binary="terraform")))
    ground = Ground(tmp_path, tool(lambda name: {}))
    with pytest.raises(Refused, match="Terraform does not read main.tofu: set `binary: tofu`"):
        ground.terraform.plan(ground.site({"net/main.tofu": ROOT}, project))


def test_what_terraform_passes_over_beside_its_own_files_is_told(tmp_path: Path) -> None:
    ground = Ground(tmp_path, tool(lambda name: {}))
    planned = ground.terraform.plan(ground.site({"net/main.tf": ROOT, "net/more.tofu": ROOT.replace("x", "y")}))
    assert planned.content.counts.create == 1
    assert any("does not read more.tofu" in note for note in planned.content.notes)


VARIABLE = 'variable "m" {\n  default = "./inner"\n}\n'
CALL = 'module "m" {{\n  source = {}\n}}\n'


@pytest.mark.parametrize(("source", "is_told"), [("var.m", True), ("local.m", False), ('("./inner")', False)])
def test_opentofu_plans_what_it_alone_reads_and_a_module_that_nobody_can_tell_is_told(
    tmp_path: Path, source: str, is_told: bool
) -> None:
    main = VARIABLE + 'locals {\n  m = "./inner"\n}\n' + CALL.format(source)
    files = {"net/main.tofu": main, "net/main.tf": ROOT, "net/inner/x.tofu": ROOT}
    ground = Ground(tmp_path, tool(lambda name: {"binaries": ("terraform", str(needed("tofu")))}))
    project = Project("net", "net", options=OPTIONS.dump(TerraformOptions(binary=str(needed("tofu")))))
    planned = ground.terraform.plan(ground.site(files, project))
    assert [change.address for change in planned.content.changes] == ["module.m.terraform_data.x"]
    assert any("module m is (net)" in note and "`inputs`" in note for note in planned.content.notes) is is_told


BACKEND = 'terraform {{\n  backend "local" {{\n    path = "{}"\n  }}\n}}\n'


@pytest.mark.parametrize("below", ["kept/terraform.tfstate", "kept/../kept/x", "state/other/terraform.tfstate"])
def test_a_backend_in_the_bots_own_directory_is_refused(tmp_path: Path, below: str) -> None:
    ground = Ground(tmp_path, tool(lambda name: {}))
    with pytest.raises(Refused, match="into the bot's own directory"):
        ground.plan(ROOT + BACKEND.format(tmp_path / "bot" / below))


def test_a_backend_beside_it_is_not(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ground = Ground(tmp_path, tool(lambda name: {}), write=(elsewhere,))
    assert ground.plan(ROOT + BACKEND.format(elsewhere / "x.tfstate")).content.counts.create == 1
