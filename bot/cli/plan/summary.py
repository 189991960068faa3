"""Markdown for a pipeline's page: plans at the shell as the comment on a pull request would tell them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli import working_copy
from bot.cli.call import Call
from bot.cli.check.finding import Finding
from bot.cli.plan.outcome import Outcome
from bot.core.run import RunKind, State

if TYPE_CHECKING:
    from bot.core.view import ProjectView


def of_plans(call: Call, outcomes: Sequence[Outcome], limit: int) -> str:
    from bot.core.run import Run
    from bot.core.view import RunView
    from bot.templates import plan_comment

    run = Run(
        id="",
        kind=RunKind.PLAN,
        pull="",
        state=State.DONE if all(outcome.content for outcome in outcomes) else State.FAILED,
        asked_by=call.user,
        why="shell",
        head=_commit(call, {outcome.top for outcome in outcomes}),
        base="",
        created_at=min(outcome.begun for outcome in outcomes),
        ended_at=max(outcome.ended for outcome in outcomes),
    )
    return plan_comment(RunView(run, 0, "", tuple(map(_view, outcomes)), limit=limit))


def of_findings(findings: Sequence[Finding]) -> str:
    from bot.templates import check_summary

    return check_summary(findings, sum(bool(finding.status) for finding in findings))


def _commit(call: Call, tops: set[Path]) -> str:
    """What is checked out, where all is of one repository."""
    return working_copy.commit(tops.pop(), call.environment.get("PATH", "")) if len(tops) == 1 else ""


def _view(outcome: Outcome) -> "ProjectView":
    from bot.core.plan import Counts
    from bot.core.project import Rules
    from bot.core.run import RunProject
    from bot.core.view import ProjectView

    row = RunProject(
        run="",
        project=outcome.project,
        rules=Rules(),
        state=outcome.state,
        counts=outcome.content.counts if outcome.content else Counts(),
        note=outcome.note,
        output=f"{outcome.output}{outcome.hint}",
        started_at=outcome.begun,
        ended_at=outcome.ended,
    )
    return ProjectView(row, outcome.content)
