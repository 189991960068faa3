"""What a plan is bound to beyond what it shows, where its apply runs programs or reads files of the repository.

Its digest takes in the digest of the project's inputs and, unless the base branch bounds these by `inputs:`, the whole
tree: a script that it runs may lie, and look, anywhere.
"""

from dataclasses import dataclass

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.pull import Pull
from bot.core.run import Run, RunProject
from bot.core.sentences import join_names
from bot.git import Mirror
from bot.ports import Site, ToolPlan
from bot.steps.pull.configurations import lenient_configuration
from bot.steps.pull.evidence import changed_files, project_digest
from bot.store import plans


@dataclass(frozen=True, slots=True)
class Binding:
    """`runs`: what it is bound for, by name; `tree`: the tree that it is bound to, empty where none."""

    canonical: bytes
    tree: str = ""
    runs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def bind(bot: Bot, pull: Pull, run: Run, row: RunProject, site: Site, planned: ToolPlan) -> Binding:
    """Bind what the tool planned at the site's commit."""
    assert site.origin is not None
    mirror, commit = bot.mirror(pull.repository), site.origin.commit
    if planned.content.counts.empty:
        runs = planned.standing if planned.standing and _inputs_differ(bot, mirror, run, row, site) else ()
        return Binding(_extend(planned.canonical, row.input_digest), runs=runs) if runs else Binding(planned.canonical)
    if not planned.runs:
        return Binding(planned.canonical)
    bounded = is_bounded(bot, mirror, run.base, row.project)
    tree = "" if bounded else mirror.tree_id(commit)
    notes = (_scope_note(planned.runs, bounded), *_change_notes(bot, mirror, pull, row, commit, tree))
    return Binding(_extend(planned.canonical, row.input_digest, tree), tree, planned.runs, notes)


def is_bounded(bot: Bot, mirror: Mirror, base: str, project: Project) -> bool:
    """Tell whether the base branch says by `inputs:` what the project is made of, and the project says the same."""
    with mirror.tree(base) as tree:
        configuration = lenient_configuration(bot, tree)
    listed = configuration.projects if configuration else ()
    return bool(project.inputs) and any((p.place, p.inputs) == (project.place, project.inputs) for p in listed)


def _extend(canonical: bytes, *digests: str) -> bytes:
    return b"\0".join((canonical, *(digest.encode() for digest in digests)))


def _inputs_differ(bot: Bot, mirror: Mirror, run: Run, row: RunProject, site: Site) -> bool:
    """The pull request changes what the project is made of."""
    with mirror.tree(run.base) as tree:
        try:
            return project_digest(bot, tree, row.project, site.other_dirs) != row.input_digest
        except Refused:
            return True


def _scope_note(runs: tuple[str, ...], bounded: bool) -> str:
    scope = "its inputs" if bounded else "every file of the repository, unless `inputs:` on the base branch bounds them"
    return f"Its apply runs programs or reads files ({join_names(runs)}): an approval covers it with {scope}"


def _change_notes(bot: Bot, mirror: Mirror, pull: Pull, row: RunProject, commit: str, tree: str) -> tuple[str, ...]:
    """Which files changed since the plan before, that voided its approvals."""
    with bot.store.read() as tx:
        earlier = next((plan for plan in plans.live(tx, pull.key) if plan.project.place == row.project.place), None)
    if earlier is None or not earlier.runs or (earlier.tree, earlier.input_digest) == (tree, row.input_digest):
        return ()
    return (f"Since the plan before, {changed_files(mirror, earlier.result, commit)} changed: approve it anew",)
