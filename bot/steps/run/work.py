"""Put a tool to work on one project: a checkout, a scratch of its own, a plan, and the sealing of what it made."""

import hashlib
import os
import shutil
from pathlib import Path

from bot.bot import Bot, short
from bot.core.errors import Refused
from bot.core.pull import Pull
from bot.core.run import Plan, PlanState, Run, RunProject
from bot.git import Mirror
from bot.ports import Origin, Planned, Site
from bot.steps.pull.discovery import tool_of
from bot.steps.pull.source import fetched, rules_digest, rules_of
from bot.steps.run.prepared import prepared
from bot.store import runs

PLAN_DOMAIN, MASK_DOMAIN = "plan", "mask"


def site(bot: Bot, pull: Pull, run: Run, row: RunProject, commit: str) -> Site:
    """A checkout of the commit, shared by the run's rows, and a private scratch for this row. Twice is once."""
    folders, place = bot.folders, row.project.place
    mirror = bot.mirror(pull.repository)

    def checkout(of: str) -> Path:
        into = folders.checkout(row.run, of)
        if not mirror.stands(into):
            if not mirror.has(of):
                _bring(bot, mirror, pull, run)
            mirror.checkout(of, into)
        return into

    root = checkout(commit)
    return Site(
        root=root,
        project=row.project,
        scratch=_private(folders.scratch(row.run, place)),
        kept=_private(folders.kept(pull.repository.key, row.project.dir)),
        log=_made_for(folders.log(row.run, place)),
        environment={**bot.environment, "HOME": str(_private(folders.scratch(row.run, place) / "home"))},
        timeout=bot.limits.tool.total_seconds(),
        stopped=lambda: bot.stopping.is_set() or cancelled(bot, row.run),
        rules=row.rules,
        others=_others(bot, mirror, commit, row),
        confirmed=run.selection.confirmed,
        origin=Origin(
            forge=mirror.forge,
            repository=pull.repository,
            base=run.base,
            commit=commit,
            tree=mirror.tree,
            checkout=checkout,
            secret=bytes.fromhex(bot.vault.digest(MASK_DOMAIN, pull.repository.key.encode())),
            once=bot.cache.cached,
        ),
        prepared=prepared(bot, pull, row, lambda: cancelled(bot, row.run)),
    )


def _others(bot: Bot, mirror: Mirror, commit: str, row: RunProject) -> frozenset[str]:
    """The directories of the other projects that the commit's gitops.yaml lists; a broken one lists none."""

    def listed() -> frozenset[str]:
        with mirror.tree(commit) as tree:
            configuration = rules_of(tree)
        return frozenset(project.dir for project in configuration.projects) if configuration else frozenset()

    return bot.memo.once(listed, "listed", row.run, commit) - {row.project.dir}


def planned(bot: Bot, pull: Pull, run: Run, row: RunProject, where: Site, destroy: bool) -> Plan:
    """Have the tool plan, and freeze the result: bound to all that it rests on, its artifact sealed on disk."""
    before = bot.clock()
    result = tool_of(bot.tools, row.project).plan(where, destroy=destroy)
    id = short(run.id, row.project.place)
    return Plan(
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
        plan_digest=bot.vault.digest(PLAN_DOMAIN, result.canonical),
        artifact_digest=_seal(bot, pull, id, row, result),
        rules_digest=rules_digest(row.project, row.rules),
        tool_version=result.tool_version,
        content=result.content,
        created_at=before,
        expires_at=before + bot.limits.plan_ttl,
        destroy=destroy,
    )


def unseal(bot: Bot, plan: Plan, into: Path) -> Path:
    """Open the plan's artifact for the apply that it belongs to. Raises Refused when it is not what was sealed."""
    path = bot.folders.artifact(plan.id)
    try:
        blob = path.read_bytes()
    except FileNotFoundError as gone:
        raise Refused(f"the plan of {plan.project.name} is no longer kept; `/plan` makes a new one") from gone
    artifact = bot.vault.unseal(blob, _bound(plan.pull, plan.id, plan.project.place))
    if hashlib.sha256(artifact).hexdigest() != plan.artifact_digest:
        raise Refused(f"the plan of {plan.project.name} is not the one that was shown; `/plan` makes a new one")
    target = into / "plan.tfplan"
    target.touch(mode=0o600)
    target.write_bytes(artifact)
    return target


def forget_artifacts(bot: Bot, plans: tuple[str, ...]) -> None:
    for plan in plans:
        bot.folders.artifact(plan).unlink(missing_ok=True)


def _seal(bot: Bot, pull: Pull, id: str, row: RunProject, result: Planned) -> str | None:
    if result.artifact is None:
        return None
    artifact = result.artifact.read_bytes()
    path = _made_for(bot.folders.artifact(id))
    aside = path.with_suffix(".new")
    aside.write_bytes(bot.vault.seal(artifact, _bound(pull.key, id, row.project.place)))
    os.replace(aside, path)
    result.artifact.unlink()
    return hashlib.sha256(artifact).hexdigest()


def _bound(pull: str, plan: str, place: str) -> dict[str, str]:
    return {"pull": pull, "plan": plan, "place": place}


def commit_of(run: Run, row: RunProject) -> str:
    """The commit that a row is planned from. What a project that the pull removes is planned from is the base."""
    return run.base if row.removed else run.result


def _bring(bot: Bot, mirror: Mirror, pull: Pull, run: Run) -> None:
    """Bring a run's commits into a mirror that lost them, or never had them."""
    fetched(bot, mirror, pull)
    if run.result and run.result != run.base:
        mirror.merge_result(run.base, run.head)


def cancelled(bot: Bot, run: str) -> bool:
    """Someone or something asked the run to stop."""
    with bot.store.read() as tx:
        return bool(runs.stop_asked(tx, run))


def _private(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _made_for(path: Path) -> Path:
    _private(path.parent)
    return path


def clean(path: Path) -> None:
    """Remove a directory and all in it, if it is there."""
    shutil.rmtree(path, ignore_errors=True)
