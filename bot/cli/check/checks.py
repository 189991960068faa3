"""What `gitops-bot check` looks at, one function each: each sentence about something to mend says what to set."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli import existing_store, working_copy
from bot.cli.call import Call
from bot.cli.check.finding import Finding, passed, problem, warning
from bot.cli.usage import REFUSED
from bot.core.errors import Refused

if TYPE_CHECKING:
    from bot.core.project import Configuration

LEAST_GIT = (2, 38)
LEAST_FREE_BYTES = 1024**3
MOST_NAMED = 3
UNSEEN = "correct REPOS, or let the bot's account see it (an archived one counts as none)"


def git(call: Call) -> Sequence[Finding]:
    """Whether git is there and new enough."""
    program = shutil.which("git", path=call.environment.get("PATH"))
    if not program:
        return [problem("git", "is not installed: install git 2.38 or newer and put it on PATH")]
    output = subprocess.run([program, "version"], capture_output=True, text=True, check=False, env={}).stdout.strip()
    version = tuple(int(digits) for digits in re.findall(r"\d+", output)[:2])
    if version < LEAST_GIT:
        return [problem("git", f"{output} is too old: install 2.38 or newer")]
    return [passed("git", output)]


def repository(call: Call) -> Sequence[Finding]:
    """The working copy that it is called in, if it is one."""
    top = working_copy.top_of(call.cwd)
    configuration = working_copy.configuration(top)
    if configuration is None:
        return [passed("gitops.yaml", f"none in {top}, so projects are found by their files")]
    problems = _missing_paths(top, configuration)
    return problems or [passed("gitops.yaml", f"{_pluralize(len(configuration.projects), 'project')} in {top}")]


def projects(call: Call) -> Sequence[Finding]:
    """What the tools say of the projects of the working copy, and files of infrastructure that are no project's."""
    from bot.config.settings import Settings
    from bot.steps.pull import discovery
    from bot.wiring import load_tools

    top = working_copy.top_of(call.cwd)
    if not working_copy.is_repository(top):
        return []
    try:
        configuration = working_copy.configuration(top)
    except Refused:  # said already
        return []
    tree, tools = working_copy.WorkingTree(top), load_tools(Settings.load({}, call.cwd, None))
    listed = (configuration.projects if configuration else ()) or discovery.detect_projects(tools, tree)
    directories = frozenset(project.dir for project in listed)
    covered, findings = set[str](), []
    for project in listed:
        if discovery.directory_refusal(tree, project):  # said already
            continue
        try:
            project_with_tool = discovery.with_tool(tools, tree, project)
            tool = discovery.tool_of(tools, project_with_tool)
            covered |= tool.inputs(tree, project_with_tool, directories - {project.dir})
        except Refused as refusal:
            covered.update(tree.files.below(project.dir))
            findings.append(problem(project.name, str(refusal)))
    uncovered = discovery.uncovered_files(tools, tree, tree.files, covered)
    return [*findings, *_uncovered(uncovered), *(warning("repository", hint) for hint in discovery.hints(tree))]


def _uncovered(files: Sequence[str]) -> list[Finding]:
    from bot.core.sentences import join_names
    from bot.core.uncovered import lines_to_add

    if not files:
        return []
    verb = "looks" if len(files) == 1 else "look"
    names = join_names(files, MOST_NAMED)
    lines = lines_to_add(files)
    added = "; ".join(line.strip() for line in lines[:MOST_NAMED]) + ("; …" if len(lines) > MOST_NAMED else "")
    message = f"{names} {verb} like infrastructure, and no project covers {'it' if len(files) == 1 else 'them'}"
    return [warning("repository", f"{message}: to have a project there, add to `projects:` in gitops.yaml {added}")]


def _missing_paths(top: Path, configuration: "Configuration") -> list[Finding]:
    """Directories and files that gitops.yaml names and the working copy has not; directories that are links."""
    from bot.core.tree_paths import link_refusal
    from bot.wiring import load_schema

    tree, problems = working_copy.WorkingTree(top), []
    for project in configuration.projects:
        if working_copy.leads_through_link(top, Path(project.dir)):
            problems.append(problem("gitops.yaml", f"{project.name}: {link_refusal(tree, project.dir)}"))
            continue
        if not (top / project.dir).is_dir():
            message = f"{project.name}: there is no directory {project.dir}: make it, or set the project's `dir`"
            problems.append(problem("gitops.yaml", message))
            continue
        for key, file in load_schema().named_files(project):
            if not (top / project.dir / file).is_file():
                message = f"{project.name}: there is no file {project.dir}/{file}: set `{key}`"
                problems.append(problem("gitops.yaml", message))
    return problems


def settings(call: Call) -> Sequence[Finding]:
    """Where they come from. Raises Refused with everything that is wrong in them."""
    settings = call.settings
    source = call.options.get("config") or call.environment.get("GITOPS_BOT_CONFIG")
    read = f", read from {source} and GITOPS_BOT_…" if source else ""
    return [passed("settings", f"DATA_DIR is {settings.data_dir}{read}")]


def data_dir(call: Call) -> Sequence[Finding]:
    """Whether it can be written and has room."""
    directory = call.settings.data_dir
    if reason := existing_store.unwritable_reason(directory):
        return [problem("data", reason, REFUSED)]
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    message = f"{free / 1024**3:.1f} GiB free for {directory}"
    if free < LEAST_FREE_BYTES:
        return [problem("data", f"only {message}: free some, or set DATA_DIR to a larger disk")]
    return [passed("data", message if existing == directory else f"{message}, which the first start makes")]


def server(call: Call) -> Sequence[Finding]:
    """Its address for people, and its token."""
    settings = call.settings.server
    findings = [passed("server", f"listens on {settings.listen}")]
    if not settings.url:
        message = "SERVER__URL is not set, so comments have no links: set it to the address that people reach it by"
        findings.append(warning("server", message))
    if settings.token is None:
        message = "SERVER__TOKEN is not set, so only signed links of private repositories open pages: set a long secret"
        findings.append(warning("server", message))
    return findings


def vault(call: Call) -> Sequence[Finding]:
    """The key; looked at, never made."""
    from bot.vault import Vault

    settings, path = call.settings.vault, call.settings.data_dir / "vault.key"
    old = [key.get_secret_value() for key in settings.old_keys]
    if settings.key or path.exists():
        Vault.open_or_create(path, settings.key.get_secret_value() if settings.key else None, old)
        return [passed("vault", "the key is VAULT__KEY" if settings.key else f"the key is {path}")]
    if existing_store.store_url(call.settings).get_backend_name() != "sqlite":
        message = (
            f"VAULT__KEY is not set, so the first start makes {path}: set it, and keep it beside the database's backup"
        )
        return [warning("vault", message)]
    return [passed("vault", f"the first start makes {path}; or set VAULT__KEY (`openssl rand -base64 32`)")]


def database(call: Call) -> Sequence[Finding]:
    """Whether the store can be used, or will be made. Raises Refused, and Transient where it does not answer."""
    from bot.store.sqlite_version import require_sqlite

    url = existing_store.store_url(call.settings)
    if url.get_backend_name() == "sqlite":
        require_sqlite()
    where = existing_store.display_name(url)
    if existing_store.unwritable_reason(call.settings.data_dir) and not call.settings.store.url:
        return []
    store = existing_store.find_store(call.settings)
    return [passed("database", where if store else f"{where}, which the first start makes")]


def tools(call: Call) -> Sequence[Finding]:
    """One is enough: which of them the repositories need, nobody knows here."""
    from bot.core.project import Project
    from bot.wiring import load_tools

    project = Project("check", ".")
    path = {"PATH": call.environment.get("PATH", "")}
    usable, unusable = [], []
    for name, tool in load_tools(call.settings).items():
        try:
            usable.append(passed(name, tool.version(project, path)))
        except Refused as error:
            unusable.append((name, str(error)))
    return [
        *usable,
        *(
            warning(name, f"{reason} (needed where a project uses it)") if usable else problem(name, reason)
            for name, reason in unusable
        ),
        _local_state(call),
    ]


def _local_state(call: Call) -> Finding:
    """What becomes of projects without a backend, as `docs/install.md` says."""
    url = call.settings.store.url
    if url and not url.startswith("sqlite") and call.settings.state.local is None:
        remedy = "give them one, or set STATE__LOCAL=shared-disk"
        return warning("state", f"projects without a backend are refused on Postgres: {remedy}")
    return warning(
        "state", f"projects without a backend keep their state in {call.settings.data_dir / 'state'}: back it up"
    )


def repos(call: Call) -> Sequence[Finding]:
    """The setting REPOS."""
    globs = call.settings.repos
    if not globs:
        message = "REPOS is not set, so no repository is worked on: set it like GITOPS_BOT_REPOS='acme/*'"
        return [problem("repositories", message)]
    return [passed("repositories", f"REPOS is {', '.join(globs)}")]


def forges(call: Call) -> Sequence[Finding]:
    """Of each forge: who the bot is there, and its rights in each repository."""
    from bot.core.repository_filter import RepositoryFilter
    from bot.wiring import load_hosts

    findings: list[Finding] = []
    seen: list[str] = []
    hosts = load_hosts(call.settings)
    for name, host in hosts.items():
        who = host.whoami()
        findings.append(passed(name, f"signed in as {who}"))
        if not call.settings.repos:
            continue
        holder, remedy = _rights_holder(who, name)
        repositories = host.repositories()
        seen += [repository.name for repository in repositories]
        if not repositories:
            findings.append(problem(name, f"REPOS fits no repository that {holder} may see: set REPOS, or {remedy}"))
        for repository in repositories:
            missing = host.missing_rights(repository)
            if missing:
                findings.append(problem(repository.name, f"{holder} lacks {', '.join(missing)}: {remedy}"))
            else:
                findings.append(passed(repository.name, f"{holder} has the rights it needs"))
    unseen = RepositoryFilter(tuple(call.settings.repos)).fitting_none(seen) if seen else ()
    where = "the forge shows" if len(hosts) == 1 else "a forge shows"
    return [*findings, *(problem(pattern, f"REPOS names it, and {where} us none such: {UNSEEN}") for pattern in unseen)]


def _rights_holder(who: str, forge: str) -> tuple[str, str]:
    """What the bot's rights hang on, and where they are mended. The login of an App ends so on GitHub."""
    if who.endswith("[bot]"):
        return "the App", "give it that in the App's settings on the forge and in its installation"
    return "the token", f"set {forge.upper()}__TOKEN to one that has it"


def _pluralize(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def clusters(call: Call) -> Sequence[Finding]:
    """Of each cluster: what its two identities can, by trying; `cluster check NAME` tells each."""
    from bot.cli.cluster import prove_identities
    from bot.kube.access.rbac_manifests import Identities
    from bot.kube.cluster.clusters import SECTION, Clusters

    clusters = Clusters.of(call.settings.section(SECTION))
    findings: list[Finding] = []
    for name in clusters.names:
        attempts = list(prove_identities(clusters, name, Identities()))
        problems = [finding for finding in attempts if finding.status]
        if not problems:
            findings.append(
                passed(f"cluster {name}", f"{len(attempts)} attempts by its two identities ended as they should")
            )
        for finding in problems[:MOST_NAMED]:
            findings.append(problem(f"cluster {name}", f"{finding.subject}: {finding.message}"))
        if (omitted := len(problems) - MOST_NAMED) > 0:
            findings.append(
                problem(f"cluster {name}", f"and {omitted} more: `gitops-bot cluster check {name}` tells each")
            )
    return findings
