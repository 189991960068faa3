"""The first line of a comment, and the words of a commit status: short, and from the same tally as everything else."""

from markupsafe import Markup

from bot.core.pull import CheckState
from bot.core.run import State
from bot.core.uncovered import describe_files
from bot.core.view import RunView
from bot.templates import wording
from bot.templates.escape import clip, code, visible
from bot.templates.tally import Tally, apply_phrases, plan_phrases, stop_reason, tally_run

LONGEST_STATUS = 140

_HEADINGS_WITHOUT_PROJECTS = {
    State.QUEUED: "Planning",
    State.RUNNING: "Planning",
    State.REFUSED: "Plan refused",
    State.FAILED: "Plan failed",
    State.UNKNOWN: "Plan failed",
    State.SKIPPED: "Plan stopped",
}
_FAILURE_HEADINGS = {
    State.UNKNOWN: "Apply ended, nobody knows how",
    State.REFUSED: "Apply refused",
    State.SKIPPED: "Apply stopped",
}


def plan_heading(view: RunView, tally: Tally) -> Markup:
    """Say how far a plan is, or what it comes to."""
    run = view.run
    if not view.projects:
        fallback = (
            f"Plan · {wording.quantity(len(view.removed), 'project')} removed" if view.removed else "No project to plan"
        )
        return Markup(f"## {_HEADINGS_WITHOUT_PROJECTS.get(run.state, fallback)}")
    if run.state is State.SKIPPED:
        return Markup("## Plan stopped")
    title = "Destroy plan" if run.selection.destroy and tally.total == 1 else "Plan"
    prefix = f"{title} for" if run.state.ended else "Planning"
    return _join(Markup(f"## {prefix} ") + _subject(view), plan_phrases(tally))


def apply_heading(view: RunView, tally: Tally) -> Markup:
    """Say how far an apply is, or how it ended."""
    if not view.run.state.ended:
        progress = [f"{tally.total - tally.unfinished} of {tally.total} done"] if tally.total > 1 else []
        return _join(Markup("## Applying ") + _subject(view), [*progress, *apply_phrases(tally)])
    if view.run.state is State.DONE:
        applied = tally.states[State.DONE]
        partial = f"{applied:,} of {wording.quantity(tally.total, 'project')}" if applied < tally.total else ""
        return _join(Markup("## Applied ") + (partial or _subject(view)), apply_phrases(tally))
    title = Markup(f"## {_FAILURE_HEADINGS.get(view.run.state, 'Apply failed')}")
    if tally.total == 1:
        return title + Markup(" · ") + _subject(view)
    summary = f"{tally.states[State.DONE]:,} of {wording.quantity(tally.total, 'project')} applied"
    return _join(title, [summary, *apply_phrases(tally)] if tally.total else [])


def plan_status(view: RunView) -> tuple[CheckState, str]:
    """Return the commit status; success says that every project has a plan, whatever it does."""
    tally = tally_run(view)
    if not view.run.state.ended:
        return CheckState.PENDING, f"planning {wording.quantity(tally.total, 'project')}" if tally.total else "planning"
    if view.run.state is not State.DONE and not tally.unsuccessful:
        return CheckState.FAILURE, _status_text(
            f"{view.run.state.value}: {_first_reason_line(view) or 'no reason was given'}"
        )
    if tally.unsuccessful:
        reason = _first_reason_line(view)
        phrases = [
            f"{tally.unsuccessful} of {wording.quantity(tally.total, 'project')} without a plan",
            *([reason] if reason else []),
        ]
        return CheckState.FAILURE, _status_text(": ".join(phrases))
    if not tally.total:
        removed = f"{wording.quantity(len(view.removed), 'project')} removed, nothing to plan"
        phrase = removed if view.removed else "no project is affected"
        return CheckState.SUCCESS, _status_text(f"{phrase}{_uncovered(view)}")
    changes = wording.describe_counts(tally.counts) or "no changes"
    return CheckState.SUCCESS, _status_text(f"{wording.quantity(tally.total, 'project')}: {changes}{_uncovered(view)}")


def apply_status(view: RunView) -> tuple[CheckState, str]:
    """Return the commit status; success says that everything this run was to apply is applied."""
    tally = tally_run(view)
    if not view.run.state.ended:
        return CheckState.PENDING, f"applying {wording.quantity(tally.total, 'project')}"
    if view.run.state is State.DONE and not tally.unsuccessful:
        return CheckState.SUCCESS, f"{wording.quantity(tally.total, 'project')} applied"
    phrases = apply_phrases(tally)
    if not phrases:
        return CheckState.FAILURE, _status_text(
            f"{view.run.state.value}: {_first_reason_line(view) or 'no reason was given'}"
        )
    return CheckState.FAILURE, _status_text(f"{', '.join(phrases)} of {wording.quantity(tally.total, 'project')}")


def _uncovered(view: RunView) -> str:
    files = view.run.findings.uncovered
    return f"; {describe_files(files)}" if files else ""


def _first_reason_line(view: RunView) -> str:
    """Why the run stopped; of several lines the first, with a sign that there are more."""
    lines = [line for line in stop_reason(view).splitlines() if line.strip()]
    return f"{lines[0]} …" if len(lines) > 1 else "".join(lines)


def _subject(view: RunView) -> Markup:
    """The one project, or how many there are."""
    if len(view.projects) == 1:
        return code(view.projects[0].row.project.name, 100)
    return Markup(wording.quantity(len(view.projects), "project"))


def _join(heading: Markup, phrases: list[str]) -> Markup:
    return Markup(" · ").join([heading, *phrases])


def _status_text(text: str) -> str:
    """For a place that shows text as it is."""
    return clip(visible(" ".join(text.split())), LONGEST_STATUS)
