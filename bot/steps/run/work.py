"""Put a tool to work on one project: a checkout, a scratch of its own, a plan, and the sealing of what it made."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

from bot.atomic_file import read_left_file, replace_file
from bot.bot import Bot, short
from bot.core.errors import Refused
from bot.core.pull import Pull
from bot.core.run import Plan, PlanState, Run, RunProject
from bot.core.signed_plan import signed_text
from bot.git import Mirror
from bot.ports import Neighbour, Origin, Site, ToolPlan
from bot.steps.pull.configurations import lenient_configuration, read_configuration
from bot.steps.pull.discovery import tool_of
from bot.steps.pull.evidence import rules_digest
from bot.steps.pull.projects import projects_between
from bot.steps.pull.source import fetch_commits
from bot.steps.run.binding import bind
from bot.steps.run.prepared import open_prepared
from bot.store import Purpose, runs

PLAN_DOMAIN, MASK_DOMAIN = "plan", "mask"


def prepare_site(bot: Bot, pull: Pull, run: Run, row: RunProject, plan: Plan | None = None) -> Site:
    """A checkout, shared by the run's rows, and a private scratch for this row. Twice is once.

    The checkout is of what the run is about; of a stored plan that is applied as it is, of what it was made from.
    """
    folders, place = bot.folders, row.project.place
    origin = _origin(bot, pull, run, row, plan)
    return Site(
        root=origin.checkout(origin.commit),
        project=row.project,
        scratch=_make_private(folders.scratch(row.run, place)),
        state_dir=_make_private(folders.state(pull.repository.key, row.project.dir)),
        log=_make_parent(folders.log(row.run, place)),
        environment={**bot.environment, "HOME": str(_make_private(folders.scratch(row.run, place) / "home"))},
        timeout=bot.limits.tool.total_seconds(),
        stopped=lambda: bot.stopping.is_set() or is_cancelled(bot, row.run),
        cage=bot.cages.of(pull.repository.name, row.project, row.run),
        rules=row.rules,
        other_dirs=_other_directories(bot, origin, row),
        confirmed=run.selection.confirmed,
        origin=origin,
        pull_cache=open_prepared(bot, pull, row, lambda: is_cancelled(bot, row.run)),
        neighbours=lambda: _neighbours(bot, bot.mirror(pull.repository), run, row),
    )


def record_cage(bot: Bot, row: RunProject, site: Site) -> None:
    """Write down what the row's tool is about to run in, for whoever looks at the run later."""
    with bot.store.begin() as tx:
        runs.record_cage(tx, row.run, row.project.place, site.cage.name, site.cage.network)


def _neighbours(bot: Bot, mirror: Mirror, run: Run, row: RunProject) -> tuple[Neighbour, ...]:
    """The projects beside this one as the run's result has them: read once a run, which has its rows from the first."""

    def read() -> tuple[Neighbour, ...]:
        with mirror.tree(run.base) as before, mirror.tree(run.result) as after:
            listed = projects_between(bot, before, after)
        with bot.store.read() as tx:
            affected = {planned.project.place for planned in runs.projects(tx, run.id)}
        return tuple(
            Neighbour(bot.tools[project.tool], project, rules, run.result, project.place in affected)
            for project, rules in listed
            if project.tool in bot.tools
        )

    neighbours = bot.memo.get_or_create(read, "neighbours", run.id)
    return tuple(neighbour for neighbour in neighbours if neighbour.project.place != row.project.place)


def _origin(bot: Bot, pull: Pull, run: Run, row: RunProject, plan: Plan | None) -> Origin:
    """The repository that a site's checkout is of, at the commit that the site is for."""
    mirror = bot.mirror(pull.repository)

    def checkout(revision: str) -> Path:
        directory = bot.folders.checkout(row.run, revision)
        if not mirror.is_checked_out(directory):
            if not mirror.has(revision):
                _restore_commits(bot, mirror, pull, plan or run)
            mirror.checkout(revision, directory)
        return directory

    return Origin(
        forge=mirror.forge,
        repository=pull.repository,
        base=run.base,
        commit=plan.result if plan else commit_of(run, row),
        tree=mirror.tree,
        checkout=checkout,
        configuration=lambda tree: read_configuration(bot, tree),
        secret=bytes.fromhex(bot.vault.digest(MASK_DOMAIN, pull.repository.key.encode())),
        get_or_create=bot.cache.get_or_create,
    )


def _other_directories(bot: Bot, origin: Origin, row: RunProject) -> frozenset[str]:
    """The directories of the other projects that the commit's gitops.yaml lists; a broken one lists none."""

    def listed_directories() -> frozenset[str]:
        with origin.tree(origin.commit) as tree:
            configuration = lenient_configuration(bot, tree)
        return frozenset(project.dir for project in configuration.projects) if configuration else frozenset()

    return bot.memo.get_or_create(listed_directories, "listed", row.run, origin.commit) - {row.project.dir}


def make_plan(bot: Bot, pull: Pull, run: Run, row: RunProject, site: Site, destroy: bool) -> Plan:
    """Have the tool plan, and freeze the result: bound to all that it rests on, its artifact sealed on disk."""
    started = bot.clock()
    planned = tool_of(bot.tools, row.project).plan(site, destroy=destroy)
    id = short(run.id, row.project.place)
    binding = bind(bot, pull, run, row, site, planned)
    plan = Plan(
        id=id,
        run=run.id,
        pull=pull.key,
        project=row.project,
        rules=row.rules,
        state=PlanState.CURRENT,
        base=run.base,
        head=run.head,
        result=commit_of(run, row),
        input_digest=row.input_digest,
        plan_digest=bot.vault.digest(PLAN_DOMAIN, binding.canonical),
        artifact_digest=_seal(bot, pull, id, row, planned),
        rules_digest=rules_digest(bot.schema, row.project, row.rules),
        tool_version=planned.tool_version,
        content=replace(planned.content, notes=(*planned.content.notes, *binding.notes)),
        created_at=started,
        expires_at=started + bot.limits.plan_ttl,
        destroy=destroy,
        tree=binding.tree,
        runs=binding.runs,
    )
    return replace(plan, signature=bot.vault.sign(signed_text(plan)))


def unseal_artifact(bot: Bot, plan: Plan, directory: Path) -> Path:
    """Open the plan's artifact for the apply that it belongs to. Raises Refused when it is not what was sealed."""
    path = bot.folders.artifact(plan.id)
    try:
        blob = path.read_bytes()
    except FileNotFoundError as error:
        raise Refused(f"the plan of {plan.project.name} is no longer kept; `/plan` makes a new one") from error
    artifact = bot.vault.unseal(blob, _associated_data(plan.pull, plan.id, plan.project.place))
    if hashlib.sha256(artifact).hexdigest() != plan.artifact_digest:
        raise Refused(f"the plan of {plan.project.name} is not the one that was shown; `/plan` makes a new one")
    target = directory / "plan.tfplan"
    replace_file(target, artifact)
    return target


def verify_checkout(bot: Bot, pull: Pull, site: Site) -> None:
    """Raises Refused where a file of the commit is not in the checkout as Git has it: what ran before changed it."""
    if site.origin and (files := bot.mirror(pull.repository).changed_files(site.origin.commit, site.root)):
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        raise Refused(f"{files[0]}{more} is not what Git has any more: something that ran changed it; `/apply` again")


def delete_artifacts(bot: Bot, plans: tuple[str, ...]) -> None:
    """Delete the artifacts of these plan ids from disk."""
    for plan in plans:
        bot.folders.artifact(plan).unlink(missing_ok=True)


def _seal(bot: Bot, pull: Pull, id: str, row: RunProject, planned: ToolPlan) -> str | None:
    if planned.artifact is None:
        return None
    artifact = read_left_file(planned.artifact)
    sealed = bot.vault.seal(artifact, _associated_data(pull.key, id, row.project.place))
    replace_file(_make_parent(bot.folders.artifact(id)), sealed)
    planned.artifact.unlink()
    return hashlib.sha256(artifact).hexdigest()


def _associated_data(pull: str, plan: str, place: str) -> dict[str, str]:
    return {"pull": pull, "plan": plan, "place": place}


def commit_of(run: Run, row: RunProject) -> str:
    """The commit that a row is planned from. What a project that the pull removes is planned from is the base."""
    return run.base if row.removed else run.result


def _restore_commits(bot: Bot, mirror: Mirror, pull: Pull, source: Run | Plan) -> None:
    """Bring the commits of a run or a plan into a mirror that lost them, or never had them.

    Raises Refused where the forge has them no more.
    """
    fetch_commits(bot, mirror, pull)
    if not (mirror.has(source.base) and mirror.has(source.head)):
        raise Refused("the commits that it was planned from are gone from the forge; `/plan` makes a new one")
    if source.result and source.result != source.base:
        mirror.merge_result(source.base, source.head)


def is_cancelled(bot: Bot, run: str) -> bool:
    """Someone or something asked the run to stop."""
    with bot.store.read(Purpose.POLL) as tx:
        return bool(runs.stop_reason(tx, run))


def _make_private(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _make_parent(path: Path) -> Path:
    _make_private(path.parent)
    return path


def remove_directory(path: Path) -> None:
    """Remove a directory and all in it, if it is there."""
    shutil.rmtree(path, ignore_errors=True)
