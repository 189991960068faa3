"""The story: push, plan, approve, apply, merge, roll back, step by step. Fails loudly when something does not come."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox import scenes
from sandbox.stage import Stage, Waited

SHOWN_LINES = 40


class Story:
    """Plays on a stage; `say` prints."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage, self._say = stage, say
        self._began = time.monotonic()

    def play(self) -> None:
        """Raises Waited when a step does not happen, or the end is not as the beginning."""
        stage = self._stage
        self._step("setting up: the example repository is planned, approved, applied and merged")
        clone = scenes.bring_up(stage)
        before = _state(stage)
        number = self._change(clone)
        self._approve_and_apply(number)
        back = self._roll_back(number)
        stage.wait_for("the locks to be free", lambda: not scenes.list_locks(stage))
        self._compare(before)
        self._step(f"done: #{number} was applied and taken back by #{back}")

    def _change(self, clone: Path) -> int:
        stage = self._stage
        self._step("alice pushes a change to the shop and opens a pull request")
        stage.alice.push(clone, scenes.changed_shop(scenes.example()), "new-cart", "Ship cart 2.1.0")
        number = stage.alice.open_pull(stage.repo, "new-cart", "main", "Ship cart 2.1.0")
        plan = stage.comment_with(number, "What blocks the apply")
        self._step(f"the plan is on #{number}")
        self._show(plan)
        return number

    def _approve_and_apply(self, number: int) -> None:
        stage = self._stage
        self._step("bob approves what the plan shows; alice comments /apply")
        scenes.approve_and_apply(stage, number)
        stage.merged(number)
        self._step(f"#{number} is applied and merged")
        self._show(stage.comment_with(number, "Applied", "Merged as"))

    def _roll_back(self, number: int) -> int:
        stage = self._stage
        self._step("alice comments /rollback")
        stage.alice.comment(stage.repo, number, "/rollback")
        opened = stage.wait_for("the revert pull request", lambda: stage.alice.pulls(stage.repo))
        back = int(opened[0]["number"])
        self._show(stage.comment_with(number, opened[0]["html_url"]))
        self._step(f"the bot opened #{back}: {opened[0]['title']}")
        self._show(stage.comment_with(back, "What blocks the apply"))
        self._step("bob approves and merges it; its merge applies it")
        stage.bob.approve(stage.repo, back)
        stage.comment_with(back, "1 of 1 approval")
        stage.bob.merge(stage.repo, back)
        self._show(stage.comment_with(back, "Applied"))
        return back

    def _compare(self, before: dict[str, Any]) -> None:
        after = _state(self._stage)
        if after != before:
            raise Waited(f"the state is not what it was:\nbefore {json.dumps(before)}\nafter  {json.dumps(after)}")
        self._step("the state is what it was at the beginning")

    def _step(self, text: str) -> None:
        self._say(f"\n[{time.monotonic() - self._began:5.1f} s] {text}")

    def _show(self, comment: str) -> None:
        """A comment as people see it, without the hidden marker, the end left out when it is long."""
        lines = [line for line in comment.splitlines() if not line.startswith("<!--")]
        left = len(lines) - SHOWN_LINES
        self._say("\n".join(f"    {line}" for line in lines[:SHOWN_LINES]))
        if left > 0:
            self._say(f"    … {left} more lines")


def _state(stage: Stage) -> dict[str, Any]:
    """What the shop's state holds, by address: inputs and triggers. Ids are new where something was replaced."""
    files = [path for path in stage.data.glob("state/*/*/terraform.tfstate") if "shop" in str(path)]
    resources = json.loads(files[0].read_text())["resources"]
    return {
        f"{row.get('module', '')}.{row['type']}.{row['name']}": [
            {key: one["attributes"][key] for key in ("input", "triggers_replace")} for one in row["instances"]
        ]
        for row in resources
    }
