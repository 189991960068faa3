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


def plans_markdown(call: Call, outcomes: Sequence[Outcome], limit: int) -> str:
    """The summary of plans, of at most `limit` bytes."""
    from bot.core.keys import PullKey
    from bot.core.run import Run
    from bot.core.trigger import Trigger, TriggerKind
    from bot.core.view import RunView
    from bot.templates import plan_comment

    run = Run(
        id="",
        kind=RunKind.PLAN,
        pull=PullKey(),
        state=State.DONE if all(outcome.content for outcome in outcomes) else State.FAILED,
        asked_by=call.user,
        trigger=Trigger(TriggerKind.SHELL),
        head=_head_commit(call, {outcome.top for outcome in outcomes}),
        base="",
        created_at=min(outcome.started_at for outcome in outcomes),
        ended_at=max(outcome.ended_at for outcome in outcomes),
    )
    return plan_comment(RunView(run, 0, "", tuple(map(_project_view, outcomes)), limit=limit))


def findings_markdown(findings: Sequence[Finding]) -> str:
    """The summary of a check."""
    from bot.templates import check_summary

    return check_summary(findings, sum(bool(finding.status) for finding in findings))


def _head_commit(call: Call, tops: set[Path]) -> str:
    """What is checked out, where all is of one repository."""
    return working_copy.commit(tops.pop(), call.environment.get("PATH", "")) if len(tops) == 1 else ""


def _project_view(outcome: Outcome) -> "ProjectView":
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
        started_at=outcome.started_at,
        ended_at=outcome.ended_at,
    )
    return ProjectView(row, outcome.content)
