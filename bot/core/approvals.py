"""Whose approval covers a plan, and why somebody else's does not. Asked by the gate only; reads no forge.

The rule against each known way around approvals is a test in `tests/core/test_bypasses.py`.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from bot.core.gate_case import GateCase, Opinion
from bot.core.pull import Pull, ReviewState, Role, is_bot_login
from bot.core.run import Plan

DECISIVE = frozenset({ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED})


@dataclass(frozen=True, slots=True)
class Approvals:
    """Of one plan: who covers it, and who approved without covering it, as (login, why not)."""

    approvers: tuple[str, ...]
    uncounted: tuple[tuple[str, str], ...]


def standing_reviews(case: GateCase) -> tuple[Opinion, ...]:
    """Each person's latest decisive review. One that was dismissed is gone, and nothing older comes back for it."""
    latest: dict[str, Opinion] = {}
    for opinion in sorted(case.opinions, key=lambda opinion: opinion.review.at):
        if opinion.review.state in DECISIVE:
            latest[_person_key(opinion.review.author)] = opinion
    return tuple(opinion for opinion in latest.values() if opinion.review.state is not ReviewState.DISMISSED)


def objectors(case: GateCase) -> tuple[str, ...]:
    """Who asks for changes, with write access, and has not taken it back."""
    return tuple(
        opinion.review.author
        for opinion in standing_reviews(case)
        if opinion.review.state is ReviewState.CHANGES_REQUESTED and opinion.role >= Role.WRITE
    )


def count_approvals(case: GateCase, plan: Plan) -> Approvals:
    """Who approved this plan as it was shown to them, and this very change."""
    approving = [opinion for opinion in standing_reviews(case) if opinion.review.state is ReviewState.APPROVED]
    reasons = {
        opinion.review.author: _disqualification(case, opinion) or _coverage_gap(case, opinion, plan)
        for opinion in approving
    }
    return Approvals(
        approvers=tuple(login for login, reason in reasons.items() if reason is None),
        uncounted=tuple((login, reason) for login, reason in reasons.items() if reason is not None),
    )


def required_approvals(case: GateCase, plan: Plan) -> int:
    """How many approvals the plan needs: one more than its rules say where nobody knows whose hand was at it."""
    return plan.rules.approvals + (1 if case.contributors.unknown or case.bots else 0)


def unaccountable_bots(pull: Pull, pushers: Iterable[str], own_login: str, askers: Set[str]) -> tuple[str, ...]:
    """Bots that opened the pull or pushed to it, behind whom anybody may stand; not we where we know who asked."""
    own = _person_key(own_login)
    bots = {login for login in pushers if is_bot_login(login) or _person_key(login) == own}
    if pull.author_is_bot or _person_key(pull.author) == own:
        bots.add(pull.author)
    return tuple(sorted(login for login in bots if not (askers and _person_key(login) == own)))


def _disqualification(case: GateCase, opinion: Opinion) -> str | None:
    """Why this person's approval counts for nothing here."""
    person = _person_key(opinion.review.author)
    if opinion.review.author_is_bot:
        return "is a bot"
    if person == _person_key(case.own_login):
        return "is the account of this bot"
    if opinion.role < Role.WRITE:
        return "has no write access"
    if person == _person_key(case.pull.author):
        return "opened this pull request"
    if person in _person_keys(case.contributors.logins):
        return "made commits of it"
    if person in _person_keys(case.askers):
        return "asked for this rollback"
    return None


def _coverage_gap(case: GateCase, opinion: Opinion, plan: Plan) -> str | None:
    """Why the approval is of something else: of another change, or of a plan that was not shown then."""
    if opinion.branch != case.pull.base.name:
        return f"approved it for {opinion.branch or 'a base branch that nobody can tell'}"
    if opinion.tree is None:
        return "approved a commit that is gone or does not merge any more"
    if opinion.tree != case.tree:
        return "approved before the change was what it is now"
    if _digests_shown_then(case, opinion, plan) != {plan.plan_digest}:
        return "approved before this plan was shown"
    return None


def _digests_shown_then(case: GateCase, opinion: Opinion, plan: Plan) -> set[str]:
    """What the comment showed for the plan's place when the review was given."""
    rows = [row for row in case.shown_digests if row.place == plan.project.place and row.at <= opinion.review.at]
    latest = max((row.at for row in rows), default=None)
    return {row.digest for row in rows if row.at == latest}


def _person_keys(logins: Sequence[str] | frozenset[str]) -> frozenset[str]:
    return frozenset(_person_key(login) for login in logins)


def _person_key(login: str) -> str:
    """Forges do not tell `Alice` from `alice`."""
    return login.casefold()
