"""What gitops.yaml says at a commit: of the base, of the merge result, of the default branch."""

from bot.bot import Bot
from bot.config import repository as gitops_yaml
from bot.core import rules
from bot.core.affected import CONFIGURATION
from bot.core.errors import Refused
from bot.core.globs import matches
from bot.core.project import Configuration, Project, Rules
from bot.core.tree import Tree
from bot.git import Mirror
from bot.steps.pull.source import PullSource

PLAIN = "100"


def read_configuration(bot: Bot, tree: Tree) -> Configuration | None:
    """A tree's gitops.yaml; None where there is none. Raises Refused with everything that is wrong."""
    gitops_yaml.refuse_misnamed(tree.files.within("."))
    entry = tree.files.get(CONFIGURATION)
    if entry and not entry.mode.startswith(PLAIN):
        raise Refused(f"{CONFIGURATION} is a link or a submodule: make it a plain file")
    return gitops_yaml.read(tree.read(CONFIGURATION), bot.schema) if entry else None


def lenient_configuration(bot: Bot, tree: Tree) -> Configuration | None:
    """The base's configuration; a broken one gives the careful defaults, so that a pull request can mend it."""
    try:
        return read_configuration(bot, tree)
    except Refused:
        return Configuration()


def rules_at(bot: Bot, mirror: Mirror, commit: str, project: Project) -> Rules:
    """The rules that a commit's gitops.yaml has for a project."""
    with mirror.tree(commit) as tree:
        configuration = lenient_configuration(bot, tree)
    ((_, project_rules),) = rules.assign_rules(configuration, None, [project], bot.schema.rule_keys)
    return project_rules


def base_refusal(bot: Bot, source: PullSource) -> str | None:
    """Why nothing is planned or applied into the pull's base branch; None where the default branch names it.

    Its own gitops.yaml is not asked: whoever may push any branch could make one with rules of their own.
    """
    name, default = source.pull.base.name, source.pull.repository.default_branch
    if name == default:
        return None
    source.mirror.fetch(f"refs/heads/{default}")
    with source.mirror.tree(source.mirror.resolve(f"refs/heads/{default}")) as tree:
        configuration = lenient_configuration(bot, tree) or Configuration()
    if any(matches(name, pattern) for pattern in configuration.branches):
        return None
    return f"pull requests into {name} are not planned: `branches` in gitops.yaml on {default} does not name it"
