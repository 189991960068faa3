"""The gate's decision: every demand on an apply, whether it is met, and the next step where it is not.

Called with all that was read at that moment, before an apply and to show it in the plan comment. Has no clock.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bot.core.approvals import count_approvals, objectors, required_approvals
from bot.core.gate_case import Demand, GateCase, Verdict
from bot.core.project import Requirement
from bot.core.pull import Check, CheckState, PullState
from bot.core.run import Lock, Plan, PlanState
from bot.core.sentences import MOST_NAMED, join_names, one_line
from bot.core.vocabulary import NAMES, choose

PLAN_STATUS, APPLY_STATUS = "gitops-bot/plan", "gitops-bot/apply"
OWN_STATUSES = frozenset({PLAN_STATUS, APPLY_STATUS})

_INVALID_BECAUSE = {
    PlanState.SUPERSEDED: "a newer plan took its place",
    PlanState.APPLIED: "it was applied already",
    PlanState.GONE: "it was deleted",
}


def evaluate(case: GateCase) -> Verdict:
    """Every demand: those of the whole pull request first, then each project's."""
    return Verdict((*_pull_demands(case), *_project_demands(case)))


def _pull_demands(case: GateCase) -> Iterator[Demand]:
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


def _project_demands(case: GateCase) -> Iterator[Demand]:
    for name, reason in case.missing:
        yield Demand(name, False, f"there is no plan: {one_line(reason)}", "mend that, then comment /plan")
    checks_per_project = any(Requirement.CHECKS not in plan.rules.require for plan in case.plans)
    for plan in case.plans:
        yield _fresh(case, plan)
        yield from _content_demands(case, plan)
        if Requirement.APPROVAL in plan.rules.require:
            yield _approved(case, plan)
        if checks_per_project and Requirement.CHECKS in plan.rules.require and case.pull.state is PullState.OPEN:
            yield _checks(case, plan.project.name)
    yield from _locks(case)


def _state(case: GateCase) -> Demand:
    pull = case.pull
    if pull.state is PullState.MERGED:
        return Demand(None, True, "the pull request is merged")
    if pull.state is PullState.CLOSED:
        return Demand(None, False, "the pull request is closed", "reopen it")
    if pull.draft:
        return Demand(None, False, "the pull request is a draft", "mark it as ready for review")
    return Demand(None, True, "the pull request is open")


def _mergeable(case: GateCase) -> Demand:
    branch = case.pull.base.name
    if case.pull.mergeable is None:
        return Demand(None, False, "the forge is still computing whether it can be merged", "try again in a moment")
    if not case.pull.mergeable:
        return Demand(None, False, f"it conflicts with {branch}", f"merge {branch} into it and push")
    return Demand(None, True, f"it can be merged into {branch}")


def _not_frozen(case: GateCase) -> Demand:
    freeze = case.freeze
    if freeze is None:
        return Demand(None, True, "applies are not frozen")
    text = f"applies are frozen by {freeze.by} since {_format_time(freeze.since)}: {one_line(freeze.reason)}"
    return Demand(None, False, text, "wait until an operator runs `gitops-bot thaw`")


def _no_objection(case: GateCase) -> Demand:
    reviewers = objectors(case)
    if not reviewers:
        return Demand(None, True, "nobody with write access asks for changes")
    verb = "asks" if len(reviewers) == 1 else "ask"
    remedy = "answer that, then let them approve, or dismiss the review"
    return Demand(None, False, f"{join_names(reviewers)} {verb} for changes", remedy)


def _checks(case: GateCase, project: str | None) -> Demand:
    """Required checks of others; our own statuses wait for this very decision."""
    required = [check for check in case.checks if check.required and (check.foreign or check.name not in OWN_STATUSES)]
    failed = [check for check in required if check.state is CheckState.FAILURE]
    pending = [check for check in required if check.state not in (CheckState.SUCCESS, CheckState.FAILURE)]
    if failed:
        return Demand(
            project, False, f"required checks failed: {_check_names(failed)}", "mend them and push, or rerun them"
        )
    if pending:
        return Demand(project, False, f"required checks are not done: {_check_names(pending)}", "wait for them")
    return Demand(project, True, "required checks passed" if required else "no checks are required")


def _fresh(case: GateCase, plan: Plan) -> Demand:
    name = plan.project.name
    reason = _staleness(case, plan)
    if reason is None:
        return Demand(name, True, f"the plan is fresh until {_format_time(plan.expires_at)}")
    return Demand(name, False, reason, f"comment /plan{f' --destroy {choose(NAMES, name)}' if plan.destroy else ''}")


def _content_demands(case: GateCase, plan: Plan) -> Iterator[Demand]:
    """What the plan itself says may not be applied, or not without being named."""
    name = plan.project.name
    for obstacle in plan.content.obstacles[:MOST_NAMED]:
        yield Demand(
            name, False, one_line(obstacle), "mend that and push, or comment /plan when it is mended elsewhere"
        )
    if (surplus := len(plan.content.obstacles) - MOST_NAMED) > 0:
        yield Demand(name, False, f"{surplus:,} more obstacles")
    for precious in plan.content.precious:
        words = f"{precious} may go", f"{precious} would go, with all that is in it"
        yield Demand.to_confirm(name, precious, case.confirmed, *words)
    for overwritten in plan.content.overwritten:
        subject = f"what others changed in {overwritten}"
        words = f"{subject} may be overwritten", f"{subject} would be overwritten"
        yield Demand.to_confirm(name, overwritten, case.confirmed, *words)


def _staleness(case: GateCase, plan: Plan) -> str | None:
    if plan.pull != case.pull.key:
        return "the plan is another pull request's"
    if plan.state is PlanState.STALE:
        return f"the plan is stale: {one_line(plan.stale_because) or 'what it rests on moved'}"
    if plan.state is not PlanState.CURRENT:
        return f"the plan is no longer valid: {_INVALID_BECAUSE[plan.state]}"
    if case.now >= plan.expires_at:
        return f"the plan expired at {_format_time(plan.expires_at)}"
    return None


def _approved(case: GateCase, plan: Plan) -> Demand:
    name = plan.project.name
    if plan.content.counts.empty and not plan.runs:
        return Demand(name, True, "nothing changes, so nobody needs to approve")
    approvals, required = count_approvals(case, plan), required_approvals(case, plan)
    text = f"{len(approvals.approvers)} of {required} approvals"
    if approvals.approvers:
        text += f", by {join_names(approvals.approvers)}"
    if approvals.uncounted:
        text += f" ({'; '.join(f'{login} {reason}' for login, reason in approvals.uncounted[:MOST_NAMED])})"
    text += _reason_for_one_more(case)
    if plan.content.counts.empty:
        text += f"; nothing changes now, but what later applies run does: {join_names(plan.runs)}"
    if len(approvals.approvers) >= required:
        return Demand(name, True, text)
    return Demand(name, False, text, _approval_remedy(case))


def _reason_for_one_more(case: GateCase) -> str:
    if case.contributors.unknown:
        unknown = join_names(case.contributors.unknown)
        return f"; one more is asked for since commits are by nobody known here: {unknown}"
    if case.bots:
        return f"; one more is asked for since anybody may stand behind {join_names(case.bots)}"
    return ""


def _approval_remedy(case: GateCase) -> str:
    remedy = "let someone with write access who made none of its commits approve this pull request"
    if case.pull.state is not PullState.MERGED:
        return remedy
    return f"{remedy}; where no review is taken any more, bring the change in a new pull request"


def _locks(case: GateCase) -> Iterator[Demand]:
    names = {plan.project.place: plan.project.name for plan in case.plans}
    foreign_locks = [lock for lock in case.foreign_locks if lock.pull != case.pull.key]
    yield from (lock_demand(lock, names.get(lock.place)) for lock in foreign_locks)
    if not foreign_locks:
        yield Demand(None, True, "no other pull request holds a lock on it")


def lock_demand(lock: Lock, project: str | None = None) -> Demand:
    """What another pull's lock asks for. `project` is the name that its place has here, if any."""
    text = f"{'' if project else f'{lock.place} is '}locked by {_holder(lock)}"
    return Demand(project, False, text, _lock_remedy(lock), (lock.pull.number,))


def _holder(lock: Lock) -> str:
    return f"{_pull_number(lock)} since {_format_time(lock.since)} ({lock.taken_by})"


def _lock_remedy(lock: Lock) -> str:
    return f"apply and merge {_pull_number(lock)}, or comment /unlock there"


def _pull_number(lock: Lock) -> str:
    return f"#{lock.pull.number}"


def _check_names(checks: Iterable[Check]) -> str:
    return join_names(tuple(check.name for check in checks))


def _format_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
