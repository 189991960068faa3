"""May a pull request land as a merge queue would have it? Weighed on the queue's tree, with what is before it there.

What is applied before its merge must be applied, and be what that tree says; what the merge applies must have passed
the gate, and be planned for that tree: by its files, or planned anew with the same result.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.bot import Bot, short
from bot.core.errors import Refused, Transient
from bot.core.gate import evaluate
from bot.core.job import Job
from bot.core.project import ApplyMode
from bot.core.pull import Pull, PullState
from bot.core.run import Plan, Run, RunKind, RunProject, State
from bot.core.sentences import join_names
from bot.core.trigger import Trigger, TriggerKind
from bot.git import Mirror
from bot.steps.pull.evidence import project_digest, stale_reason
from bot.steps.pull.gate_facts import gate_case, gather_gate_facts, unplanned_projects
from bot.steps.pull.projects import Projects, discover_projects, other_directories
from bot.steps.pull.records import PullRecords, read_records
from bot.steps.pull.source import PullSource, open_source
from bot.steps.run.work import delete_artifacts, make_plan, prepare_site, remove_directory


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What is weighed: the queue's tree as if it were the merge result, and the base branch's commit of now."""

    source: PullSource
    projects: Projects
    records: PullRecords
    tip: str

    @property
    def by_merge(self) -> list[Plan]:
        """What the merge is to apply."""
        return [plan for plan in self.records.unapplied if self._mode(plan) is ApplyMode.MERGE]

    @property
    def before_merge(self) -> list[Plan]:
        """What was to be applied before."""
        return [plan for plan in self.records.unapplied if self._mode(plan) is not ApplyMode.MERGE]

    def _mode(self, plan: Plan) -> ApplyMode:
        return self.projects.rules(plan.project.place).apply


def queue_refusal(bot: Bot, job: Job) -> str | None:
    """Why the pull request may not land on the queue's tree; None where it may. Raises Refused or ToolFailed too."""
    pull = bot.fetch_pull(job)
    if pull.state is PullState.MERGED:
        return None
    if pull.state is not PullState.OPEN or pull.base.name != job.args["branch"]:
        return f"#{pull.number} is not open, or not for {job.args['branch']}"
    with _queue_source(bot, pull, job) as (source, tip):
        with bot.store.read() as tx:
            records = read_records(tx, pull)
        facts = QueueFacts(source, discover_projects(bot, source), records, tip)
        return _first_refusal(bot, facts)


@contextmanager
def _queue_source(bot: Bot, pull: Pull, job: Job) -> Iterator[tuple[PullSource, str]]:
    """The queue's commit, where it is the pull request merged into its parent, and the base branch's commit of now."""
    mirror, group, ref = bot.mirror(pull.repository), job.args["sha"], f"refs/heads/{pull.base.name}"
    mirror.fetch(ref)
    if missing := [commit for commit in (group, pull.head.sha) if not mirror.obtain(commit)]:
        raise Transient(f"commit {missing[0][:12]} is not there yet")
    parent = _parent(mirror, group, pull.head.sha, job.args["parent"])
    if parent is None:
        raise Refused(f"the queue's tree is not #{pull.number} merged into what is before it: queue it again")
    with mirror.tree(parent) as before, mirror.tree(group) as after:
        yield PullSource(mirror, pull, parent, pull.head.sha, group, before, after), mirror.resolve(ref)


def _parent(mirror: Mirror, group: str, head: str, forge_parent: str) -> str | None:
    """The commit into which the queue merged the head: as the forge names it, or as the commits tell; None: neither."""
    for parent in (forge_parent, mirror.before_landing(group, head)):
        if parent and mirror.obtain(parent) and mirror.merged_tree(parent, head) == mirror.tree_id(group):
            return parent
    return None


def _first_refusal(bot: Bot, facts: QueueFacts) -> str | None:
    if freeze := facts.records.freeze:
        return freeze.refusal
    if unplanned := unplanned_projects(facts.records, facts.projects):
        names = join_names([name for name, _ in unplanned])
        return f"there is no plan of {names}: comment /plan, then queue it again"
    if facts.before_merge:
        names = join_names([plan.project.name for plan in facts.before_merge])
        return f"{names} is to be applied before: comment /apply"
    if touched := join_names(_touched_before(bot, facts)):
        return f"{touched}: changed by what is before it in the queue and applied when that lands; queue it then"
    if closed := _gate_refusal(bot, facts):
        return closed
    return next((reason for plan in facts.by_merge if (reason := _plan_refusal(bot, facts, plan))), None) or next(
        (reason for plan in facts.records.applied if (reason := _applied_refusal(bot, facts, plan))), None
    )


def _touched_before(bot: Bot, facts: QueueFacts) -> list[str]:
    """Projects of this pull request that others before it in the queue change, to be applied when those land."""
    source, mirror = facts.source, facts.source.mirror
    if mirror.is_ancestor(source.base, facts.tip):
        return []
    with mirror.tree(facts.tip) as tip:
        earlier = PullSource(mirror, source.pull, facts.tip, source.base, source.base, tip, source.before)
        theirs = discover_projects(bot, earlier)
    places = {project.place for project in (*theirs.affected, *theirs.removed)}
    own = {plan.project for plan in facts.records.unapplied} | {*facts.projects.affected, *facts.projects.removed}
    return sorted(
        project.name
        for project in own
        if project.place in places and facts.projects.rules(project.place).apply is ApplyMode.MERGE
    )


def _gate_refusal(bot: Bot, facts: QueueFacts) -> str | None:
    """What the gate still asks for of what the merge applies, and of what changes for later applies."""
    weighed = facts.by_merge + facts.records.to_approve_only
    if not weighed:
        return None
    if facts.source.pull.mergeable is None:
        raise Transient("the forge is still computing whether it can be merged")
    with open_source(bot, facts.source.pull) as source:
        verdict = evaluate(gate_case(bot, source, gather_gate_facts(bot, source), weighed))
    unmet = (demand for demand in verdict.demands if not demand.met)
    return next((f"{demand.project}: {demand.refusal}" if demand.project else demand.refusal for demand in unmet), None)


def _plan_refusal(bot: Bot, facts: QueueFacts, plan: Plan) -> str | None:
    """Why what the merge would apply is not what was planned."""
    if stale_reason(bot, facts.source, facts.projects, plan) is None:
        return None
    if _plan_again(bot, facts, plan).plan_digest == plan.plan_digest:
        return None
    return f"{plan.project.name}: planned with what is before it in the queue it comes out differently; queue it later"


def _applied_refusal(bot: Bot, facts: QueueFacts, plan: Plan) -> str | None:
    """Why what would land is not what was applied."""
    project = next((project for project, _ in facts.projects.all if project.place == plan.project.place), None)
    if project is None or _input_digest(bot, facts, plan) == plan.input_digest:
        return None
    if _plan_again(bot, facts, plan).content.counts.empty:
        return None
    return f"{plan.project.name}: with what is before it in the queue it is not what was applied; queue it later"


def _plan_again(bot: Bot, facts: QueueFacts, plan: Plan) -> Plan:
    """Plan the project on the queue's tree, for a look: nothing of it is kept."""
    source, pull = facts.source, facts.source.pull
    run = Run(
        id=short("queue", source.result, plan.id),
        kind=RunKind.PLAN,
        pull=pull.key,
        state=State.RUNNING,
        asked_by=bot.name,
        trigger=Trigger(TriggerKind.BASE_MOVED),
        head=source.head,
        base=source.base,
        result=source.result,
    )
    rules, digest = facts.projects.rules(plan.project.place), _input_digest(bot, facts, plan)
    row = RunProject(run.id, plan.project, rules, State.RUNNING, input_digest=digest)
    try:
        with bot.limits.turns.acquire(pull):
            planned = make_plan(bot, pull, run, row, prepare_site(bot, pull, run, row), plan.destroy)
        delete_artifacts(bot, (planned.id,))
        return planned
    finally:
        remove_directory(bot.folders.scratch(run.id, plan.project.place))
        source.mirror.remove_worktree(bot.folders.checkout(run.id, source.result))


def _input_digest(bot: Bot, facts: QueueFacts, plan: Plan) -> str:
    foreign = other_directories(facts.projects, plan.project)
    return project_digest(bot, facts.source.after, plan.project, foreign)
