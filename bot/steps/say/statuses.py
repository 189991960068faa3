"""What the commit statuses `gitops-bot/plan` and `gitops-bot/apply` say: one each per pull. Sets none."""

import hashlib
import posixpath
from collections.abc import Sequence

from bot import templates
from bot.core.gate import APPLY_STATUS, PLAN_STATUS
from bot.core.lifecycle import to_apply
from bot.core.plan import Notice, Severity
from bot.core.project import ApplyMode
from bot.core.pull import Annotation, CheckState, PullState, Status
from bot.core.run import Plan, PlanState, RunKind, State
from bot.core.view import ProjectView, RunView
from bot.steps.say.views import RunRecords
from bot.templates.escape import code, text
from bot.templates.tally import MAX_KINDS_IN_LINE, sum_counts
from bot.templates.wording import describe_counts, quantity

MODULES = ".terraform"
MOST_ANNOTATIONS, MOST_LISTED = 200, 200


def run_statuses(records: RunRecords, view: RunView, by_project: bool) -> list[Status]:
    """What the statuses of the run's head are to say; `by_project`: one for each project too."""
    if view.run.kind is RunKind.PLAN:
        return _plan_statuses(records, view, by_project)
    if view.run.state is State.DONE:
        return [_unapplied_status(records, view)]
    state, description = templates.apply_status(view)
    return [Status(APPLY_STATUS, state, description, view.url)]


def _plan_statuses(records: RunRecords, view: RunView, by_project: bool) -> list[Status]:
    """Both statuses after a plan: what it came to, and what is left to apply."""
    state, description = templates.plan_status(view)
    extras = _summary(view), annotations(view)
    statuses = [Status(PLAN_STATUS, state, description, view.url, *(extras if view.run.state.ended else ()))]
    if by_project:
        for project in view.projects:
            name = f"{PLAN_STATUS}: {project.row.project.name}"
            statuses.append(Status(name, _check_state(project.row.state), project.row.state.value, view.url))
    return [*statuses, _unapplied_status(records, view)] if view.run.state.ended else statuses


def _unapplied_status(records: RunRecords, view: RunView) -> Status:
    """The apply status from what is left: success when everything is applied, or will be by the merge.

    After an apply of this commit that failed it stays failed, though a new plan is there, until the next apply.
    """
    last, sha, url = records.last_apply, records.run.head, view.url
    over = (PlanState.APPLIED, PlanState.SUPERSEDED)
    unapplied = [plan for id in records.pull_plans if (plan := records.plans[id]).state not in over]
    unapplied = to_apply(unapplied)
    is_merged = records.pull.state is PullState.MERGED
    due = [p for p in unapplied if is_merged or p.rules.apply is not ApplyMode.MERGE or p.state is PlanState.GONE]
    if due:
        failed = last and last.head == sha and last.state in (State.FAILED, State.UNKNOWN)
        description = _describe_unapplied(unapplied, len(unapplied) - len(due))
        description += f"; {_unplanned_phrase(records)}" if records.unplanned else ""
        description += "; the last apply failed" if failed else ""
        return Status(APPLY_STATUS, CheckState.FAILURE if failed else CheckState.PENDING, description, url)
    if records.unplanned:
        return Status(APPLY_STATUS, CheckState.PENDING, f"nothing can be applied: {_unplanned_phrase(records)}", url)
    if unapproved := _unapproved_names(records, view):
        description = f"to be approved, as it changes what later applies run: {', '.join(unapproved)}"
        return Status(APPLY_STATUS, CheckState.PENDING, description, url)
    if unapplied:
        description = f"{quantity(len(unapplied), 'project')} will be applied by the merge"
        return Status(APPLY_STATUS, CheckState.SUCCESS, description, url)
    return Status(APPLY_STATUS, CheckState.SUCCESS, "nothing is left to apply", url)


def _describe_unapplied(unapplied: Sequence[Plan], by_merge: int) -> str:
    """Say of how many projects the comment shows something that is not applied, and what that is, in its words."""
    stale = sum(plan.state is not PlanState.CURRENT for plan in unapplied)
    phrases = [
        f"{quantity(len(unapplied), 'project')} to apply",
        f"{by_merge} of them by the merge" if by_merge else "",
        f"{stale} of them to be planned again" if stale else "",
    ]
    objects = describe_counts(sum_counts([plan.content.counts for plan in unapplied]), MAX_KINDS_IN_LINE)
    return f"{', '.join(phrase for phrase in phrases if phrase)}: {objects}"


def _unplanned_phrase(records: RunRecords) -> str:
    return f"{quantity(records.unplanned, 'project')} without a plan"


def _unapproved_names(records: RunRecords, view: RunView) -> list[str]:
    """Projects of which nothing is to be applied, and something to be approved: all, where the gate was not asked."""
    names = [plan.project.name for plan in records.to_approve_only]
    unmet = {demand.project for demand in view.demands if not demand.met}
    return [name for name in names if name in unmet or not view.demands]


def status_content(status: Status) -> str:
    """What a status says, to tell whether it says so already."""
    return f"{status.state} {status.description} {status.url}{_fingerprint(status)}"


def annotations(view: RunView) -> tuple[Annotation, ...]:
    """What the tools said of lines of files: why a plan failed, and what they warn of; failures first."""
    failed = [_failure_annotation(project) for project in view.projects if project.row.state is State.FAILED]
    noticed = [
        _notice_annotation(project.row.project.dir, notice) for project in view.projects for notice in _notices(project)
    ]
    unique = dict.fromkeys(filter(None, (*failed, *noticed)))  # a module that two projects use warns once
    return tuple(sorted(unique, key=lambda note: (not note.fails, note.path, note.line)))[:MOST_ANNOTATIONS]


def _failure_annotation(project: ProjectView) -> Annotation | None:
    """A failed row's first error, where the tool told its place."""
    row = project.row
    return _annotation(row.project.dir, row.where, Notice(Severity.ERROR, row.summary, row.output))


def _notices(project: ProjectView) -> tuple[Notice, ...]:
    return project.content.notices if project.content else ()


def _notice_annotation(directory: str, notice: Notice) -> Annotation | None:
    return _annotation(directory, notice.where, notice)


def _annotation(directory: str, where: str, notice: Notice) -> Annotation | None:
    """None where the tool named no line, or one of a file that is not the repository's own."""
    name, _, line = where.rpartition(":")
    path = posixpath.normpath(posixpath.join(directory, name))
    if not name or not line.isdecimal() or path.startswith(("/", "../")) or f"/{MODULES}/" in f"/{path}":
        return None
    message = notice.detail or notice.summary
    return Annotation(path, max(1, int(line)), notice.summary, message, notice.severity is Severity.ERROR)


def _summary(view: RunView) -> str:
    """A line a project: its name, what became of it, what it would change."""
    listed = view.projects[:MOST_LISTED]
    lines = [f"- {code(project.row.project.name)}: {project.row.state.value}{_row_text(project)}" for project in listed]
    hidden = len(view.projects) - len(listed)
    return "\n".join([*lines, *([f"- … and {hidden} more"] if hidden else [])])


def _row_text(project: ProjectView) -> str:
    detail = text(project.row.note) if project.row.note else describe_counts(project.row.counts)
    return f", {detail}" if detail else ""


def _fingerprint(status: Status) -> str:
    """Tells two statuses apart that differ in what only some forges show."""
    extras = f"{status.summary}{status.annotations}" if status.summary or status.annotations else ""
    return f" {hashlib.sha256(extras.encode()).hexdigest()[:12]}" if extras else ""


def _check_state(state: State) -> CheckState:
    if not state.ended:
        return CheckState.PENDING
    return CheckState.SUCCESS if state in (State.DONE, State.SKIPPED) else CheckState.FAILURE
