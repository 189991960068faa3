"""`gitops-bot plan`: in a working copy, with a real Terraform."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shell.calling import ONE, PROGRAMS, environment, gitops_bot, listing, write

OLD = {"a": {"value": "old", "type": "string"}}
STATE = json.dumps({"version": 4, "serial": 1, "lineage": "x", "outputs": OLD, "resources": []})
SLOW = """\
#!/bin/sh
case "$1" in
version) echo '{"terraform_version": "1.11.4"}' ;;
*) touch begun && exec sleep 60 ;;
esac
"""
# Ends only once another one runs beside it, or after half a minute alone.
MEETING = """\
#!/bin/sh
case "$1" in
version) echo '{"terraform_version": "1.11.4"}'; exit ;;
esac
mktemp -p HERE > /dev/null
for _ in $(seq 300); do
    test "$(ls HERE | wc -l)" -gt 1 && echo "Error: met another" && exit 1
    sleep 0.1
done
echo "Error: was alone"
exit 1
"""
VARIABLE = 'variable "region" {\n  type = string\n}\n\noutput "where" {\n  value = var.region\n}\n'
MODULE = 'module "shared" {\n  source = "../modules/shared"\n}\n'
LISTED = """\
version: 1
projects:
  - name: net
    dir: net
    workspace: prod
    terraform:
      var_files: [prod.tfvars]
"""


@pytest.fixture
def copy(here: Path) -> Path:
    """A working copy of a repository, as `git clone` makes it."""
    subprocess.run(["git", "init", "--quiet", str(here)], check=True, env={"PATH": "/usr/bin:/bin:/usr/local/bin"})
    return here


def test_a_module_beside_the_directory_is_found(copy: Path) -> None:
    write(copy, {"net/main.tf": MODULE, "modules/shared/main.tf": ONE})
    before = listing(copy)
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 2, done.stderr
    assert "create module.shared.terraform_data.one" in done.stdout
    assert listing(copy) == before


def test_it_is_the_same_from_within_the_directory(copy: Path) -> None:
    write(copy, {"net/main.tf": MODULE, "modules/shared/main.tf": ONE})
    assert gitops_bot("plan", cwd=copy / "net").returncode == 2


def test_what_is_neither_saved_by_git_nor_tracked_counts(copy: Path) -> None:
    write(copy, {".gitignore": "*.auto.tfvars\n", "net/main.tf": VARIABLE, "net/x.auto.tfvars": 'region = "north"\n'})
    assert "north" in gitops_bot("plan", "net", cwd=copy).stdout


def test_settings_of_gitops_yaml_are_used(copy: Path) -> None:
    files = {"gitops.yaml": LISTED, "net/main.tf": VARIABLE + 'output "ws" {\n  value = terraform.workspace\n}\n'}
    write(copy, files | {"net/prod.tfvars": 'region = "south"\n'})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 2, done.stderr
    assert "south" in done.stdout
    assert '"prod"' in done.stdout


def test_a_workspace_that_gitops_yaml_has_not_is_refused_with_those_it_has(copy: Path) -> None:
    write(copy, {"gitops.yaml": LISTED, "net/main.tf": ONE})
    done = gitops_bot("plan", "net", "-w", "staging", cwd=copy)
    assert done.returncode == 3
    assert "prod" in done.stderr


def test_a_version_that_is_not_here_is_refused_by_name(copy: Path) -> None:
    text = "version: 1\nprojects:\n  - dir: net\n    terraform:\n      version: 0.1.2\n"
    write(copy, {"gitops.yaml": text, "net/main.tf": ONE})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 3
    assert "0.1.2" in done.stderr


def test_a_binary_that_may_not_be_named_is_refused(copy: Path) -> None:
    text = "version: 1\nprojects:\n  - dir: net\n    terraform:\n      binary: terraform-next\n"
    write(copy, {"gitops.yaml": text, "net/main.tf": ONE})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 3
    assert "terraform-next" in done.stderr


def test_backend_config_of_gitops_yaml_says_where_the_state_is(copy: Path, tmp_path: Path) -> None:
    state = tmp_path / "elsewhere.tfstate"
    state.write_text(STATE)
    main = 'terraform {\n  backend "local" {\n    path = "/nowhere"\n  }\n}\n\noutput "a" {\n  value = "new"\n}\n'
    text = f'version: 1\nprojects:\n  - dir: net\n    terraform:\n      backend_config: ["path={state}"]\n'
    write(copy, {"gitops.yaml": text, "net/main.tf": main})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 2, done.stderr
    assert "change a" in done.stdout


def test_state_beside_the_directory_is_read_and_left_alone(copy: Path) -> None:
    write(copy, {"net/main.tf": 'output "a" {\n  value = "old"\n}\n', "net/terraform.tfstate": STATE})
    before = listing(copy)
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 0, done.stdout
    assert "copy of the state" in done.stdout
    assert listing(copy) == before


def test_state_of_a_local_backend_is_read_where_the_last_init_put_it(copy: Path) -> None:
    main = 'terraform {\n  backend "local" {\n    path = "here.tfstate"\n  }\n}\n\noutput "a" {\n  value = "old"\n}\n'
    write(copy, {"net/main.tf": main, "net/here.tfstate": STATE})
    env = {"PATH": PROGRAMS, "TF_CLI_CONFIG_FILE": os.devnull}
    subprocess.run(["terraform", "init"], cwd=copy / "net", env=env, check=True, capture_output=True)
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 0, done.stdout
    assert "here.tfstate" in done.stdout


def test_the_state_of_a_workspace_is_read(copy: Path) -> None:
    write(copy, {"net/main.tf": 'output "a" {\n  value = "old"\n}\n'})
    write(copy, {"net/terraform.tfstate.d/prod/terraform.tfstate": STATE})
    assert gitops_bot("plan", "net", "-w", "prod", cwd=copy).returncode == 0
    assert gitops_bot("plan", "net", cwd=copy).returncode == 2


def test_a_workspace_dir_that_names_a_whole_disk_is_not_copied(copy: Path, tmp_path: Path) -> None:
    os.mkfifo(write(tmp_path, {"disk/deep/file": "much"}) / "disk/pipe")
    chosen = {"backend": {"type": "local", "config": {"workspace_dir": str(tmp_path / "disk")}}}
    write(copy, {"net/main.tf": ONE, "net/.terraform/terraform.tfstate": json.dumps(chosen)})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 2, done.stderr
    assert "there is no state beside it" in done.stdout


def test_the_first_errors_are_shown_and_it_ends_with_1(copy: Path) -> None:
    write(copy, {"net/main.tf": 'output "a" {\n  value = local.missing\n}\n'})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 1
    assert "undeclared local value" in done.stderr
    assert "main.tf:2" in done.stderr


def test_configuration_that_cannot_be_read_shows_where(copy: Path) -> None:
    write(copy, {"net/main.tf": 'resource "terraform_data" {\n'})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 1
    assert "main.tf line 1" in done.stderr


def test_a_variable_of_the_environment_reaches_the_tool_only_by_tool_env(copy: Path) -> None:
    write(copy, {"net/main.tf": VARIABLE})
    without = gitops_bot("plan", "net", cwd=copy, env={"TF_VAR_region": "west"})
    assert without.returncode == 1
    assert "TF_VAR_region" in without.stderr
    assert "GITOPS_BOT_TOOL_ENV" in without.stderr
    done = gitops_bot("plan", "net", cwd=copy, env={"TF_VAR_region": "west"}, TOOL_ENV="TF_VAR_region")
    assert done.returncode == 2, done.stderr
    assert "west" in done.stdout


@pytest.mark.parametrize(
    ("named", "said"),
    [("nosuch", "there is no directory nosuch"), ("a/main.tf", "a/main.tf is a file"), ("docs", "no .tf file")],
)
def test_what_cannot_be_planned_is_refused_in_a_sentence(copy: Path, named: str, said: str) -> None:
    write(copy, {"a/main.tf": ONE, "docs/index.md": "# Docs\n"})
    done = gitops_bot("plan", named, cwd=copy)
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_gitops_yaml_is_refused_with_its_line(copy: Path) -> None:
    write(copy, {"gitops.yaml": "version: 1\nproject: []\n", "net/main.tf": ONE})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 3
    assert "gitops.yaml:2" in done.stderr


def test_a_misspelt_option_is_not_taken_for_changes(copy: Path) -> None:
    assert gitops_bot("plan", "--workspaces", "x", cwd=copy).returncode == 3


def test_nothing_stays_behind_where_temporary_files_are(copy: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    write(copy, {"net/main.tf": ONE})
    assert gitops_bot("plan", "net", cwd=copy, env={"TMPDIR": str(temporary)}).returncode == 2
    assert not list(temporary.iterdir())


def test_manifests_are_rendered_where_no_cluster_is_asked(copy: Path) -> None:
    write(copy, {"svc/cm.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n'})
    done = gitops_bot("plan", "svc", cwd=copy)
    assert done.returncode == 2, done.stderr
    assert "ConfigMap default/a" in done.stdout
    assert "state" not in done.stdout


def test_several_are_planned_at_once(copy: Path, tmp_path: Path) -> None:
    here = tmp_path / "meeting"
    here.mkdir()
    write(copy, {"a/main.tf": ONE, "b/main.tf": ONE})
    programs = write(tmp_path / "programs", {"terraform": MEETING.replace("HERE", str(here))})
    (programs / "terraform").chmod(0o755)
    done = gitops_bot("plan", "a", "b", cwd=copy, env={"PATH": f"{programs}:{PROGRAMS}"}, WORKERS="2")
    assert done.returncode == 1
    assert done.stderr.count("met another") >= 2
    assert "alone" not in done.stderr


def test_an_interrupt_ends_the_tool_and_leaves_nothing_behind(copy: Path, tmp_path: Path) -> None:
    temporary, programs = tmp_path / "temporary", tmp_path / "programs"
    write(copy, {"main.tf": ONE})
    write(programs, {"terraform": SLOW})
    (programs / "terraform").chmod(0o755)
    temporary.mkdir()
    env = environment(tmp_path / "home") | {"PATH": f"{programs}:{PROGRAMS}", "TMPDIR": str(temporary)}
    with subprocess.Popen([sys.executable, "-m", "bot", "plan"], cwd=copy, env=env) as process:
        until = time.monotonic() + 60
        while not list(temporary.rglob("begun")) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert not list(temporary.iterdir())
    assert [path.name for path in copy.iterdir() if path.name != ".git"] == ["main.tf"]


@pytest.mark.parametrize("arguments", [("--all",), ("envs/eu",)])
def test_a_directory_that_is_a_link_is_refused_by_name(copy: Path, arguments: tuple[str, ...]) -> None:
    listed = "version: 1\nprojects:\n  - dir: envs/eu\n"
    write(copy, {"gitops.yaml": listed, "envs/prod/main.tf": ONE})
    (copy / "envs/eu").symlink_to("prod")
    done = gitops_bot("plan", *arguments, cwd=copy)
    assert done.returncode == 3
    assert "leads through the symbolic link envs/eu: list envs/prod instead" in done.stderr


def test_a_file_behind_a_link_is_planned_with_its_module(copy: Path) -> None:
    write(copy, {"shared/main.tf": MODULE, "modules/shared/main.tf": ONE})
    (copy / "net").mkdir()
    (copy / "net/main.tf").symlink_to("../shared/main.tf")
    assert "create module.shared.terraform_data.one" in gitops_bot("plan", "net", cwd=copy).stdout


def test_a_repository_that_is_reached_through_a_link_is_planned(copy: Path, tmp_path: Path) -> None:
    write(copy, {"net/main.tf": ONE})
    (tmp_path / "other-way").symlink_to(copy)
    assert gitops_bot("plan", str(tmp_path / "other-way" / "net"), cwd=copy).returncode == 2


def test_files_that_only_opentofu_reads_are_never_an_empty_plan(copy: Path) -> None:
    write(copy, {"net/main.tofu": ONE})
    done = gitops_bot("plan", "net", cwd=copy)
    assert done.returncode == 3
    assert "`tofu` is not installed here" in done.stderr
    assert "Terraform does not read main.tofu" in done.stderr
