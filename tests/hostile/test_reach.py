"""What the code of an unapproved pull request once reached, each by name; `tests/cage` tries everything else.

The attacker has write access and opens a pull request: with a provider of their own, or with HCL alone.
"""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cage.raiding import attack, end_survivors, outcomes, treasures
from tests.cage.targets import Targets, targets
from tests.e2e.acting import ONE, TWO, approved, begin, bots_comments, left, propose, slow
from tests.git.children import descendants, readable
from tests.staging import Stage

pytestmark = pytest.mark.timeout(300)

MARKED = "#!/bin/sh\necho ran >> HERE/ran\n"
IN_TURN = "version: 1\nprojects:\n  - dir: a\n  - dir: b\n    depends_on: [a]\n"
RUNS = 'resource "terraform_data" "b" {\n  provisioner "local-exec" {\n    command = "sh ./run.sh"\n  }\n}\n'


def raided(stage: Stage, top: Path, *only: str, survivors: int = 0, **files: str) -> dict[str, str]:
    """Have the provider try the probes whose names begin so; those that succeeded, with what they got."""
    clone = begin(stage, {"net/main.tf": ONE})
    stage.wait_for_comment(propose(stage, clone, {"net/main.tf": TWO}, "earlier"), "What blocks the apply")
    with targets(top / "targets", data=stage.data) as aims:
        aims = aims.having(files=treasures(stage) | files, bot=stage.bot_pid, only=only, survivors=survivors)
        tried = outcomes(stage, attack(stage, clone, aims))
        survived = end_survivors(aims.mark)
    assert tried
    got = {name: outcome for name, outcome in tried.items() if outcome.startswith("yes: ")}
    return got | dict.fromkeys(survived, "yes: it is left")


def test_the_forges_token_is_in_no_environment_and_no_argument_of_a_program(stage: Stage) -> None:
    """R1: read from `/proc/PID/environ` of git, which anybody of the same user may read once it runs."""
    stage.forge.faults(latency_ms=300)  # so that who talks to the forge is seen
    number = propose(stage, begin(stage), {"net/main.tf": ONE})
    seen = set[bytes]()
    with ThreadPoolExecutor(1) as pool:
        planned = pool.submit(lambda: stage.wait_for_comment(number, "What blocks the apply", patience=120))
        while not planned.done():
            seen.update(map(readable, descendants(stage.bot_pid)))
    assert planned.result()
    seen = {text for text in seen if b"serve" not in text.split(b"\0")}  # the bot itself, about to run something
    assert any(b"git" in text and b"fetch" in text for text in seen)
    for user in ("", "x-access-token:", f"{stage.bot.login}:"):
        form = f"{user}{stage.bot.token}".encode()
        assert not [text for text in seen if form in text or base64.b64encode(form) in text]


def test_a_plan_neither_reads_nor_writes_what_the_bot_keeps(stage: Stage, tmp_path: Path) -> None:
    """R2: the vault's key, states, plans and logs were read, and an approval was written into the database."""
    assert not raided(stage, tmp_path, "file: ", "folder: ")


def test_nothing_that_left_its_session_outlives_a_plan(stage: Stage, tmp_path: Path) -> None:
    """R3: a process that was left rewrote another pull request's checkout before its approved apply."""
    assert not raided(stage, tmp_path, "survive: ", survivors=60)


def test_what_is_changed_in_a_checkout_after_the_plan_is_not_run_by_the_apply(
    stages: Callable[..., Stage], tmp_path: Path
) -> None:
    """R3: an approved apply ran files that were not those of its commit."""
    stage = stages()
    clone = begin(stage, {"gitops.yaml": IN_TURN})
    files = {"a/main.tf": slow(3), "b/main.tf": RUNS, "b/run.sh": "echo sound\n"}
    number = propose(stage, clone, files)
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    for script in stage.data.glob("checkouts/*/b/run.sh"):
        script.write_text("echo evil-$((40 + 2))\n")
    stage.wait_for("the end", lambda: _is_over(stage, number))
    assert not [path for path, content in left(stage).items() if b"evil-42" in content]
    assert not [body for body in bots_comments(stage, number) if "evil-42" in body]


def _is_over(stage: Stage, number: int) -> bool:
    """The apply's comment says of `b` that it was applied or why not, or the pull is merged."""
    pull = stage.alice.pull(stage.repo, number)
    return bool(pull["merged"]) or any("🚫" in body or "❌ `b`" in body for body in bots_comments(stage, number)[1:])


def test_what_is_written_into_a_mirror_is_not_run_by_the_bots_git(stage: Stage, tmp_path: Path) -> None:
    """R4: `core.sshCommand`, `insteadOf` of a mirror's configuration ran with the token in reach, as hooks would."""
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    (mirror,) = stage.data.glob("mirrors/*.git")
    program = tmp_path / "marked"
    program.write_text(MARKED.replace("HERE", str(tmp_path)))
    program.chmod(0o755)
    with (mirror / "config").open("a") as configuration:
        configuration.write(
            f"[core]\n\tsshCommand = {program}\n\tfsmonitor = {program}\n\thooksPath = {mirror}/hooks\n"
        )
        configuration.write(f'[url "ssh://nowhere.example/"]\n\tinsteadOf = {stage.forge.url}/\n')
    (mirror / "hooks").mkdir(exist_ok=True)
    for hook in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        (mirror / "hooks" / hook).unlink(missing_ok=True)
        (mirror / "hooks" / hook).symlink_to(program)
    stage.alice.push(clone, {"net/more.tf": ONE.replace("one", "more")}, "change", "Another")
    stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    assert not (tmp_path / "ran").exists()


def test_the_secrets_of_a_command_beside_the_server_are_not_seen_by_a_plan(stage: Stage) -> None:
    """R5: `/proc/PID/environ` of `gitops-bot locks` had every secret of the operator."""
    clone = begin(stage)
    with standing_command(stage) as process:
        aims = Targets(mark=stage.bot.token, bot=stage.bot_pid, victim=process, only=("process: ", "proc: "))
        tried = outcomes(stage, attack(stage, clone, aims))
    secret = ("environ", "auxv", "maps", "memory", "descriptor", "root", "attach")
    whose = ("victim", "bot", "somebody")
    names = [name for name in tried if any(w in name for w in secret) and any(w in name for w in whose)]
    assert len(names) > len(secret)
    assert not [name for name in names if tried[name].startswith("yes: ")]


@contextmanager
def standing_command(stage: Stage) -> Iterator[int]:
    """`gitops-bot locks` with all that the server has, stopped as it begins; its process."""
    command = [sys.executable, "-m", "bot", "locks"]
    source = str(Path(__file__).resolve().parents[2])
    env = {"PYTHONPATH": source, **stage.environment()}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ["the vault's key", "the applier's kubeconfig", "the bot's environment"])
def test_what_terraform_reads_with_its_own_functions_is_not_the_bots(stage: Stage, tmp_path: Path, name: str) -> None:
    """R6: `file()` put the vault's key and the applier's kubeconfig into the comment."""
    kubeconfig, key = tmp_path / "kubeconfig", stage.data / "vault.key"
    kubeconfig.write_text("users: [{user: {token: the-appliers-own-token}}]\n")
    environment = f"/proc/{stage.bot_pid}/environ"
    path = {"the vault's key": key, "the applier's kubeconfig": kubeconfig, "the bot's environment": environment}[name]
    reads = f'output "stolen" {{\n  value = filebase64("{path}")\n}}\n'
    number = propose(stage, begin(stage), {"net/main.tf": reads, "beside/main.tf": ONE})
    comment = stage.wait_for_comment(number, "What blocks the apply", "beside")
    content = Path(path).read_bytes()
    for form in (content.decode(errors="replace").strip(), base64.b64encode(content).decode()):
        assert form not in comment
        assert form not in "".join(log.read_text(errors="replace") for log in stage.data.glob("logs/*/*"))


def test_a_plan_does_not_read_the_files_that_applies_are_authorised_by(stage: Stage, tmp_path: Path) -> None:
    """R7: plan code had what only an apply is to have; here a file, and the settings that name it."""
    kubeconfig = tmp_path / "applier.kubeconfig"
    kubeconfig.write_text("users: []\n")
    files = {"the operator's kubeconfig": str(kubeconfig)}
    assert not raided(stage, tmp_path, "file: read the operator", "file: write the operator", "environment: ", **files)
