"""The gate's decision: every demand on an apply, whether it is met, and the next step where it is not.

Called with all that was read at that moment, before an apply and to show it in the plan comment. Has no clock.
"""

import shlex
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bot.core.approvals import approvals, needed, objectors
from bot.core.gate_case import Case, Demand, Verdict
from bot.core.project import Requirement
from bot.core.pull import Check, CheckState, PullState
from bot.core.run import Lock, Plan, PlanState

OURS = "gitops-bot/"
MOST_NAMED = 5

_NO_LONGER = {
    PlanState.SUPERSEDED: "a newer plan took its place",
    PlanState.APPLIED: "it was applied already",
    PlanState.GONE: "it was deleted",
}


def weigh(case: Case) -> Verdict:
    """Every demand: those of the whole pull request first, then each project's."""
    return Verdict((*_of_the_pull(case), *_of_the_projects(case)))


def _of_the_pull(case: Case) -> Iterator[Demand]:
    yield _state(case)
    if case.pull.state is PullState.OPEN:
        yield _mergeable(case)
    yield _not_frozen(case)
    yield _no_objection(case)
    if not case.plans and not case.missing:
        yield Demand(None, False, "there is no plan", "comment /plan")
    demanding = [plan for plan in case.plans if Requirement.CHECKS in plan.rules.require]
    if demanding and len(demanding) == len(case.plans) and case.pull.state is PullState.OPEN:
        yield _checks(case, None)


def _of_the_projects(case: Case) -> Iterator[Demand]:
    for name, why in case.missing:
        yield Demand(name, False, f"there is no plan: {_line(why)}", "mend that, then comment /plan")
    some = any(Requirement.CHECKS not in plan.rules.require for plan in case.plans)
    for plan in case.plans:
        yield _fresh(case, plan)
        yield from _possible(case, plan)
        if Requirement.APPROVAL in plan.rules.require:
            yield _approved(case, plan)
        if some and Requirement.CHECKS in plan.rules.require and case.pull.state is PullState.OPEN:
            yield _checks(case, plan.project.name)
    yield from _locks(case)


def _state(case: Case) -> Demand:
    pull = case.pull
    if pull.state is PullState.MERGED:
        return Demand(None, True, "the pull request is merged")
    if pull.state is PullState.CLOSED:
        return Demand(None, False, "the pull request is closed", "reopen it")
    if pull.draft:
        return Demand(None, False, "the pull request is a draft", "mark it as ready for review")
    return Demand(None, True, "the pull request is open")


def _mergeable(case: Case) -> Demand:
    branch = case.pull.base.name
    if case.pull.mergeable is None:
        return Demand(None, False, "the forge is still computing whether it can be merged", "try again in a moment")
    if not case.pull.mergeable:
        return Demand(None, False, f"it conflicts with {branch}", f"merge {branch} into it and push")
    return Demand(None, True, f"it can be merged into {branch}")


def _not_frozen(case: Case) -> Demand:
    freeze = case.freeze
    if freeze is None:
        return Demand(None, True, "applies are not frozen")
    text = f"applies are frozen by {freeze.by} since {_moment(freeze.since)}: {_line(freeze.reason)}"
    return Demand(None, False, text, "wait until an operator runs `gitops-bot thaw`")


def _no_objection(case: Case) -> Demand:
    who = objectors(case)
    if not who:
        return Demand(None, True, "nobody with write access asks for changes")
    verb = "asks" if len(who) == 1 else "ask"
    remedy = "answer that, then let them approve, or dismiss the review"
    return Demand(None, False, f"{_listed(who)} {verb} for changes", remedy)


def _checks(case: Case, project: str | None) -> Demand:
    """Required checks of others; our own statuses wait for this very decision."""
    required = [check for check in case.checks if check.required and not check.name.startswith(OURS)]
    failed = [check for check in required if check.state is CheckState.FAILURE]
    pending = [check for check in required if check.state not in (CheckState.SUCCESS, CheckState.FAILURE)]
    if failed:
        return Demand(project, False, f"required checks failed: {_names(failed)}", "mend them and push, or rerun them")
    if pending:
        return Demand(project, False, f"required checks are not done: {_names(pending)}", "wait for them")
    return Demand(project, True, "required checks passed" if required else "no checks are required")


def _fresh(case: Case, plan: Plan) -> Demand:
    name = plan.project.name
    why = _not_fresh(case, plan)
    if why is None:
        return Demand(name, True, f"the plan is fresh until {_moment(plan.expires_at)}")
    return Demand(name, False, why, f"comment /plan{f' --destroy -p {shlex.quote(name)}' if plan.destroy else ''}")


def _possible(case: Case, plan: Plan) -> Iterator[Demand]:
    """What the plan itself says may not be applied, or not without being named."""
    name = plan.project.name
    for obstacle in plan.content.obstacles[:MOST_NAMED]:
        yield Demand(name, False, _line(obstacle), "mend that and push, or comment /plan when it is mended elsewhere")
    if (more := len(plan.content.obstacles) - MOST_NAMED) > 0:
        yield Demand(name, False, f"{more:,} more obstacles")
    for precious in plan.content.precious:
        if precious in case.confirmed:
            yield Demand(name, True, f"{precious} may go, as it was confirmed")
        else:
            text = f"{precious} would go, with all that is in it"
            yield Demand(name, False, text, f"to mean that, comment /apply --confirm {shlex.quote(precious)}")


def _not_fresh(case: Case, plan: Plan) -> str | None:
    if plan.pull != case.pull.key:
        return "the plan is another pull request's"
    if plan.state is PlanState.STALE:
        return f"the plan is stale: {_line(plan.stale_because) or 'what it rests on moved'}"
    if plan.state is not PlanState.CURRENT:
        return f"the plan is no longer valid: {_NO_LONGER[plan.state]}"
    if case.now >= plan.expires_at:
        return f"the plan expired at {_moment(plan.expires_at)}"
    return None


def _approved(case: Case, plan: Plan) -> Demand:
    name = plan.project.name
    if plan.content.counts.empty:
        return Demand(name, True, "nothing changes, so nobody needs to approve")
    given, most = approvals(case, plan), needed(case, plan)
    text = f"{len(given.by)} of {most} approvals"
    if given.by:
        text += f", by {_listed(given.by)}"
    if given.others:
        text += f" ({'; '.join(f'{login} {why}' for login, why in given.others[:MOST_NAMED])})"
    if case.contributors.unknown:
        text += f"; one more is asked for since commits are by nobody known here: {_listed(case.contributors.unknown)}"
    if len(given.by) >= most:
        return Demand(name, True, text)
    remedy = "let someone with write access who made none of its commits approve this pull request"
    return Demand(name, False, text, remedy)


def _locks(case: Case) -> Iterator[Demand]:
    names = {plan.project.place: plan.project.name for plan in case.plans}
    others = [lock for lock in case.held if lock.pull != case.pull.key]
    for lock in others:
        text = f"{'' if lock.place in names else f'{lock.place} is '}locked by {_whose(lock)}"
        yield Demand(names.get(lock.place), False, text, _how_to_free(lock))
    if not others:
        yield Demand(None, True, "no other pull request holds a lock on it")


def _whose(lock: Lock) -> str:
    return f"{_number(lock)} since {_moment(lock.since)} ({lock.taken_by})"


def _how_to_free(lock: Lock) -> str:
    return f"apply and merge {_number(lock)}, or comment /unlock there"


def _number(lock: Lock) -> str:
    return f"#{lock.pull.rpartition('#')[2]}"


def _names(checks: Iterable[Check]) -> str:
    return _listed(tuple(check.name for check in checks))


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(_line(name) for name in names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown


def _line(text: str) -> str:
    """Text of others in one line."""
    return " ".join(text.split())


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
