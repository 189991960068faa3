"""A store that was put back from a copy: what the forge shows is true, and nothing is applied until a person looked."""

import contextlib
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.acting import ONE, approved, begin, bots_comments, plan_comment, propose, state_of
from tests.e2e.shell import shell
from tests.staging import Stage

STORES = ("store.sqlite", "engine.sqlite")
UNMERGED = "version: 1\nmerge: manual\n"
SLOW = ONE.replace("}\n", '  provisioner "local-exec" {\n    command = "sleep 4"\n  }\n}\n')


def test_what_was_applied_since_the_copy_is_not_applied_again(stages: Callable[..., Stage], tmp_path: Path) -> None:
    stage = stages()
    clone = begin(stage, {"gitops.yaml": UNMERGED})
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    _stop(stage)
    shutil.copytree(stage.data, tmp_path / "copy")
    stage.start_bot()
    words = _apply(stage, number)
    _stop(stage)
    shutil.rmtree(stage.data)
    shutil.copytree(tmp_path / "copy", stage.data)
    stage.start_bot()
    stage.wait_for("the freeze", lambda: "older than what was done" in plan_comment(stage, number))
    assert _applies(stage, number) == [words]
    assert state_of(stage, "net") == ""  # as it was copied: nobody applied it again
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "not carried out", "gitops-bot thaw")
    shell(stage, "thaw")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "not carried out", "was applied since")
    planning = stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for("a new plan", lambda: "rocket" in stage.alice.reactions(stage.repo, planning))
    stage.wait_for_comment(number, "1 of 1 approval")
    _apply(stage, number)
    assert len(_applies(stage, number)) == 2


def test_an_apply_that_ran_while_it_was_copied_keeps_its_words(stages: Callable[..., Stage], tmp_path: Path) -> None:
    stage = stages()
    clone = begin(stage, {"gitops.yaml": UNMERGED})
    number = propose(stage, clone, {"net/main.tf": SLOW})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    for name in STORES:
        _copy(stage.data / name, tmp_path / name)
    words = stage.wait_for_comment(number, "Applied")
    _stop(stage)
    for name in STORES:
        for path in stage.data.glob(f"{name}*"):
            path.unlink()
        shutil.copy(tmp_path / name, stage.data / name)
    stage.start_bot()
    stage.wait_for("the freeze", lambda: "older than what was done" in plan_comment(stage, number))
    stage.wait_for("the end of the run", lambda: '"running"' not in shell(stage, "runs", "--json"))
    assert _applies(stage, number) == [words]
    assert state_of(stage, "net").count('"serial": 1,') == 1


@pytest.mark.parametrize("command", ["/unlock", "/cancel", "/rollback", "/help"])
def test_an_answered_command_is_not_answered_again(stage: Stage, tmp_path: Path, command: str) -> None:
    clone = begin(stage, {"gitops.yaml": UNMERGED})
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    _stop(stage)
    shutil.copytree(stage.data, tmp_path / "copy")
    stage.start_bot()
    before = len(bots_comments(stage, number))
    stage.alice.comment(stage.repo, number, command)
    stage.wait_for("its answer", lambda: len(bots_comments(stage, number)) > before)
    _stop(stage)
    shutil.rmtree(stage.data)
    shutil.copytree(tmp_path / "copy", stage.data)
    answers = bots_comments(stage, number)[before:]
    stage.start_bot()
    later = stage.alice.comment(stage.repo, number, "/cancel --nothing")
    stage.wait_for("the answer to a later one", lambda: "confused" in stage.alice.reactions(stage.repo, later))
    stage.wait_for_comment(number, "--nothing")
    assert bots_comments(stage, number)[before:-1] == answers
    assert "nothing to" not in "".join(bots_comments(stage, number)[before + len(answers) :])


def _apply(stage: Stage, number: int) -> str:
    """`/apply`, and what its comment says in the end."""
    before = len(_applies(stage, number))
    comment = stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the apply's end", lambda: "rocket" in stage.alice.reactions(stage.repo, comment))
    stage.wait_for("its words", lambda: [body for body in _applies(stage, number)[before:] if "<!-- ended" in body])
    return _applies(stage, number)[before]


def _applies(stage: Stage, number: int) -> list[str]:
    return [body for body in bots_comments(stage, number) if '"topic": "apply:' in body]


def _stop(stage: Stage) -> None:
    assert stage.kill_bot(signal.SIGTERM) == 0


def _copy(source: Path, target: Path) -> None:
    """As `sqlite3 store.sqlite ".backup FILE"` does."""
    with contextlib.closing(sqlite3.connect(source)) as live, contextlib.closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
