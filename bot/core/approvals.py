"""Whose approval covers a plan, and why somebody else's does not. Asked by the gate only; reads no forge.

The rule against each known way around approvals is a test in `tests/core/test_bypasses.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.gate_case import Case, Opinion
from bot.core.pull import ReviewState, Role
from bot.core.run import Plan

DECISIVE = frozenset({ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED})


@dataclass(frozen=True, slots=True)
class Approvals:
    """Of one plan: who covers it, and who approved without covering it, as (login, why not)."""

    by: tuple[str, ...]
    others: tuple[tuple[str, str], ...]


def standing(case: Case) -> tuple[Opinion, ...]:
    """Each person's latest decisive review. One that was dismissed is gone, and nothing older comes back for it."""
    latest: dict[str, Opinion] = {}
    for opinion in sorted(case.opinions, key=lambda one: one.review.at):
        if opinion.review.state in DECISIVE:
            latest[_person(opinion.review.author)] = opinion
    return tuple(one for one in latest.values() if one.review.state is not ReviewState.DISMISSED)


def objectors(case: Case) -> tuple[str, ...]:
    """Who asks for changes, with write access, and has not taken it back."""
    return tuple(
        one.review.author
        for one in standing(case)
        if one.review.state is ReviewState.CHANGES_REQUESTED and one.role >= Role.WRITE
    )


def approvals(case: Case, plan: Plan) -> Approvals:
    """Who approved this plan as it was shown to them, and this very change."""
    given = [one for one in standing(case) if one.review.state is ReviewState.APPROVED]
    why = {one.review.author: _not_counted(case, one) or _not_covering(case, one, plan) for one in given}
    return Approvals(
        by=tuple(login for login, reason in why.items() if reason is None),
        others=tuple((login, reason) for login, reason in why.items() if reason is not None),
    )


def needed(case: Case, plan: Plan) -> int:
    """How many approvals the plan needs: one more than its rules say where a commit's author is nobody we know."""
    return plan.rules.approvals + (1 if case.contributors.unknown else 0)


def _not_counted(case: Case, opinion: Opinion) -> str | None:
    """Why this person's approval counts for nothing here."""
    person = _person(opinion.review.author)
    if opinion.review.author_is_bot:
        return "is a bot"
    if opinion.role < Role.WRITE:
        return "has no write access"
    if person == _person(case.pull.author):
        return "opened this pull request"
    if person in _people(case.contributors.logins):
        return "made commits of it"
    if case.asker is not None and person == _person(case.asker):
        return "asked for this rollback"
    return None


def _not_covering(case: Case, opinion: Opinion, plan: Plan) -> str | None:
    """Why the approval is of something else: of another change, or of a plan that was not shown then."""
    if opinion.change is None:
        return "approved a commit that is gone"
    if opinion.change != case.change:
        return "approved before the change was what it is now"
    if _shown_then(case, opinion, plan) != {plan.plan_digest}:
        return "approved before this plan was shown"
    return None


def _shown_then(case: Case, opinion: Opinion, plan: Plan) -> set[str]:
    """What the comment showed for the plan's place when the review was given."""
    rows = [row for row in case.shown if row.place == plan.project.place and row.at <= opinion.review.at]
    latest = max((row.at for row in rows), default=None)
    return {row.digest for row in rows if row.at == latest}


def _people(logins: Sequence[str] | frozenset[str]) -> frozenset[str]:
    return frozenset(_person(login) for login in logins)


def _person(login: str) -> str:
    """Forges do not tell `Alice` from `alice`."""
    return login.casefold()
