"""Every word said to people on a pull request: comments, commit statuses, short answers. Called by steps and jobs.

Pure: a view goes in, Markdown comes out; nothing is fetched, and nothing is decided. `escape` says how the words of
others are made harmless; `plan.md.j2` and `apply.md.j2` show how a comment looks; `answers/` has a file an answer.
"""

from collections.abc import Sequence

from markupsafe import Markup

from bot.core.view import RunView
from bot.core.vocabulary import Vocabulary, access_rule
from bot.templates import page
from bot.templates.headline import apply_status, plan_status
from bot.templates.render import render

__all__ = ["answer", "apply_comment", "apply_status", "check_summary", "help_text", "plan_comment", "plan_status"]


def plan_comment(view: RunView) -> str:
    """Render the pull's one plan comment, good at every moment of the run."""
    return page.plan_page(view)


def apply_comment(view: RunView) -> str:
    """Render one apply's own comment."""
    return page.apply_page(view)


def answer(kind: str, **fields: object) -> str:
    """Render a short answer; `kind` names a file in `answers/`, which says at its head which fields it needs."""
    return str(render(f"answers/{kind}.md.j2", **fields))


def check_summary(findings: Sequence[object], bad: int) -> str:
    """Render what `gitops-bot check` found: each finding has a mark, what it is about, and words; so many are bad."""
    return str(render("check.md.j2", findings=findings, bad=bad))


def help_text(vocabulary: Vocabulary) -> str:
    """Render every command, with what it does."""
    examples = [(example.comment, Markup(example.effect)) for spec in vocabulary.values() for example in spec.examples]
    return str(render("help.md.j2", access=Markup(access_rule(vocabulary)), examples=examples))
