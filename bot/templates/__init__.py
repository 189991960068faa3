"""Every word said to people on a pull request: comments, commit statuses, short answers. Called by steps and jobs.

Pure: a view goes in, Markdown comes out; nothing is fetched, and nothing is decided. `escape` says how the words of
others are made harmless; `plan.md.j2` and `apply.md.j2` show how a comment looks; `answers/` has a file an answer.
"""

from collections.abc import Sequence

from bot.core.view import RunView
from bot.templates import page
from bot.templates.headline import apply_status, plan_status
from bot.templates.render import render

__all__ = ["answer", "apply_comment", "apply_status", "check_summary", "help_text", "plan_comment", "plan_status"]


def plan_comment(view: RunView) -> str:
    """The pull's one plan comment, good at every moment of the run."""
    return page.plan_page(view)


def apply_comment(view: RunView) -> str:
    """One apply's own comment."""
    return page.apply_page(view)


def answer(kind: str, **words: object) -> str:
    """A short answer; `kind` names a file in `answers/`, which says at its head which words it needs."""
    return str(render(f"answers/{kind}.md.j2", **words))


def check_summary(findings: Sequence[object], bad: int) -> str:
    """What `gitops-bot check` found: each finding has a mark, what it is about, and words; so many are bad."""
    return str(render("check.md.j2", findings=findings, bad=bad))


def help_text() -> str:
    """Every command, with what it does."""
    return str(render("help.md.j2"))
