"""`apply: approval`: what begins by itself when the gate opens, and what then begins by a person's word alone."""

from pathlib import Path

from tests.e2e.acting import ONE, begin, bots_comments, plan_comment, propose, slow, state_of
from tests.staging import Stage

WHEN_PLANNED = "version: 1\ndefaults:\n  apply: approval\n  require: []\n"
TWO_MODES = "version: 1\nprojects:\n  - dir: a\n    apply: comment\n    require: []\n  - dir: b\n    apply: approval\n"
ACCIDENT = 'resource "terraform_data" "NAME" {\n  provisioner "local-exec" {\n    command = "COMMAND"\n  }\n}\n'
FAILS = ACCIDENT.replace("COMMAND", "exit 3")


def test_what_failed_begins_again_by_a_command_alone(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": WHEN_PLANNED})
    number = propose(stage, clone, {"net/main.tf": FAILS.replace("NAME", "first")})
    stage.wait_for_comment(number, "exit status 3")
    stage.wait_for("the plan of what is left", lambda: "1 to replace" in plan_comment(stage, number))
    _plan_and_apply(stage, number)
    assert len(_applies(stage, number)) == 2
    _mend(stage, clone)
    stage.wait_for_merge(number)  # another commit is another try, and its plan needs no approval here
    assert "first" in state_of(stage, "net")


def test_what_was_cancelled_begins_again_by_a_command_alone(stage: Stage) -> None:
    waits = ACCIDENT.replace("COMMAND", "sleep 60").replace("NAME", "slow")
    clone = begin(stage, {"gitops.yaml": WHEN_PLANNED})
    number = propose(stage, clone, {"net/main.tf": waits})
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.bob.comment(stage.repo, number, "/cancel")
    stage.wait_for_comment(number, "interrupted")
    stage.wait_for("the plan of what is left", lambda: "1 to replace" in plan_comment(stage, number))
    _plan(stage, number)
    assert len(_applies(stage, number)) == 1


def test_an_approval_while_an_apply_runs_is_followed_after_it(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": TWO_MODES})
    number = propose(stage, clone, {"a/main.tf": slow(8), "b/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/apply -p a")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.bob.approve(stage.repo, number)
    stage.wait_for_merge(number)
    assert "terraform_data" in state_of(stage, "b")
    assert not [body for body in bots_comments(stage, number) if "not carried out" in body]


def _plan(stage: Stage, number: int) -> None:
    comment = stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for("the plan", lambda: "rocket" in stage.alice.reactions(stage.repo, comment))


def _plan_and_apply(stage: Stage, number: int) -> None:
    """Both by a person; the second waits for all that the first begins."""
    before = len(_applies(stage, number))
    _plan(stage, number)
    comment = stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the apply's end", lambda: "confused" in stage.alice.reactions(stage.repo, comment))
    stage.wait_for("its comment", lambda: len(_applies(stage, number)) > before)


def _mend(stage: Stage, clone: Path) -> None:
    stage.alice.git(clone, "checkout", "--quiet", "change")
    stage.alice.push(clone, {"net/main.tf": FAILS.replace("NAME", "first").replace("exit 3", "true")}, "change", "Mend")


def _applies(stage: Stage, number: int) -> list[str]:
    return [body for body in bots_comments(stage, number) if '"topic": "apply' in body]
