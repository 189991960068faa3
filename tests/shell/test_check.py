"""`gitops-bot check`: what is missing or wrong, and what to set."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cage.launching import without_landlock
from tests.conftest import database
from tests.e2e.acting import begin
from tests.shell.calling import environment, gitops_bot, named, write
from tests.staging import Stage


def lines(here: Path, mark: str, **settings: str) -> list[str]:
    """Its lines with a mark."""
    said = gitops_bot("check", cwd=here, env=named(settings)).stdout.splitlines()
    return [line for line in said if line.startswith(mark)]


def test_it_names_what_is_missing_exits_with_1_and_makes_nothing(here: Path) -> None:
    done = gitops_bot("check", cwd=here)
    assert done.returncode == 1
    assert "✗ forge" in done.stdout
    assert "✓ git" in done.stdout
    assert not list(here.iterdir())


def test_each_line_that_is_to_be_mended_says_what_to_set(here: Path) -> None:
    wrong = {"DATA_DIR": "/proc/nope", "VAULT__KEY": "abc", "STORE__URL": "mysql://x/y"}
    found = lines(here, "✗", **wrong)
    assert len(found) == 5
    assert [name for name in (*wrong, "REPOS", "GITHUB__TOKEN") if not any(name in line for line in found)] == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("VAULT__KEY", "not base64!"),
        ("VAULT__KEY", "c2hvcnQ="),
        ("VAULT__OLD_KEYS", "c2hvcnQ="),
        ("STORE__URL", "mysql://x/y"),
        ("DATA_DIR", "/proc/nope"),
        ("DATA_DIR", "/etc/passwd"),
        ("SERVER__URL", "gitops"),
        ("SERVER__LISTEN", "here"),
    ],
)
def test_a_setting_that_nobody_can_use_is_named_and_it_exits_with_3(here: Path, setting: str, value: str) -> None:
    done = gitops_bot("check", cwd=here, env=named({"VAULT__KEY": "A" * 43 + "=", setting: value}))
    assert done.returncode == 3
    assert len([line for line in done.stdout.splitlines() if line.startswith("✗") and setting in line]) == 1


def test_a_key_that_everybody_may_read_is_found(here: Path) -> None:
    (here / "vault.key").write_text("A" * 43 + "=\n")
    os.chmod(here / "vault.key", 0o644)
    assert any("chmod 600" in line for line in lines(here, "✗", DATA_DIR=str(here)))


def test_a_project_whose_directory_does_not_exist_is_found(here: Path) -> None:
    write(here, {"gitops.yaml": "version: 1\nprojects:\n  - dir: net\n  - dir: gone\n", "net/main.tf": ""})
    assert [line for line in lines(here, "✗") if "gone" in line and "`dir`" in line]
    assert not [line for line in lines(here, "✗") if "net" in line]


def test_a_var_file_that_does_not_exist_is_found(here: Path) -> None:
    text = "version: 1\nprojects:\n  - dir: net\n    terraform:\n      var_files: [prod.tfvars]\n"
    write(here, {"gitops.yaml": text, "net/main.tf": ""})
    assert [line for line in lines(here, "✗") if "net/prod.tfvars" in line]


def test_gitops_yaml_is_found_from_a_directory_below(here: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(here)], check=True, env={"PATH": os.defpath})
    write(here, {"gitops.yaml": "version: 1\nprojects: 7\n", "net/main.tf": ""})
    assert [line for line in lines(here / "net", "✗") if "gitops.yaml:2" in line]


def test_missing_repos_and_an_empty_address_are_said(here: Path) -> None:
    assert [line for line in lines(here, "✗") if "REPOS is not set" in line]
    assert [line for line in lines(here, "!") if "SERVER__URL is not set, so comments have no links" in line]
    assert not [line for line in lines(here, "!", SERVER__URL="https://bot.example") if "SERVER__URL" in line]


def test_the_cage_is_tried_and_leaves_nothing(here: Path) -> None:
    for kind in ("bubblewrap", "landlock"):
        [line] = [line for line in lines(here, "✓", CAGE__KIND=kind, DATA_DIR=str(here)) if "cage: " in line]
        assert re.match(rf"✓ cage: {kind}, (\d+) of \d+ attempts refused", line)
    assert not list(here.iterdir())


def test_without_a_cage_it_says_what_that_means(here: Path) -> None:
    [line] = [line for line in lines(here, "!", CAGE__KIND="none", DATA_DIR=str(here)) if "cage: " in line]
    assert "runs as the bot's user. It was possible to" in line
    assert "read vault.key" in line
    assert "unset CAGE__KIND" in line
    assert not list(here.iterdir())


def test_what_a_cage_should_refuse_and_does_not_is_to_be_mended(here: Path) -> None:
    settings = {"CAGE__KIND": "bubblewrap", "CAGE__READ": str(here), "DATA_DIR": str(here)}
    done = gitops_bot("check", cwd=here, env=named(settings))
    assert "✗ cage: bubblewrap did not refuse to read another checkout: narrow CAGE__READ" in done.stdout
    assert done.returncode == 1


def test_where_no_cage_works_the_other_checks_are_made_all_the_same(here: Path) -> None:
    command = [*without_landlock(sys.executable), sys.executable, "-m", "bot", "check"]
    own = environment(here.parent / "home", CAGE__KIND="landlock")
    done = subprocess.run(command, cwd=here, env=own, capture_output=True, text=True, check=False)
    [line] = [line for line in done.stdout.splitlines() if "cage: " in line]
    assert line.startswith("✗ cage: CAGE__KIND=landlock does not work here: ")
    assert "✗ repositories" in done.stdout
    assert done.returncode == 3


def test_without_any_tool_it_says_what_to_install(here: Path) -> None:
    said = gitops_bot("check", cwd=here, env={"PATH": str(here)}).stdout
    assert re.search("^! terraform: .*install", said, re.MULTILINE)
    assert re.search("^✗ git: .*install", said, re.MULTILINE)


def test_as_json_each_finding_has_its_mark(here: Path) -> None:
    done = gitops_bot("check", "--json", cwd=here)
    assert done.returncode == 1
    assert {tuple(sorted(finding)) for finding in json.loads(done.stdout)} == {("mark", "what", "words")}


def test_beside_a_server_it_finds_nothing_to_mend(stage: Stage) -> None:
    begin(stage)
    env = stage.environment() | {"HOME": str(stage.directory)}
    done = gitops_bot("check", cwd=stage.directory, env=env)
    assert done.returncode == 0, done.stdout
    assert "acme/infra: the token has the rights it needs" in done.stdout


def test_a_token_that_sees_no_repository_of_repos_is_found(stage: Stage) -> None:
    env = stage.environment() | {"GITOPS_BOT_REPOS": "elsewhere/*"}
    done = gitops_bot("check", cwd=stage.directory, env=env)
    assert done.returncode == 1
    assert "REPOS fits no repository" in done.stdout


def test_a_repository_of_repos_that_the_token_does_not_see_is_found_beside_one_that_it_sees(stage: Stage) -> None:
    begin(stage)
    env = stage.environment() | {"GITOPS_BOT_REPOS": "acme/infra,acme/secret"}
    done = gitops_bot("check", cwd=stage.directory, env=env)
    assert done.returncode == 1
    assert "✓ acme/infra: the token has the rights it needs" in done.stdout
    assert "✗ acme/secret: REPOS names it, and the forge shows us none such" in done.stdout


def test_a_glob_of_repos_that_fits_nothing_is_found(stage: Stage) -> None:
    begin(stage)
    env = stage.environment() | {"GITOPS_BOT_REPOS": "acme/*,acne/*,!acme/old"}
    done = gitops_bot("check", cwd=stage.directory, env=env)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("✗ ") and "REPOS names" in line] == [
        line for line in done.stdout.splitlines() if line.startswith("✗ acne/*:")
    ]
    assert "✗ acne/*" in done.stdout


def test_on_postgres_it_advises_what_the_manual_says(here: Path, postgres: str) -> None:
    found = lines(here, "!", STORE__URL=postgres)
    assert [line for line in found if "state:" in line and "refused on Postgres" in line]
    assert [line for line in found if "VAULT__KEY is not set" in line and "servers" not in line]
    shared = lines(here, "!", STORE__URL=postgres, STATE__LOCAL="shared-disk")
    assert [line for line in shared if "state:" in line and "back it up" in line]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_does_not_hold_all_text_is_found_and_no_server_starts_on_it(
    here: Path, postgres_server: str, encoding: str
) -> None:
    with database(postgres_server, encoding) as url:
        env = named({"STORE__URL": url, "REPOS": "acme/*", "DATA_DIR": str(here)})
        for command in ("check", "locks", "serve"):
            done = gitops_bot(command, cwd=here, env=env)
            assert done.returncode != 0
            assert f"the database is kept in {encoding}" in done.stdout + done.stderr, command
            assert "--encoding=UTF8" in done.stdout + done.stderr
            assert "Traceback" not in done.stdout + done.stderr


def test_a_directory_that_is_a_link_is_found_by_name(here: Path) -> None:
    write(here, {"gitops.yaml": "version: 1\nprojects:\n  - dir: eu\n", "prod/main.tf": ""})
    (here / "eu").symlink_to("prod")
    assert [line for line in lines(here, "✗") if "leads through the symbolic link eu: list prod instead" in line]


def test_infrastructure_that_no_project_covers_is_told_with_the_lines_to_add(here: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(here)], check=True, env={"PATH": os.defpath})
    service = "apiVersion: v1\nkind: Service\n"
    files = {"net/main.tf": "", "legacy/main.tf": "", "k8s/a.yaml": service, "notes/a.yaml": "a: b\n"}
    write(here, {"gitops.yaml": "version: 1\nprojects:\n  - dir: net\n", **files})
    (line,) = [line for line in lines(here, "!") if "no project covers them" in line]
    assert "k8s/a.yaml, legacy/main.tf" in line
    assert "- dir: k8s; - dir: legacy" in line


def test_a_module_that_leaves_the_repository_is_found(here: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(here)], check=True, env={"PATH": os.defpath})
    write(here, {"net/main.tf": 'module "m" {\n  source = "../../m"\n}\n'})
    assert [line for line in lines(here, "✗") if "net: module source leaves the repository" in line]


@pytest.mark.parametrize("name", ["gitops.yml", "GitOps.yaml"])
def test_a_file_that_is_almost_gitops_yaml_is_refused_by_name(here: Path, name: str) -> None:
    write(here, {name: "version: 1\n"})
    assert [line for line in lines(here, "✗") if f"{name} is not read: name it gitops.yaml" in line]


def test_another_bots_configuration_is_hinted_at(here: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(here)], check=True, env={"PATH": os.defpath})
    write(here, {"digger.yml": "", "net/main.tf": ""})
    assert [line for line in lines(here, "!") if "`digger.yml` is not read here" in line]
