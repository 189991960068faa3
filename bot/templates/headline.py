"""The first line of a comment, and the words of a commit status: short, and from the same tally as everything else."""

from markupsafe import Markup

from bot.core.pull import CheckState
from bot.core.run import State
from bot.core.view import RunView
from bot.templates import words
from bot.templates.escape import clip, code, visible
from bot.templates.tally import Tally, apply_parts, plan_parts, tallied, why_stopped

LONGEST_STATUS = 140

_WITHOUT_PROJECTS = {
    State.QUEUED: "Planning",
    State.RUNNING: "Planning",
    State.REFUSED: "Plan refused",
    State.FAILED: "Plan failed",
    State.UNKNOWN: "Plan failed",
    State.SKIPPED: "Plan stopped",
}
_BADLY = {
    State.UNKNOWN: "Apply ended, nobody knows how",
    State.REFUSED: "Apply refused",
    State.SKIPPED: "Apply stopped",
}


def plan(view: RunView, tally: Tally) -> Markup:
    run = view.run
    if not view.projects:
        gone = f"Plan · {words.some(len(view.removed), 'project')} removed" if view.removed else "No project to plan"
        return Markup(f"## {_WITHOUT_PROJECTS.get(run.state, gone)}")
    if run.state is State.SKIPPED:
        return Markup("## Plan stopped")
    begun = "Destroy plan" if run.selection.destroy and tally.total == 1 else "Plan"
    first = f"{begun} for" if run.state.ended else "Planning"
    return _joined(Markup(f"## {first} ") + _subject(view), plan_parts(tally))


def apply(view: RunView, tally: Tally) -> Markup:
    """How far an apply is, or how it ended."""
    if not view.run.state.ended:
        parts = [f"{tally.total - tally.open} of {tally.total} done"] if tally.total > 1 else []
        return _joined(Markup("## Applying ") + _subject(view), [*parts, *apply_parts(tally)])
    if view.run.state is State.DONE:
        done = tally.states[State.DONE]
        some = f"{done:,} of {words.some(tally.total, 'project')}" if done < tally.total else ""
        return _joined(Markup("## Applied ") + (some or _subject(view)), apply_parts(tally))
    title = Markup(f"## {_BADLY.get(view.run.state, 'Apply failed')}")
    if tally.total == 1:
        return title + Markup(" · ") + _subject(view)
    came_through = f"{tally.states[State.DONE]:,} of {words.some(tally.total, 'project')} applied"
    return _joined(title, [came_through, *apply_parts(tally)] if tally.total else [])


def plan_status(view: RunView) -> tuple[CheckState, str]:
    """Success says that every project has a plan, whatever it does."""
    tally = tallied(view)
    if not view.run.state.ended:
        return CheckState.PENDING, f"planning {words.some(tally.total, 'project')}" if tally.total else "planning"
    if view.run.state is not State.DONE and not tally.bad:
        return CheckState.FAILURE, _plain(f"{view.run.state.value}: {_reason(view) or 'no reason was given'}")
    if tally.bad:
        reason = _reason(view)
        parts = [f"{tally.bad} of {words.some(tally.total, 'project')} without a plan", *([reason] if reason else [])]
        return CheckState.FAILURE, _plain(": ".join(parts))
    if not tally.total:
        gone = f"{words.some(len(view.removed), 'project')} removed, nothing to plan"
        return CheckState.SUCCESS, gone if view.removed else "no project is affected"
    came_to = words.told(tally.counts) or "no changes"
    return CheckState.SUCCESS, _plain(f"{words.some(tally.total, 'project')}: {came_to}")


def apply_status(view: RunView) -> tuple[CheckState, str]:
    """Success says that everything this run was to apply is applied."""
    tally = tallied(view)
    if not view.run.state.ended:
        return CheckState.PENDING, f"applying {words.some(tally.total, 'project')}"
    if view.run.state is State.DONE and not tally.bad:
        return CheckState.SUCCESS, f"{words.some(tally.total, 'project')} applied"
    parts = apply_parts(tally)
    if not parts:
        return CheckState.FAILURE, _plain(f"{view.run.state.value}: {_reason(view) or 'no reason was given'}")
    return CheckState.FAILURE, _plain(f"{', '.join(parts)} of {words.some(tally.total, 'project')}")


def _reason(view: RunView) -> str:
    """Why the run stopped; of several lines the first, with a sign that there are more."""
    lines = [line for line in why_stopped(view).splitlines() if line.strip()]
    return f"{lines[0]} …" if len(lines) > 1 else "".join(lines)


def _subject(view: RunView) -> Markup:
    """The one project, or how many there are."""
    if len(view.projects) == 1:
        return code(view.projects[0].row.project.name, 100)
    return Markup(words.some(len(view.projects), "project"))


def _joined(first: Markup, parts: list[str]) -> Markup:
    return Markup(" · ").join([first, *parts])


def _plain(text: str) -> str:
    """For a place that shows text as it is."""
    return clip(visible(" ".join(text.split())), LONGEST_STATUS)
