"""Planning and applying with real Terraform and its built-in `terraform_data`."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action, Content, Severity
from bot.core.project import Project
from bot.core.run import ApplyOutcome
from bot.tools.terraform import tool
from bot.tools.terraform.keys import OPTIONS, TerraformOptions
from tests.terraform.conftest import Ground

ONE = 'resource "terraform_data" "one" {\n  input = "1"\n}\n'
SECRET = "correct-horse-battery"
SENSITIVE = (
    f'variable "p" {{\n  default   = "{SECRET}"\n  sensitive = true\n}}\n'
    'resource "terraform_data" "x" {\n  input = { deep = [{ key = var.p }], open = "seen" }\n}\n'
    'output "o" {\n  value     = var.p\n  sensitive = true\n}\n'
)


def shown(content: Content) -> str:
    rows = (*content.changes, *content.outputs, *content.drift)
    return "\n".join(f"{line.marker} {line.text}" for change in rows for line in change.lines)


def test_a_create_is_counted_and_shown(ground: Ground) -> None:
    planned = ground.plan(ONE)
    assert planned.content.counts.create == 1
    assert '= "1"' in shown(planned.content)
    assert planned.artifact is not None


def test_nothing_to_do_has_no_artifact(ground: Ground) -> None:
    ground.apply(ONE)
    planned = ground.plan(ONE)
    assert planned.content.counts.empty
    assert planned.artifact is None


def test_an_update_shows_old_and_new(ground: Ground) -> None:
    ground.apply(ONE)
    planned = ground.plan(ONE.replace('"1"', '"2"'))
    assert planned.content.counts.change == 1
    assert '"1" -> "2"' in shown(planned.content)


def test_a_replacement_names_what_forces_it(ground: Ground) -> None:
    text = 'resource "terraform_data" "one" {\n  triggers_replace = ["a"]\n}\n'
    ground.apply(text)
    planned = ground.plan(text.replace('"a"', '"b"'))
    (change,) = planned.content.changes
    assert change.action is Action.REPLACE
    assert change.forces == ("triggers_replace",)
    assert "# forces replacement" in shown(planned.content)


def test_a_destroy_is_counted_with_its_reason(ground: Ground) -> None:
    ground.apply(ONE)
    planned = ground.plan("")
    assert planned.content.counts.destroy == 1
    assert planned.content.changes[0].reason == "no longer in the configuration"


def test_a_destroy_plan_destroys_everything(ground: Ground) -> None:
    ground.apply(ONE)
    assert ground.plan(ONE, destroy=True).content.counts.destroy == 1


def test_moves_forgets_and_imports_are_told_from_no_change(ground: Ground) -> None:
    ground.apply(ONE)
    moved = ONE.replace('"one"', '"uno"') + "moved {\n  from = terraform_data.one\n  to = terraform_data.uno\n}\n"
    counts = ground.plan(moved).content.counts
    assert (counts.moves, counts.create, counts.destroy) == (1, 0, 0)
    forgotten = "removed {\n  from = terraform_data.one\n  lifecycle {\n    destroy = false\n  }\n}\n"
    counts = ground.plan(forgotten).content.counts
    assert (counts.forget, counts.destroy) == (1, 0)
    imported = ONE + 'import {\n  to = terraform_data.two\n  id = "x"\n}\nresource "terraform_data" "two" {}\n'
    planned = ground.plan(imported)
    assert planned.content.counts.imports == 1
    assert not planned.content.counts.empty


def test_outputs_count_as_changes(ground: Ground) -> None:
    planned = ground.plan('output "o" {\n  value = "1"\n}\n')
    assert planned.content.counts.outputs == 1
    assert planned.artifact is not None


def test_a_failing_check_is_told(ground: Ground) -> None:
    text = (
        'check "c" {\n  assert {\n    condition     = terraform_data.one.input == "2"\n'
        '    error_message = "one is not two"\n  }\n}\n'
    )
    content = ground.plan(ONE + text).content
    assert content.counts.checks == 1
    assert any(n.severity is Severity.CHECK and "one is not two" in n.detail for n in content.notices)


def test_a_hostile_key_comes_through_raw_in_the_address(ground: Ground) -> None:
    key = "a|b</details>@acme/team `x`"
    planned = ground.plan(f'resource "terraform_data" "x" {{\n  for_each = toset(["{key}"])\n}}\n')
    assert key in planned.content.changes[0].address


def test_a_secret_is_in_nothing_that_is_shown_or_logged(ground: Ground) -> None:
    site = ground.site({"net/main.tf": SENSITIVE})
    planned = ground.terraform.plan(site)
    assert planned.artifact
    assert SECRET not in shown(planned.content)
    assert "(sensitive value)" in shown(planned.content)
    assert '"seen"' in shown(planned.content)
    assert SECRET.encode() in planned.canonical
    applied = ground.carry_out(site, planned.artifact)
    assert applied.outcome is ApplyOutcome.DONE
    assert SECRET not in site.log.read_text()
    changed = ground.plan(SENSITIVE.replace(SECRET, "another-long-secret"))
    assert changed.canonical != ground.plan(SENSITIVE.replace(SECRET, "a-third-long-secret")).canonical
    assert SECRET not in shown(changed.content)
    assert "another-long-secret" not in shown(changed.content)


def test_equal_plans_have_equal_digests_and_a_secret_alone_makes_another(ground: Ground) -> None:
    assert ground.plan(SENSITIVE).canonical == ground.plan(SENSITIVE).canonical
    assert ground.plan(SENSITIVE).canonical != ground.plan(SENSITIVE.replace(SECRET, "another")).canonical
    assert ground.plan(ONE).canonical != ground.plan(ONE.replace('"1"', '"2"')).canonical


def test_two_workspaces_of_one_directory_have_states_of_their_own(ground: Ground) -> None:
    text = 'resource "terraform_data" "w" {\n  input = terraform.workspace\n}\n'
    for workspace in ("a", "b"):
        assert ground.apply(text, Project("net", "net", workspace=workspace)).outcome is ApplyOutcome.DONE
    assert ground.plan(text, Project("net", "net", workspace="a")).content.counts.empty
    assert ground.plan(text).content.counts.create == 1


def test_the_kept_state_is_found_again_and_a_relative_local_backend_is_kept_too(ground: Ground) -> None:
    relative = 'terraform {\n  backend "local" {\n    path = "mine.tfstate"\n  }\n}\n' + ONE
    ground.apply(relative)
    planned = ground.plan(relative)
    assert planned.content.counts.empty
    assert "kept on the bot's disk" in planned.content.notes[0]


def test_an_absolute_local_backend_is_left_alone(ground: Ground, tmp_path: Path) -> None:
    path = tmp_path / "states" / "net.tfstate"
    path.parent.mkdir()
    text = f'terraform {{\n  backend "local" {{\n    path = "{path}"\n  }}\n}}\n' + ONE
    allowed = replace(ground, write=(path.parent,))
    allowed.apply(text)
    assert path.exists()
    assert allowed.plan(text).content.notes == ()


def test_a_state_where_the_cage_lets_nothing_be_written_is_refused_before_it_is_lost(
    ground: Ground, tmp_path: Path
) -> None:
    for place in (tmp_path / "states", Path("/var/lib/states"), Path("/tmp")):
        text = f'terraform {{\n  backend "local" {{\n    path = "{place}/net.tfstate"\n  }}\n}}\n' + ONE
        with pytest.raises(Refused, match=r"where the cage lets nothing be written; .* CAGE__WRITE"):
            ground.plan(text)


def test_a_backend_in_a_comment_does_not_lead_the_state_away(ground: Ground) -> None:
    ground.apply('# backend "s3" {\n# }\n' + ONE)
    assert "kept on the bot's disk" in ground.plan('/* backend "s3" {} */\n' + ONE).content.notes[0]
    assert list((ground.top / "bot" / "kept").rglob("terraform.tfstate"))


def test_a_backend_in_an_override_file_is_refused(ground: Ground, tmp_path: Path) -> None:
    text = f'terraform {{\n  backend "local" {{\n    path = "{tmp_path}/x.tfstate"\n  }}\n}}\n'
    site = ground.site({"net/main.tf": ONE, "net/zzzzz_override.tf": text})
    with pytest.raises(Refused, match="overrides where the state is"):
        ground.terraform.plan(site)


def test_backend_configuration_may_not_lead_a_kept_state_elsewhere(ground: Ground, tmp_path: Path) -> None:
    options = TerraformOptions(backend_config=(f"path={tmp_path}/x.tfstate",))
    with pytest.raises(Refused, match="without a backend"):
        ground.plan(ONE, Project("net", "net", options=OPTIONS.dump(options)))


def test_a_backend_that_this_tool_does_not_read_is_not_taken_for_one(ground: Ground, program: Path) -> None:
    site = ground.site({"net/main.tf": ONE, "net/backend.tofu": 'terraform {\n  backend "s3" {}\n}\n'})
    reads_it = "tofu" in program.name
    with pytest.raises(ToolFailed if reads_it else Refused, match="bucket|region" if reads_it else "would not be kept"):
        ground.terraform.plan(site)


def test_our_override_follows_no_link_of_the_pull_request(ground: Ground, tmp_path: Path) -> None:
    site = ground.site({"net/main.tf": ONE})
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (site.directory / "zzzz_gitops_bot_override.tf").symlink_to(victim)
    ground.terraform.plan(site)
    assert victim.read_text() == "precious"


def test_a_project_directory_that_links_out_of_the_repository_is_refused(ground: Ground, tmp_path: Path) -> None:
    site = ground.site({"other/main.tf": ONE})
    (tmp_path / "outside").mkdir()
    (site.root / "net").symlink_to(tmp_path / "outside")
    with pytest.raises(Refused, match="out of the repository"):
        ground.terraform.plan(site)


def test_a_failing_plan_gives_the_first_error_with_file_and_line(ground: Ground) -> None:
    with pytest.raises(ToolFailed, match=r"main\.tf:2") as failed:
        ground.plan('resource "terraform_data" "x" {\n  nope = 1\n}\n')
    assert "nope" in failed.value.output
    assert failed.value.where == "main.tf:2"


def test_a_version_that_differs_is_refused_by_name(ground: Ground, program: Path) -> None:
    project = Project("net", "net", options=OPTIONS.dump(TerraformOptions(version="0.0.1")))
    with pytest.raises(Refused, match=rf"net asks for version 0\.0\.1; {program.name} here is"):
        ground.plan(ONE, project)


def test_a_binary_that_may_not_be_named_is_refused(ground: Ground) -> None:
    with pytest.raises(Refused, match="none of"):
        ground.plan(ONE, Project("net", "net", options=OPTIONS.dump(TerraformOptions(binary="sh"))))


def test_without_a_binary_one_sentence_says_what_to_install(ground: Ground) -> None:
    site = replace(ground.site({"net/main.tf": ONE}), environment={"PATH": "/nowhere"})
    with pytest.raises(Refused, match="install Terraform or OpenTofu"):
        tool(lambda _: {}).plan(site)


def test_var_files_are_used(ground: Ground) -> None:
    files = {"net/main.tf": 'variable "n" {}\noutput "n" {\n  value = var.n\n}\n', "shared/x.tfvars": 'n = "seven"\n'}
    project = Project("net", "net", options=OPTIONS.dump(TerraformOptions(var_files=("../shared/x.tfvars",))))
    planned = ground.terraform.plan(ground.site(files, project))
    assert '"seven"' in shown(planned.content)


def test_a_tracked_lock_file_is_never_rewritten(ground: Ground) -> None:
    site = ground.site({"net/main.tf": ONE, "net/.terraform.lock.hcl": "# ours\n"})
    ground.terraform.plan(site)
    assert (site.directory / ".terraform.lock.hcl").read_text() == "# ours\n"


def test_a_stale_plan_is_told(ground: Ground) -> None:
    ground.apply(ONE)
    site = ground.site({"net/main.tf": ONE.replace('"1"', '"2"')})
    planned = ground.terraform.plan(site)
    ground.apply(ONE.replace('"1"', '"3"'))
    assert planned.artifact
    applied = ground.carry_out(site, planned.artifact)
    assert applied.outcome is ApplyOutcome.FAILED
    assert "/plan" in applied.summary


def test_a_failing_apply_shows_its_last_words_and_is_failed(ground: Ground) -> None:
    text = (
        'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n'
        '    command = "echo broken pipe; exit 3"\n  }\n}\n'
    )
    applied = ground.apply(text)
    assert applied.outcome is ApplyOutcome.FAILED
    assert "broken pipe" in applied.output
    assert ground.plan(text).content.changes[0].reason == "tainted"


def test_a_killed_tool_leaves_an_unknown_outcome(ground: Ground) -> None:
    site = ground.site({"net/main.tf": ONE})
    ground.terraform.plan(site)
    assert ground.terraform.report_apply(site, -9).outcome is ApplyOutcome.UNKNOWN
    assert ground.terraform.report_apply(site, None).outcome is ApplyOutcome.UNKNOWN


def test_a_plan_that_is_stopped_says_so(ground: Ground) -> None:
    site = replace(ground.site({"net/main.tf": ONE}), stopped=lambda: True, timeout=0.0)
    with pytest.raises(ToolFailed, match="stopped|longer"):
        ground.terraform.plan(site)


def test_the_artifact_holds_what_show_says(ground: Ground, program: Path) -> None:
    site = ground.site({"net/main.tf": ONE})
    planned = ground.terraform.plan(site)
    argv = [str(program), "show", "-json", str(planned.artifact)]
    done = subprocess.run(
        argv,
        cwd=site.directory,
        env={**site.environment, "TF_CLI_CONFIG_FILE": "/dev/null"},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["resource_changes"][0]["address"] == planned.content.changes[0].address
