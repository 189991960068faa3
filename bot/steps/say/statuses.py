"""The commit statuses `gitops-bot/plan` and `gitops-bot/apply`: one each per pull, set only where they changed."""

import hashlib
import posixpath
import re

from bot import templates
from bot.bot import Bot
from bot.core.plan import Notice, Severity
from bot.core.project import ApplyMode
from bot.core.pull import Annotation, CheckState, Pull, PullState, Status
from bot.core.run import PlanState, RunKind, State
from bot.core.view import ProjectView, RunView
from bot.store import comment_slots, plans, runs
from bot.templates.escape import code, text
from bot.templates.wording import describe_counts

PLAN, APPLY = "gitops-bot/plan", "gitops-bot/apply"
MODULES = ".terraform"
MOST_ANNOTATIONS, MOST_LISTED = 200, 200
PLACE_AT_END = re.compile(r"\(([^()]+:[0-9]+)\)$")


def report_plan(bot: Bot, pull: Pull, view: RunView) -> None:
    """Both statuses after a plan: what it came to, and what is left to apply."""
    state, description = templates.plan_status(view)
    extras = _summary(view), annotations(view)
    status = Status(PLAN, state, description, view.url, *(extras if view.run.state.ended else ()))
    set_status(bot, pull, view.run.head, status)
    if bot.project_status:
        for project in view.projects:
            name = f"{PLAN}: {project.row.project.name}"
            status = Status(name, _check_state(project.row.state), project.row.state.value, view.url)
            set_status(bot, pull, view.run.head, status)
    if view.run.state.ended:
        report_unapplied(bot, pull, view.run.head, view.url)


def report_apply(bot: Bot, pull: Pull, view: RunView) -> None:
    """The apply status while an apply runs and when it ended."""
    if view.run.state is State.DONE:
        report_unapplied(bot, pull, view.run.head, view.url)
        return
    state, description = templates.apply_status(view)
    set_status(bot, pull, view.run.head, Status(APPLY, state, description, view.url))


def report_unapplied(bot: Bot, pull: Pull, sha: str, url: str | None) -> None:
    """The apply status from what is left: success when everything is applied, or will be by the merge.

    After an apply of this commit that failed it stays failed, though a new plan is there, until the next apply.
    """
    with bot.store.read() as tx:
        last = runs.latest(tx, pull.key, RunKind.APPLY)
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        rows = runs.projects(tx, newest.id) if newest else ()
        pull_plans = [plan for row in rows if row.plan and (plan := plans.get(tx, row.plan))]
        row_plans = {plan.id for plan in pull_plans}
        pull_plans += [plan for plan in plans.live(tx, pull.key) if plan.id not in row_plans]
    over = (PlanState.APPLIED, PlanState.SUPERSEDED)
    unapplied = [plan for plan in pull_plans if not plan.content.counts.empty and plan.state not in over]
    is_merged = pull.state is PullState.MERGED
    due = [p for p in unapplied if is_merged or p.rules.apply is not ApplyMode.MERGE or p.state is PlanState.GONE]
    if due:
        stale = sum(plan.state is not PlanState.CURRENT for plan in due)
        failed = last and last.head == sha and last.state in (State.FAILED, State.UNKNOWN)
        description = f"{len(due)} to apply" + (f", {stale} of them to be planned again" if stale else "")
        description += "; the last apply failed" if failed else ""
        set_status(
            bot, pull, sha, Status(APPLY, CheckState.FAILURE if failed else CheckState.PENDING, description, url)
        )
    elif unapplied:
        set_status(
            bot, pull, sha, Status(APPLY, CheckState.SUCCESS, f"{len(unapplied)} will be applied by the merge", url)
        )
    else:
        set_status(bot, pull, sha, Status(APPLY, CheckState.SUCCESS, "nothing is left to apply", url))


def set_status(bot: Bot, pull: Pull, sha: str, status: Status) -> None:
    """Set a status unless it says so already."""
    content = f"{status.state} {status.description} {status.url}{_fingerprint(status)}"
    with bot.store.read() as tx:
        last = comment_slots.written_status(tx, pull.key, status.name)
    if last == (sha, content):
        return
    bot.host(pull.repository).status(pull.repository, sha, status)
    with bot.store.begin() as tx:
        comment_slots.record_status(tx, pull.key, status.name, sha, content)


def annotations(view: RunView) -> tuple[Annotation, ...]:
    """What the tools said of lines of files: why a plan failed, and what they warn of; failures first."""
    failed = [_failure_annotation(project) for project in view.projects if project.row.state is State.FAILED]
    noticed = [
        _notice_annotation(project.row.project.dir, notice) for project in view.projects for notice in _notices(project)
    ]
    unique = dict.fromkeys(filter(None, (*failed, *noticed)))  # a module that two projects use warns once
    return tuple(sorted(unique, key=lambda note: (not note.fails, note.path, note.line)))[:MOST_ANNOTATIONS]


def _failure_annotation(project: ProjectView) -> Annotation | None:
    """A failed row's note ends with the place of its first error, `… (main.tf:12)`, where the tool told it."""
    note = project.row.note
    place = PLACE_AT_END.search(note)
    if place is None:
        return None
    summary = note[: place.start()].rstrip()
    return _annotation(project.row.project.dir, place[1], Notice(Severity.ERROR, summary, project.row.output))


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
