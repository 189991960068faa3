"""The whole bot as a GitHub App: plan, apply, merge, with check runs for statuses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.hosts.github.rights import EVENTS, PERMISSIONS
from sandbox.stage import _free_port
from tests.e2e.acting import ONE, TWO, approved, begin, plan_comment, propose
from tests.e2e.conftest import QUICK
from tests.hosts.published.records import new_record
from tests.staging import Stage

BROKEN = 'resource "terraform_data" "one" {\n  input = "1"\n  inputt = "2"\n}\n'


class AppStage(Stage):
    """The same, but the bot is an App that is installed where the repository is, and is told by its own webhook."""

    def __enter__(self) -> "AppStage":
        super().__enter__()
        [hook] = self.alice.api("GET", f"/repos/{self.repo}/hooks")
        self.alice.api("DELETE", f"/repos/{self.repo}/hooks/{hook['id']}")
        return self

    def _create_repository(self) -> None:
        super()._create_repository()
        self.bot_url = f"http://127.0.0.1:{_free_port()}"
        hooked = {"url": f"{self.bot_url}/webhooks/github"}
        manifest = {"name": "acme gitops", "default_permissions": PERMISSIONS, "default_events": EVENTS}
        self.app = self.forge.app("acme", manifest | {"hook_attributes": hooked})
        self.forge.install(self.app["id"], "acme", repos=[self.repo])
        self.bot = replace(self.bot, login=f"{self.app['slug']}[bot]")

    def environment(self) -> dict[str, str]:
        theirs = super().environment()
        del theirs["GITOPS_BOT_GITHUB__TOKEN"]
        own = {
            "APP_ID": str(self.app["id"]),
            "PRIVATE_KEY": self.app["pem"],
            "WEBHOOK_SECRET": self.app["webhook_secret"],
        }
        return theirs | {f"GITOPS_BOT_GITHUB__{key}": value for key, value in own.items()}

    def check(self, number: int, name: str, state: str) -> dict[str, Any]:
        """Wait for a check run of the pull's head: a conclusion, or a status."""

        def look() -> dict[str, Any] | None:
            sha = self.alice.pull(self.repo, number)["head"]["sha"]
            run = self.alice.check_runs(self.repo, sha).get(name)
            return run if run and state in (run["conclusion"], run["status"]) else None

        return self.wait_for(f"check run {name} to be {state}", look)


@pytest.fixture
def app_stage(tmp_path: Path) -> Iterator[AppStage]:
    stage = AppStage(tmp_path / "stage", QUICK)
    stage.record = new_record()
    with stage:
        yield stage


def test_an_app_plans_applies_and_merges_under_branch_protection(app_stage: AppStage) -> None:
    stage = app_stage
    required = ["gitops-bot/plan", "gitops-bot/apply"]
    stage.forge.control("PUT", f"/repos/{stage.repo}/required/main", contexts=required)
    clone = begin(stage, {"infra/main.tf": ONE})
    stage.forge.end_tokens()
    number = propose(stage, clone, {"infra/main.tf": TWO})
    approved(stage, number)
    planned = stage.check(number, "gitops-bot/plan", "success")
    assert "infra" in planned["output"]["summary"]
    stage.check(number, "gitops-bot/apply", "in_progress")
    stage.alice.comment(stage.repo, number, "/apply")
    merged = stage.wait_for_merge(number)
    assert merged["merged_by"]["login"] == "acme-gitops[bot]"
    stage.wait_for_comment(number, "Applied", "Merged as")
    stage.check(number, "gitops-bot/apply", "success")
    assert not stage.alice.statuses(stage.repo, merged["head"]["sha"])


def test_a_failed_plan_stands_at_its_line_and_re_run_plans_again(app_stage: AppStage) -> None:
    stage = app_stage
    clone = begin(stage, {"infra/main.tf": ONE})
    number = propose(stage, clone, {"infra/main.tf": BROKEN})
    failed = stage.check(number, "gitops-bot/plan", "failure")
    [annotation] = stage.alice.annotations(stage.repo, failed["id"])
    assert (annotation["path"], annotation["start_line"]) == ("infra/main.tf", 3)
    assert "Unsupported argument" in annotation["title"]
    stage.alice.session.post(f"{stage.forge.url}/{stage.repo}/pull/{number}", data={"do": "rerun"}).raise_for_status()
    stage.wait_for(
        "the check to be run again", lambda: stage.check(number, "gitops-bot/plan", "failure")["id"] != failed["id"]
    )
    assert "inputt" in plan_comment(stage, number)


def test_an_answer_is_folded_away_by_the_next(app_stage: AppStage) -> None:
    stage = app_stage
    clone = begin(stage, {"infra/main.tf": ONE})
    number = propose(stage, clone, {"infra/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/aply")
    stage.wait_for_comment(number, "/aply")
    stage.alice.comment(stage.repo, number, "/help")

    def folded() -> list[str]:
        return [one["body"] for one in stage.alice.comments(stage.repo, number) if one["minimized"]]

    [answer] = stage.wait_for("the first answer to be folded", folded)
    assert "/aply" in answer
