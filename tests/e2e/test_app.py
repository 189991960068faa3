"""The whole bot as a GitHub App: plan, apply, merge, with check runs for statuses."""

from tests.e2e.acting import ONE, TWO, approved, begin, plan_comment, propose
from tests.e2e.app_stage import AppStage, app_stage  # noqa: F401  # a fixture

BROKEN = 'resource "terraform_data" "one" {\n  input = "1"\n  inputt = "2"\n}\n'


def test_an_app_plans_applies_and_merges_under_branch_protection(app_stage: AppStage) -> None:  # noqa: F811
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


def test_a_failed_plan_stands_at_its_line_and_re_run_plans_again(app_stage: AppStage) -> None:  # noqa: F811
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


def test_an_answer_is_folded_away_by_the_next(app_stage: AppStage) -> None:  # noqa: F811
    stage = app_stage
    clone = begin(stage, {"infra/main.tf": ONE})
    number = propose(stage, clone, {"infra/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/aply")
    stage.wait_for_comment(number, "/aply")
    stage.alice.comment(stage.repo, number, "/help")

    def folded() -> list[str]:
        return [comment["body"] for comment in stage.alice.comments(stage.repo, number) if comment["minimized"]]

    [answer] = stage.wait_for("the first answer to be folded", folded)
    assert "/aply" in answer
