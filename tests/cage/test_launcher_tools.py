"""The programs that the bot runs, started by the launcher with all its rules: they do their work."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cage.launching import ORDINARY, PATH, PYTHON, Room
from tests.provider.shelf import Shelf, book, needed

LOCAL = """
resource "terraform_data" "a" {
  input = "hello"
  provisioner "local-exec" {
    command = "echo from the shell"
  }
}
"""


@pytest.fixture
def terraform() -> str:
    """Terraform, where every user may run it."""
    if not shutil.which("terraform", path=PATH):
        pytest.skip("no terraform on the machine's own PATH")
    return "terraform"


def test_terraform_plans_and_applies_with_a_provider(room: Room, terraform: str) -> None:
    shelf = Shelf.make(room.read / "shelf")
    project = room.write / "project"
    project.mkdir()
    (project / "main.tf").write_text(shelf.text(book("one"), more=LOCAL))
    _give(room, project, shelf.objects)
    env = {
        "PATH": PATH,
        "HOME": str(room.write),
        "TMPDIR": str(room.write),
        "TF_CLI_CONFIG_FILE": str(shelf.cli_config),
        "CHECKPOINT_DISABLE": "1",
    }
    spec = room.spec([])["landlock"]
    spec["write"].append(str(shelf.objects))
    for words in (["init", "-input=false"], ["plan", "-input=false", "-out=plan"], ["apply", "-input=false", "plan"]):
        ended = room.run([terraform, *words, "-no-color"], cwd=str(project), env=env, landlock=spec)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "from the shell" in ended.stdout
    assert "Apply complete! Resources: 2 added" in ended.stdout


def test_git_clones_commits_and_looks_after_itself(room: Room) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", room.read / "repo"], check=True)
    commit = ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(["git", "-C", room.read / "repo", *commit], check=True)
    _give(room, room.read / "repo")
    env = {"PATH": PATH, "HOME": str(room.write), "GIT_CONFIG_NOSYSTEM": "1"}
    script = (
        f"git clone -q {room.read}/repo copy && cd copy && git {' '.join(commit)} && git gc -q && git log --oneline"
    )
    ended = room.run(["sh", "-c", script], env=env)
    assert (ended.returncode, ended.stdout.count("first"), ended.stderr) == (0, 2, "")


def test_helm_renders_a_chart(room: Room) -> None:
    program = room.read / "helm"
    shutil.copy(needed("helm"), program)
    script = f"{program} create chart >&2 && {program} template chart"
    ended = room.run(["sh", "-c", script], env={"PATH": PATH, "HOME": str(room.write)})
    assert ended.returncode == 0, ended.stderr
    assert "kind: Deployment" in ended.stdout


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("kubectl", ["version", "--client"]),
        ("node", ["-e", "require('child_process').execSync('true'); setTimeout(() => console.log('end'), 9)"]),
        (PYTHON, ["-c", "from concurrent.futures import ThreadPoolExecutor as P; print(*P().map(abs, [-1]))"]),
        ("bash", ["-c", "cat <(echo a) | tr a b; echo $((1 + 1))"]),
        ("curl", ["--version"]),
        ("openssl", ["rand", "-hex", "4"]),
    ],
)
def test_programs_of_the_machine_run(room: Room, program: str, words: list[str]) -> None:
    if not shutil.which(program, path=PATH):
        pytest.skip(f"no {program} on the machine's own PATH")
    ended = room.run([program, *words], env={"PATH": PATH, "HOME": str(room.write)})
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout


def _give(room: Room, *folders: Path) -> None:
    if room.user == "ordinary" and os.geteuid() == 0:
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.lchown(path, ORDINARY, ORDINARY)
