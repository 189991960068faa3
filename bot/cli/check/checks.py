"""What `gitops-bot check` looks at, one function each: each sentence about something to mend says what to set."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli import existing_store, working_copy
from bot.cli.call import Call
from bot.cli.check.finding import WRONG, Finding, bad, good, odd
from bot.core.errors import Refused

if TYPE_CHECKING:
    from bot.core.project import Configuration

LEAST_GIT = (2, 38)
LEAST_FREE_BYTES = 1024**3
MOST_NAMED = 3


def git(call: Call) -> Sequence[Finding]:
    found = shutil.which("git", path=call.environment.get("PATH"))
    if not found:
        return [bad("git", "is not installed: install git 2.38 or newer and put it on PATH")]
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=False, env={}).stdout.strip()
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    return [good("git", said) if version >= LEAST_GIT else bad("git", f"{said} is too old: install 2.38 or newer")]


def repository(call: Call) -> Sequence[Finding]:
    """The working copy that it is called in, if it is one."""
    top = working_copy.top_of(call.cwd)
    configuration = working_copy.configuration(top)
    if configuration is None:
        return [good("gitops.yaml", f"none in {top}, so projects are found by their files")]
    wrong = _absent(top, configuration)
    return wrong or [good("gitops.yaml", f"{_counted(len(configuration.projects), 'project')} in {top}")]


def _absent(top: Path, configuration: "Configuration") -> list[Finding]:
    """Directories and files that gitops.yaml names and the working copy has not."""
    found = []
    for project in configuration.projects:
        if not (top / project.dir).is_dir():
            words = f"{project.name}: there is no directory {project.dir}: make it, or set the project's `dir`"
            found.append(bad("gitops.yaml", words))
            continue
        for file in project.terraform.var_files:
            if not (top / project.dir / file).is_file():
                words = f"{project.name}: there is no file {project.dir}/{file}: set `terraform.var_files`"
                found.append(bad("gitops.yaml", words))
    return found


def settings(call: Call) -> Sequence[Finding]:
    its = call.settings
    source = call.options.get("config") or call.environment.get("GITOPS_BOT_CONFIG")
    read = f", read from {source} and GITOPS_BOT_…" if source else ""
    return [good("settings", f"DATA_DIR is {its.data_dir}{read}")]


def data_dir(call: Call) -> Sequence[Finding]:
    directory = call.settings.data_dir
    if why := existing_store.unusable(directory):
        return [bad("data", why, WRONG)]
    there = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(there).free
    words = f"{free / 1024**3:.1f} GiB free for {directory}"
    if free < LEAST_FREE_BYTES:
        return [bad("data", f"only {words}: free some, or set DATA_DIR to a larger disk")]
    return [good("data", words if there == directory else f"{words}, which the first start makes")]


def server(call: Call) -> Sequence[Finding]:
    its = call.settings.server
    found = [good("server", f"listens on {its.listen}")]
    if not its.url:
        words = "SERVER__URL is not set, so comments have no links: set it to the address that people reach it by"
        found.append(odd("server", words))
    if its.token is None:
        words = "SERVER__TOKEN is not set, so only signed links of private repositories open pages: set a long secret"
        found.append(odd("server", words))
    return found


def vault(call: Call) -> Sequence[Finding]:
    """The key; looked at, never made."""
    from bot.vault import Vault

    its, path = call.settings.vault, call.settings.data_dir / "vault.key"
    old = [key.get_secret_value() for key in its.old_keys]
    if its.key or path.exists():
        Vault.open_or_make(path, its.key.get_secret_value() if its.key else None, old)
        return [good("vault", "the key is VAULT__KEY" if its.key else f"the key is {path}")]
    if existing_store.address(call.settings).get_backend_name() != "sqlite":
        words = f"VAULT__KEY is not set, so the first start makes {path}: set one key for all servers of a database"
        return [odd("vault", words)]
    return [good("vault", f"the first start makes {path}; or set VAULT__KEY (`openssl rand -base64 32`)")]


def database(call: Call) -> Sequence[Finding]:
    where = existing_store.name(existing_store.address(call.settings))
    if existing_store.unusable(call.settings.data_dir) and not call.settings.store.url:
        return []
    there = existing_store.found(call.settings)
    return [good("database", where if there else f"{where}, which the first start makes")]


def tools(call: Call) -> Sequence[Finding]:
    """One is enough: which of them the repositories need, nobody knows here."""
    from bot.core.project import Project
    from bot.wiring import found_tools

    project = Project("check", ".")
    path = {"PATH": call.environment.get("PATH", "")}
    there, lacking = [], []
    for name, tool in found_tools(call.settings).items():
        try:
            there.append(good(name, tool.version(project, path)))
        except Refused as why:
            lacking.append((name, str(why)))
    state = call.settings.data_dir / "state"
    return [
        *there,
        *(odd(name, f"{why} (needed where a project uses it)") if there else bad(name, why) for name, why in lacking),
        odd("state", f"projects without a backend keep their state in {state}: back it up"),
    ]


def repos(call: Call) -> Sequence[Finding]:
    globs = call.settings.repos
    if not globs:
        words = "REPOS is not set, so no repository is worked on: set it like GITOPS_BOT_REPOS='acme/*'"
        return [bad("repositories", words)]
    return [good("repositories", f"REPOS is {', '.join(globs)}")]


def forges(call: Call) -> Sequence[Finding]:
    from bot.wiring import found_hosts

    found = []
    for name, host in found_hosts(call.settings).items():
        who = host.whoami()
        found.append(good(name, f"signed in as {who}"))
        if not call.settings.repos:
            continue
        its, remedy = _known_by(who, name)
        repositories = host.repositories()
        if not repositories:
            found.append(bad(name, f"REPOS fits no repository that {its} may see: set REPOS, or {remedy}"))
        for one in repositories:
            lacking = host.missing_rights(one)
            if lacking:
                found.append(bad(one.name, f"{its} lacks {', '.join(lacking)}: {remedy}"))
            else:
                found.append(good(one.name, f"{its} has the rights it needs"))
    return found


def _known_by(who: str, forge: str) -> tuple[str, str]:
    """What the bot's rights hang on, and where they are mended. The login of an App ends so on GitHub."""
    if who.endswith("[bot]"):
        return "the App", "give it that in the App's settings on the forge and in its installation"
    return "the token", f"set {forge.upper()}__TOKEN to one that has it"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def clusters(call: Call) -> Sequence[Finding]:
    """Of each cluster: what its two identities can, by trying; `cluster check NAME` tells each."""
    from bot.cli.cluster import found
    from bot.kube.access.rbac_manifests import Identities
    from bot.kube.cluster.clusters import SECTION, Clusters

    its = Clusters.of(call.settings.section(SECTION))
    findings: list[Finding] = []
    for name in its.names:
        tried = list(found(its, name, Identities()))
        wrong = [finding for finding in tried if finding.status]
        if not wrong:
            findings.append(
                good(f"cluster {name}", f"{len(tried)} attempts by its two identities ended as they should")
            )
        for finding in wrong[:MOST_NAMED]:
            findings.append(bad(f"cluster {name}", f"{finding.what}: {finding.words}"))
        if (more := len(wrong) - MOST_NAMED) > 0:
            findings.append(bad(f"cluster {name}", f"and {more} more: `gitops-bot cluster check {name}` tells each"))
    return findings
