"""The commit statuses `gitops-bot/plan` and `gitops-bot/apply`: one each per pull, set only where they changed."""

from bot import templates
from bot.core.project import ApplyMode
from bot.core.pull import CheckState, Pull, PullState, Status
from bot.core.run import PlanState, RunKind, State
from bot.core.view import RunView
from bot.steps.bot import Bot
from bot.store import plans, runs, topics

PLAN, APPLY = "gitops-bot/plan", "gitops-bot/apply"


def say_plan(bot: Bot, pull: Pull, view: RunView) -> None:
    """Both statuses after a plan: what it came to, and what is left to apply."""
    state, words = templates.plan_status(view)
    put(bot, pull, view.run.head, Status(PLAN, state, words, view.url))
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
    """The apply status from what is left: success when everything is applied, or will be by the merge."""
    with bot.store.read() as tx:
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
        words = f"{len(now)} to apply" + (f", {stale} of them to be planned again" if stale else "")
        put(bot, pull, sha, Status(APPLY, CheckState.PENDING, words, url))
    elif left:
        put(bot, pull, sha, Status(APPLY, CheckState.SUCCESS, f"{len(left)} will be applied by the merge", url))
    else:
        put(bot, pull, sha, Status(APPLY, CheckState.SUCCESS, "nothing is left to apply", url))


def put(bot: Bot, pull: Pull, sha: str, status: Status) -> None:
    """Set a status unless it says so already."""
    what = f"{status.state} {status.description} {status.url}"
    with bot.store.read() as tx:
        said = topics.status_said(tx, pull.key, status.name)
    if said == (sha, what):
        return
    bot.host(pull.repository).status(pull.repository, sha, status)
    with bot.store.begin() as tx:
        topics.note_status(tx, pull.key, status.name, sha, what)


def _of_row(state: State) -> CheckState:
    if not state.ended:
        return CheckState.PENDING
    return CheckState.SUCCESS if state in (State.DONE, State.SKIPPED) else CheckState.FAILURE
