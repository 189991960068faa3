"""What a pipeline gets of `plan` and `check`: Markdown, JUnit's XML, JSON, exit codes."""

import json
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.shell.calling import ONE, PROGRAMS, gitops_bot, write

BROKEN = 'output "a" {\n  value = local.missing\n}\n'
SECRET = 'variable "key" {\n  default   = "hunter2-hunter2"\n  sensitive = true\n}\n\n'
KEPT = SECRET + 'resource "terraform_data" "kept" {\n  input = var.key\n}\n'
LEAKY = KEPT + 'output "a" {\n  value     = jsondecode(var.key)\n  sensitive = true\n}\n'
HOSTILE = 'resource "terraform_data" "x" {\n  for_each = toset(["a|b`</details>@team"])\n  input = each.key\n}\n'
OUTPUT = 'output "a" {\n  value = "b"\n}\n'
EMPTY = "# nothing\n"
SUITE = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"}


def junit(path: Path) -> ElementTree.Element:
    """The report's one suite, which keeps to both schemas in use: attributes, order, types, and counts that agree."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>')
    top = ElementTree.fromstring(text.encode())
    [suite] = top
    assert suite.attrib.keys() == SUITE
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
    cases = suite.findall("testcase")
    assert [its.tag for its in suite] == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
    for number in (suite.attrib["time"], *(case.attrib["time"] for case in cases)):
        assert re.fullmatch(r"\d+\.\d{3}", number)
    for case in cases:
        assert case.attrib.keys() == {"name", "classname", "time"}
        assert all(case.attrib.values())
        assert len(case) <= 1
        assert all(its.tag in ("failure", "error") and its.attrib.keys() == {"message", "type"} for its in case)
    kinds = [its.tag for case in cases for its in case]
    told = tuple(int(suite.attrib[name]) for name in ("tests", "failures", "errors"))
    assert told == (len(cases), kinds.count("failure"), kinds.count("error"))
    return suite


def kinds(suite: ElementTree.Element) -> dict[str, str]:
    return {case.attrib["name"]: case[0].tag if len(case) else "passed" for case in suite.findall("testcase")}


def test_changes_are_no_failures_and_failed_plans_are(here: Path) -> None:
    write(here, {"new/main.tf": ONE, "same/main.tf": EMPTY, "bad/main.tf": BROKEN, "docs/index.md": "# Docs\n"})
    done = gitops_bot("plan", "new", "same", "bad", "docs", "--junit", "report.xml", cwd=here)
    assert done.returncode == 1, done.stderr
    suite = junit(here / "report.xml")
    assert kinds(suite) == {"new": "passed", "same": "passed", "bad": "failure", "docs": "error"}
    assert "new: 1 to create" in (suite.findtext("system-out") or "")
    assert "undeclared local value" in (suite.findtext("testcase/failure") or "")
    assert "bad: " in done.stderr


@pytest.mark.parametrize(
    ("directories", "status"),
    [(("same",), 0), (("same", "new"), 2), (("docs", "new"), 3), (("new", "docs", "bad"), 1)],
)
def test_several_exit_with_the_worst(here: Path, directories: tuple[str, ...], status: int) -> None:
    write(here, {"new/main.tf": ONE, "same/main.tf": EMPTY, "bad/main.tf": BROKEN, "docs/index.md": "# Docs\n"})
    assert gitops_bot("plan", *directories, cwd=here).returncode == status


def test_the_summary_has_the_words_of_the_comment_and_is_appended(here: Path) -> None:
    write(here, {"a/main.tf": ONE, "b/main.tf": BROKEN, "summary.md": "# Before\n"})
    gitops_bot("plan", "a", "b", "--markdown", "summary.md", cwd=here)
    text = (here / "summary.md").read_text()
    assert text.startswith("# Before\n\n## Plan for 2 projects · 1 to create · 1 failed\n")
    assert "| 🟢 | `a` | 1 |  |  |  | planned |" in text
    assert "<summary>❌ <b><code>b</code></b> — failed" in text
    assert "undeclared local value" in text
    assert "Next" not in text
    gitops_bot("plan", "a", "--markdown", "summary.md", cwd=here)
    assert (here / "summary.md").read_text().startswith(text)


def test_a_summary_names_the_commit_that_is_checked_out(here: Path) -> None:
    write(here, {"main.tf": ONE})
    env = {"PATH": PROGRAMS, "GIT_CONFIG_GLOBAL": "/dev/null", "EMAIL": "a@example.com"}
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "commit", "-qm", "One"]):
        subprocess.run(["git", *words], cwd=here, env=env, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, env=env, check=True, capture_output=True, text=True)
    assert f"\n`{head.stdout[:7]}` · " in gitops_bot("plan", "--markdown", "-", cwd=here).stdout


def test_what_others_wrote_formats_nothing(here: Path) -> None:
    write(here, {"a/main.tf": HOSTILE})
    done = gitops_bot("plan", "a", "--markdown", "-", "--junit", "report.xml", cwd=here)
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith("## Plan for ")
    outside = re.sub(r"^(`{3,})diff\n.*?^\1$", "", done.stdout, flags=re.MULTILINE | re.DOTALL)
    assert outside.count("</details>") == outside.count("<details>") == 1
    assert "@team" not in outside
    junit(here / "report.xml")


def test_names_that_are_no_text_are_made_visible(here: Path) -> None:
    """A directory may be called by any bytes; XML and UTF-8 have no place for some."""
    names = [os.fsdecode(name) for name in (b"a\x01<&]]>", b"b\xff", b"c\x1b[31m\xe2\x80\xae")]
    write(here, {names[0] + "/main.tf": ONE, names[1] + "/main.tf": ONE, names[2] + "/x": ""})
    done = gitops_bot("plan", *names, "--junit", "report.xml", "--markdown", "summary.md", cwd=here)
    assert done.returncode == 3, done.stderr
    assert list(kinds(junit(here / "report.xml"))) == ["a\ufffd<&]]>", "b\ufffd", "c\ufffd"]
    for text in (done.stdout, done.stderr, (here / "summary.md").read_text(encoding="utf-8")):
        assert not set(text) & {"\x01", "\x1b", "\u202e"}


@pytest.mark.parametrize("main", [KEPT, LEAKY])
def test_a_secret_is_in_no_report(here: Path, main: str) -> None:
    write(here, {"a/main.tf": main})
    done = gitops_bot("plan", "a", "--json", "--markdown", "s.md", "--junit", "r.xml", cwd=here)
    assert done.returncode in (1, 2)
    for text in (done.stdout, done.stderr, (here / "s.md").read_text(), (here / "r.xml").read_text()):
        assert "hunter2" not in text
    assert json.loads(done.stdout)["project"] == "a"


def test_as_json_several_are_a_list_with_how_each_ended(here: Path) -> None:
    write(here, {"new/main.tf": ONE, "bad/main.tf": BROKEN})
    done = gitops_bot("plan", "new", "bad", "--json", cwd=here)
    new, bad = json.loads(done.stdout)
    assert (new["state"], new["counts"]["create"]) == ("done", 1)
    assert (bad["state"], bad["project"]) == ("failed", "bad")
    assert "undeclared local value" in bad["output"]


def test_standard_output_is_for_one_report_alone(here: Path) -> None:
    write(here, {"main.tf": ONE})
    done = gitops_bot("plan", "--json", "--markdown", "-", cwd=here)
    assert (done.returncode, done.stdout) == (3, "")
    assert "--json and --markdown - would both print" in done.stderr
    printed = gitops_bot("plan", "--junit", "-", cwd=here).stdout
    assert ElementTree.fromstring(printed.encode()).tag == "testsuites"


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_planned(here: Path) -> None:
    write(here, {"main.tf": ONE})
    done = gitops_bot("plan", "--junit", "nowhere/report.xml", cwd=here)
    assert (done.returncode, done.stdout) == (3, "")
    assert "nowhere/report.xml cannot be written" in done.stderr


def test_variables_of_a_pipeline_do_nothing_by_themselves(here: Path) -> None:
    write(here, {"main.tf": ONE, "summary.md": ""})
    env = {"GITHUB_STEP_SUMMARY": str(here / "summary.md"), "GITHUB_ACTIONS": "true", "CI": "true", "GITLAB_CI": "true"}
    assert gitops_bot("plan", cwd=here, env=env).returncode == 2
    assert not (here / "summary.md").read_text()
    assert sorted(path.name for path in here.iterdir()) == ["main.tf", "summary.md"]


def test_all_are_those_of_gitops_yaml_or_those_found_by_their_files(here: Path) -> None:
    files = {".git/HEAD": "", "a/main.tf": ONE, "b/main.tf": OUTPUT, "modules/c/main.tf": ONE}
    write(here, files)
    assert [one["project"] for one in json.loads(gitops_bot("plan", "--all", "--json", cwd=here / "a").stdout)] == [
        "a",
        "b",
    ]
    write(here, {"gitops.yaml": "version: 1\nprojects:\n  - {dir: b, name: second}\n  - {dir: b, workspace: prod}\n"})
    done = gitops_bot("plan", "--all", "--json", cwd=here)
    assert [one["project"] for one in json.loads(done.stdout)] == ["second", "b:prod"]
    assert done.returncode == 2
    assert gitops_bot("plan", "--all", "a", cwd=here).returncode == 3


def test_a_check_of_the_repository_alone_needs_no_settings(here: Path) -> None:
    write(here, {"gitops.yaml": "version: 1\nprojects:\n  - dir: a\n", "a/main.tf": ONE})
    done = gitops_bot("check", "--repository", cwd=here)
    assert done.returncode == 0, done.stdout
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["✓ git", "✓ gitops.yaml"]
    write(here, {"gitops.yaml": "version: 1\nprojects:\n  - dir: gone\n"})
    assert gitops_bot("check", "--repository", cwd=here).returncode == 1


def test_a_check_reports_as_a_plan_does(here: Path) -> None:
    write(here, {"gitops.yaml": "version: 1\nprojects:\n  - dir: 'go<ne'\n"})
    done = gitops_bot("check", "--repository", "--junit", "r.xml", "--markdown", "-", cwd=here)
    assert done.returncode == 1
    suite = junit(here / "r.xml")
    assert kinds(suite) == {"git": "passed", "gitops.yaml": "failure"}
    assert done.stdout.startswith("## Check · 1 thing to mend\n\n- ✓ **git**: git version")
    assert "go&lt;ne" in done.stdout
