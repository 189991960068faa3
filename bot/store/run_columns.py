"""How runs and their rows stand in columns. Used by `runs` alone."""

import json
from collections.abc import Mapping

import sqlalchemy as sa

from bot.core.keys import PullKey
from bot.core.plan import Counts
from bot.core.project import Project, Rules
from bot.core.run import Effects, Findings, Run, RunKind, RunProject, Selection, State, WaitReason
from bot.core.trigger import Trigger
from bot.store.columns import dump, load

NOTHING = ""
"""What a row waits for, in its column, that is to be started."""

SIGNED_OF_RUN = ("id", "kind", "pull", "asked_by", "why", "head", "base", "branch", "result", "selection")
SIGNED_OF_ROW = ("place", "plan", "project", "rules", "removed", "input_digest")


def signed_text(run: Mapping[str, object], row: Mapping[str, object]) -> str:
    """Write all that decides what is applied, of the columns of a row and its run; not the states, which move on."""
    fields = [run[name] for name in SIGNED_OF_RUN], [row[name] for name in SIGNED_OF_ROW]
    return f"stored row {json.dumps(fields)}"


def run_columns(run: Run) -> dict[str, object]:
    """What a run has in its columns."""
    return {
        "id": run.id,
        "kind": run.kind,
        "pull": run.pull,
        "state": run.state,
        "asked_by": run.asked_by,
        "why": str(run.trigger),
        "head": run.head,
        "base": run.base,
        "branch": run.branch,
        "result": run.result,
        "selection": dump(Selection, run.selection),
        "note": run.note,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
        "findings": dump(Findings, run.findings),
    }


def row_columns(row: RunProject) -> dict[str, object]:
    """What a row has in its columns."""
    return {
        "run": row.run,
        "place": row.project.place,
        "state": row.state,
        "plan": row.plan,
        "project": dump(Project, row.project),
        "rules": dump(Rules, row.rules),
        "counts": dump(Counts, row.counts),
        "note": row.note,
        "output": row.output,
        "waits_for": row.waits_for or NOTHING,
        "removed": row.removed,
        "input_digest": row.input_digest,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "error_where": row.where,
        "effects": dump(Effects, row.effects),
        "cage": row.cage,
        "network": row.network,
    }


def load_row(row: sa.Row[tuple[object, ...]]) -> RunProject:
    """The row that the columns hold."""
    return RunProject(
        run=row.run,
        project=load(Project, row.project),
        rules=load(Rules, row.rules),
        state=State(row.state),
        plan=row.plan,
        counts=load(Counts, row.counts),
        note=row.note,
        output=row.output,
        waits_for=wait_reason(row.waits_for),
        removed=row.removed,
        input_digest=row.input_digest,
        started_at=row.started_at,
        ended_at=row.ended_at,
        where=row.error_where,
        effects=load(Effects, row.effects) if row.effects else (),
        cage=row.cage,
        network=row.network,
    )


def wait_reason(stored: str) -> WaitReason | None:
    """What a row waits for; None for NOTHING."""
    return WaitReason(stored) if stored else None


def load_run(row: sa.Row[tuple[object, ...]]) -> Run:
    """The run that the columns hold."""
    return Run(
        id=row.id,
        kind=RunKind(row.kind),
        pull=PullKey(row.pull),
        state=State(row.state),
        asked_by=row.asked_by,
        trigger=Trigger.parse(row.why),
        head=row.head,
        base=row.base,
        branch=row.branch,
        result=row.result,
        selection=load(Selection, row.selection),
        note=row.note,
        findings=load(Findings, row.findings),
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
