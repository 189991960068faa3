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
from bot.store import plans, runs, topics
from bot.templates.escape import code, text
from bot.templates.words import told

PLAN, APPLY = "gitops-bot/plan", "gitops-bot/apply"
MODULES = ".terraform"
MOST_ANNOTATIONS, MOST_LISTED = 200, 200
PLACE_AT_END = re.compile(r"\(([^()]+:[0-9]+)\)$")


def say_plan(bot: Bot, pull: Pull, view: RunView) -> None:
    """Both statuses after a plan: what it came to, and what is left to apply."""
    state, words = templates.plan_status(view)
    more = _summary(view), annotations(view)
    put(bot, pull, view.run.head, Status(PLAN, state, words, view.url, *(more if view.run.state.ended else ())))
    if bot.project_status:
        for project in view.projects:
            name = f"{PLAN}: {project.row.project.name}"
            put(bot, pull, view.run.head, Status(name, _of_row(project.row.state), project.row.state.value, view.url))
    if view.run.state.ended:
        say_left(bot, pull, view.run.head, view.url)


def say_apply(bot: Bot, pull: Pull, view: RunView) -> None:
    """The apply status while an apply runs and when it ended."""
    if view.run.state is State.DONE:
        say_left(bot, pull, view.run.head, view.url)
        return
    state, words = templates.apply_status(view)
    put(bot, pull, view.run.head, Status(APPLY, state, words, view.url))


def say_left(bot: Bot, pull: Pull, sha: str, url: str | None) -> None:
    """The apply status from what is left: success when everything is applied, or will be by the merge.

    After an apply of this commit that failed it stays failed, though a new plan is there, until the next apply.
    """
    with bot.store.read() as tx:
        last = runs.latest(tx, pull.key, RunKind.APPLY)
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        rows = runs.projects(tx, newest.id) if newest else ()
        made = [plan for row in rows if row.plan and (plan := plans.get(tx, row.plan))]
        made += [plan for plan in plans.live(tx, pull.key) if plan.id not in {one.id for one in made}]
    done = (PlanState.APPLIED, PlanState.SUPERSEDED)
    left = [plan for plan in made if not plan.content.counts.empty and plan.state not in done]
    landed = pull.state is PullState.MERGED
    now = [p for p in left if landed or p.rules.apply is not ApplyMode.MERGE or p.state is PlanState.GONE]
    if now:
        stale = sum(plan.state is not PlanState.CURRENT for plan in now)
        failed = last and last.head == sha and last.state in (State.FAILED, State.UNKNOWN)
        words = f"{len(now)} to apply" + (f", {stale} of them to be planned again" if stale else "")
        words += "; the last apply failed" if failed else ""
        put(bot, pull, sha, Status(APPLY, CheckState.FAILURE if failed else CheckState.PENDING, words, url))
    elif left:
        put(bot, pull, sha, Status(APPLY, CheckState.SUCCESS, f"{len(left)} will be applied by the merge", url))
    else:
        put(bot, pull, sha, Status(APPLY, CheckState.SUCCESS, "nothing is left to apply", url))


def put(bot: Bot, pull: Pull, sha: str, status: Status) -> None:
    """Set a status unless it says so already."""
    what = f"{status.state} {status.description} {status.url}{_mark(status)}"
    with bot.store.read() as tx:
        said = topics.status_said(tx, pull.key, status.name)
    if said == (sha, what):
        return
    bot.host(pull.repository).status(pull.repository, sha, status)
    with bot.store.begin() as tx:
        topics.note_status(tx, pull.key, status.name, sha, what)


def annotations(view: RunView) -> tuple[Annotation, ...]:
    """What the tools said of lines of files: why a plan failed, and what they warn of; failures first."""
    failed = [_failure(project) for project in view.projects if project.row.state is State.FAILED]
    noticed = [_noticed(project.row.project.dir, one) for project in view.projects for one in _notices(project)]
    found = dict.fromkeys(one for one in (*failed, *noticed) if one)  # a module that two projects use warns once
    return tuple(sorted(found, key=lambda one: (not one.fails, one.path, one.line)))[:MOST_ANNOTATIONS]


def _failure(project: ProjectView) -> Annotation | None:
    """A failed row's note ends with the place of its first error, `… (main.tf:12)`, where the tool told it."""
    note = project.row.note
    place = PLACE_AT_END.search(note)
    if place is None:
        return None
    words = note[: place.start()].rstrip()
    return _at(project.row.project.dir, place[1], Notice(Severity.ERROR, words, project.row.output))


def _notices(project: ProjectView) -> tuple[Notice, ...]:
    return project.content.notices if project.content else ()


def _noticed(directory: str, notice: Notice) -> Annotation | None:
    return _at(directory, notice.where, notice)


def _at(directory: str, where: str, notice: Notice) -> Annotation | None:
    """None where the tool named no line, or one of a file that is not the repository's own."""
    name, _, line = where.rpartition(":")
    path = posixpath.normpath(posixpath.join(directory, name))
    if not name or not line.isdecimal() or path.startswith(("/", "../")) or f"/{MODULES}/" in f"/{path}":
        return None
    message = notice.detail or notice.summary
    return Annotation(path, max(1, int(line)), notice.summary, message, notice.severity is Severity.ERROR)


def _summary(view: RunView) -> str:
    """A line a project: its name, what became of it, what it would change."""
    shown = view.projects[:MOST_LISTED]
    lines = [f"- {code(one.row.project.name)}: {one.row.state.value}{_told(one)}" for one in shown]
    left = len(view.projects) - len(shown)
    return "\n".join([*lines, *([f"- … and {left} more"] if left else [])])


def _told(project: ProjectView) -> str:
    words = text(project.row.note) if project.row.note else told(project.row.counts)
    return f", {words}" if words else ""


def _mark(status: Status) -> str:
    """Tells two statuses apart that differ in what only some forges show."""
    more = f"{status.summary}{status.annotations}" if status.summary or status.annotations else ""
    return f" {hashlib.sha256(more.encode()).hexdigest()[:12]}" if more else ""


def _of_row(state: State) -> CheckState:
    if not state.ended:
        return CheckState.PENDING
    return CheckState.SUCCESS if state in (State.DONE, State.SKIPPED) else CheckState.FAILURE
