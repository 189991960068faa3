"""Paths that lead out of the repository, by name and by link: nothing of the bot's own machine is read or written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.acting import ONE
from tests.hostile.mischief import House, files, linked

SECRET = "hunter2-of-the-machine"
READS_A_FILE = 'variable "word" {}\nresource "terraform_data" "one" {\n  input = var.word\n}\n'
MODULE = 'module "m" {\n  source = "SOURCE"\n}\n'


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory beside the repository with configuration and a secret in it."""
    top = tmp_path_factory.mktemp("outside")
    (top / "main.tf").write_text(ONE.replace('"1"', f'"{SECRET}"'))
    (top / "secret.tfvars").write_text(f'word = "{SECRET}"\n')
    (top / "gitops.yaml").write_text(f"version: 1\nprojects:\n  - dir: {SECRET}\n")
    return top


def listed(more: str) -> str:
    return f"version: 1\nprojects:\n  - dir: app\n{more}"


Case = Callable[[Path], tuple[Callable[[Path], None], str]]
CASES: dict[str, Case] = {
    "a directory above": lambda out: (
        files({"gitops.yaml": "version: 1\nprojects:\n  - dir: ../other\n"}),
        ".dir: must be a path ",
    ),
    "an absolute directory": lambda out: (
        files({"gitops.yaml": f"version: 1\nprojects:\n  - dir: {out}\n"}),
        ".dir: must be a path ",
    ),
    "a var file above": lambda out: (
        files({"gitops.yaml": listed("    terraform: {var_files: [../../x.tfvars]}\n"), "app/main.tf": ONE}),
        "must not leave the repository",
    ),
    "an absolute var file": lambda out: (
        files({"gitops.yaml": listed(f"    terraform: {{var_files: [{out}/secret.tfvars]}}\n"), "app/main.tf": ONE}),
        "must be a path inside the repository",
    ),
    "a var file that is a link": lambda out: (
        linked(
            {"app/x.tfvars": f"{out}/secret.tfvars"},
            {"gitops.yaml": listed("    terraform: {var_files: [x.tfvars]}\n"), "app/main.tf": READS_A_FILE},
        ),
        "leaves the repository",
    ),
    "a link to a var file that is read by itself": lambda out: (
        linked({"app/x.auto.tfvars": f"{out}/secret.tfvars"}, {"app/main.tf": READS_A_FILE}),
        "leaves the repository",
    ),
    "a link among its files": lambda out: (
        linked({"app/more.tf": f"{out}/main.tf"}, {"app/main.tf": ONE.replace("one", "two")}),
        "leaves the repository",
    ),
    "a link above by many steps": lambda out: (
        linked({"app/more.tf": "../" * 40 + str(out).lstrip("/") + "/main.tf"}, {"app/main.tf": ONE}),
        "leaves the repository",
    ),
    "a link to a link": lambda out: (
        linked({"app/more.tf": "../links/two", "links/two": f"{out}/main.tf"}, {"app/main.tf": ONE}),
        "leaves the repository",
    ),
    "a directory that is a link": lambda out: (
        linked({"app": str(out)}, {"gitops.yaml": listed("")}),
        "app",
    ),
    "a directory below a link": lambda out: (
        linked({"above": str(out.parent)}, {"gitops.yaml": f"version: 1\nprojects:\n  - dir: above/{out.name}\n"}),
        f"above/{out.name}",
    ),
    "a module source above": lambda out: (
        files({"app/main.tf": MODULE.replace("SOURCE", "../../../x")}),
        "leaves the repository",
    ),
    "a module that is a link": lambda out: (
        linked({"app/m": str(out)}, {"app/main.tf": MODULE.replace("SOURCE", "./m")}),
        "leaves the repository",
    ),
    "gitops.yaml as a link": lambda out: (
        linked({"gitops.yaml": f"{out}/gitops.yaml"}, {"app/main.tf": ONE}),
        "gitops.yaml",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_pull_request_with(house: House, outside: Path, kind: str) -> None:
    write, told = CASES[kind](outside)
    number = house.propose(write)
    comment = house.stage.wait_for_comment(number, told)
    house.stage.wait_for_status(number, "gitops-bot/plan", "failure")
    assert "🚫" in comment or "refused" in comment.lower()
    assert SECRET not in comment
    assert "gitops-bot itself broke" not in comment
    assert not list(outside.glob("*override*"))
