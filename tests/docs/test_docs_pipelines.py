"""The steps of docs/pipelines.md, run as its pipelines run them: one shell a step, which ends at the first failure."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.docs.reading import TOP, blocks
from tests.shell.calling import ONE, PROGRAMS, environment, write

PAGE = TOP / "docs/pipelines.md"
BROKEN = 'output "a" {\n  value = local.missing\n}\n'
SAME = 'output "a" {\n  value = "old"\n}\n'
STATE = json.dumps(
    {
        "version": 4,
        "serial": 1,
        "lineage": "x",
        "outputs": {"a": {"value": "old", "type": "string"}},
        "resources": [],
    }
)


def pipelines() -> dict[str, Mapping[str, object]]:
    """The two of YAML: GitHub's names what it runs on, GitLab's does not."""
    read = [yaml.safe_load(text) for text in blocks(PAGE, "yaml")]
    return {"github" if "jobs" in one else "gitlab": one for one in read}


def steps(of: str) -> list[str]:
    """The scripts of a pipeline's steps, but for the one that fetches the program."""
    if of == "github":
        job = pipelines()["github"]["jobs"]["plan"]  # type: ignore[index]
        return [step["run"] for step in job["steps"] if "run" in step and not step["name"].startswith("Install")]
    if of == "gitlab":
        return ["\n".join(pipelines()["gitlab"]["plan"]["script"])]  # type: ignore[index]
    if of == "jenkins":
        [text] = blocks(PAGE, "groovy")
        return re.findall(r"sh '(.*)'$", text, re.MULTILINE)
    return blocks(PAGE, "sh")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = write(tmp_path / "repository", {"net/main.tf": ONE, "same/main.tf": SAME, "same/terraform.tfstate": STATE})
    subprocess.run(["git", "init", "--quiet", str(top)], check=True, env={"PATH": PROGRAMS})
    return top


def run(of: str, repository: Path) -> int:
    """Run the steps; the first status that is not 0."""
    programs = write(repository.parent / "programs", {"gitops-bot": f'#!/bin/sh\nexec {sys.executable} -m bot "$@"\n'})
    (programs / "gitops-bot").chmod(0o755)
    env = environment(repository.parent / "home") | {"GITHUB_STEP_SUMMARY": str(repository.parent / "summary.md")}
    env["PATH"] = f"{programs}:{env['PATH']}"
    shell = ["sh", "-xe", "-c"] if of == "jenkins" else ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    for step in steps(of):
        done = subprocess.run([*shell, step], cwd=repository, env=env, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        if done.returncode:
            return done.returncode
    return 0


@pytest.mark.parametrize("of", ["github", "gitlab", "jenkins", "shell"])
def test_changes_pass_and_failures_do_not(of: str, repository: Path) -> None:
    assert steps(of)
    assert run(of, repository) == (2 if of == "gitlab" else 0)
    shutil.rmtree(repository / "net")
    assert run(of, repository) == 0
    write(repository, {"net/main.tf": BROKEN})
    assert run(of, repository) == 1
    write(repository, {"gitops.yaml": "version: 7\n"})
    assert run(of, repository) == (3 if of == "shell" else 1)


def test_gitlab_takes_the_status_of_changes_for_no_failure() -> None:
    assert pipelines()["gitlab"]["plan"]["allow_failure"] == {"exit_codes": 2}  # type: ignore[index]


def test_github_shows_the_check_and_the_plan_and_has_a_report(repository: Path) -> None:
    run("github", repository)
    summary = (repository.parent / "summary.md").read_text()
    assert summary.startswith("## Check · nothing to mend")
    assert "\n## Plan for 2 projects · 1 to create\n" in summary
    [suite] = ElementTree.parse(repository / "plan.xml").getroot()
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "0")


def test_the_count_by_jq_is_right(repository: Path) -> None:
    [query] = re.findall(r"`(jq [^`]+)`", PAGE.read_text())
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    run("shell", repository)
    done = subprocess.run(["bash", "-c", query], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_what_the_installation_step_names_is_there() -> None:
    [step] = [
        step["run"]
        for step in pipelines()["github"]["jobs"]["plan"]["steps"]  # type: ignore[index]
        if step.get("name", "").startswith("Install")
    ]
    for file in re.findall(r'gitops-bot/([a-z.]+)"', step):
        assert (TOP / file).exists(), file
