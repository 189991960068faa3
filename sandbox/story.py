"""The story: push, plan, approve, apply, merge, roll back, step by step. Fails loudly when something does not come."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox import scenes
from sandbox.stage import Stage, WaitTimeout

SHOWN_LINES = 40


class Story:
    """Plays on a stage; `say` prints."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage, self._say = stage, say
        self._started_at = time.monotonic()

    def play(self) -> None:
        """Raises WaitTimeout when a step does not happen, or the end is not as the beginning."""
        stage = self._stage
        self._announce("setting up: the example repository is planned, approved, applied and merged")
        clone = scenes.bring_up(stage)
        before = _shop_state(stage)
        number = self._change(clone)
        self._approve_and_apply(number)
        revert_number = self._roll_back(number)
        stage.wait_for("the locks to be free", lambda: not scenes.has_locks(stage))
        self._compare(before)
        self._announce(f"done: #{number} was applied and taken back by #{revert_number}")

    def _change(self, clone: Path) -> int:
        stage = self._stage
        self._announce("alice pushes a change to the shop and opens a pull request")
        stage.alice.push(clone, scenes.change_shop(scenes.example_files()), "new-cart", "Ship cart 2.1.0")
        number = stage.alice.open_pull(stage.repo, "new-cart", "main", "Ship cart 2.1.0")
        plan = stage.wait_for_comment(number, "What blocks the apply")
        self._announce(f"the plan is on #{number}")
        self._print_comment(plan)
        return number

    def _approve_and_apply(self, number: int) -> None:
        stage = self._stage
        self._announce("bob approves what the plan shows; alice comments /apply")
        scenes.approve_and_apply(stage, number)
        stage.wait_for_merge(number)
        self._announce(f"#{number} is applied and merged")
        self._print_comment(stage.wait_for_comment(number, "Applied", "Merged as"))

    def _roll_back(self, number: int) -> int:
        stage = self._stage
        self._announce("alice comments /rollback")
        stage.alice.comment(stage.repo, number, "/rollback")
        open_pulls = stage.wait_for("the revert pull request", lambda: stage.alice.pulls(stage.repo))
        revert_number = int(open_pulls[0]["number"])
        self._print_comment(stage.wait_for_comment(number, open_pulls[0]["html_url"]))
        self._announce(f"the bot opened #{revert_number}: {open_pulls[0]['title']}")
        self._print_comment(stage.wait_for_comment(revert_number, "What blocks the apply"))
        self._announce("bob approves and merges it; its merge applies it")
        stage.bob.approve(stage.repo, revert_number)
        stage.wait_for_comment(revert_number, "1 of 1 approval")
        stage.bob.merge(stage.repo, revert_number)
        self._print_comment(stage.wait_for_comment(revert_number, "Applied"))
        return revert_number

    def _compare(self, before: dict[str, Any]) -> None:
        after = _shop_state(self._stage)
        if after != before:
            raise WaitTimeout(f"the state is not what it was:\nbefore {json.dumps(before)}\nafter  {json.dumps(after)}")
        self._announce("the state is what it was at the beginning")

    def _announce(self, text: str) -> None:
        self._say(f"\n[{time.monotonic() - self._started_at:5.1f} s] {text}")

    def _print_comment(self, comment: str) -> None:
        """A comment as people see it, without the hidden marker, the end left out when it is long."""
        lines = [line for line in comment.splitlines() if not line.startswith("<!--")]
        hidden_lines = len(lines) - SHOWN_LINES
        self._say("\n".join(f"    {line}" for line in lines[:SHOWN_LINES]))
        if hidden_lines > 0:
            self._say(f"    … {hidden_lines} more lines")


def _shop_state(stage: Stage) -> dict[str, Any]:
    """What the shop's state holds, by address: inputs and triggers. Ids are new where something was replaced."""
    files = [path for path in stage.data.glob("state/*/*/terraform.tfstate") if "shop" in str(path)]
    resources = json.loads(files[0].read_text())["resources"]
    return {
        f"{row.get('module', '')}.{row['type']}.{row['name']}": [
            {key: instance["attributes"][key] for key in ("input", "triggers_replace")} for instance in row["instances"]
        ]
        for row in resources
    }
