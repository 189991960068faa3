"""`gitops-bot check`: settings, gitops.yaml, tools, credentials, disk and database; what is missing, and what helps."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.cli.call import Call
from bot.core.errors import Refused, ToolFailed, Transient

LEAST_GIT = (2, 38)
LEAST_FREE_BYTES = 1024**3


@dataclass(frozen=True)
class Finding:
    """`mark` is ✓ (good), ! (worth knowing) or ✗ (to be mended)."""

    mark: str
    what: str
    words: str


def run(call: Call) -> int:
    """1 when anything is to be mended."""
    findings = list(_findings(call))
    if call.options["json"]:
        call.table(("mark", "what", "words"), [(f.mark, f.what, f.words) for f in findings])
    else:
        for finding in findings:
            call.say(f"{finding.mark} {finding.what}: {finding.words}")
    return int(any(finding.mark == "✗" for finding in findings))


def _findings(call: Call) -> Iterator[Finding]:
    yield from _tried("git", lambda: _git(call))
    yield from _tried("gitops.yaml", lambda: _repository(call.cwd))
    settings = list(_tried("settings", lambda: [Finding("✓", "settings", f"data in {call.settings.data_dir}")]))
    yield from settings
    if any(finding.mark == "✗" for finding in settings):
        return
    for what, look in (
        ("server", _server),
        ("tools", _tools),
        ("database", _database),
        ("disk", _disk),
        ("forge", _forges),
    ):
        yield from _tried(what, lambda look=look: look(call))  # type: ignore[misc]  # bound now


def _tried(what: str, look: Callable[[], list[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (Refused, ToolFailed, Transient, OSError) as why:
        yield Finding("✗", what, str(why))


def _git(call: Call) -> list[Finding]:
    found = shutil.which("git", path=call.environment.get("PATH"))
    if not found:
        return [Finding("✗", "git", "is not installed; install git 2.38 or newer")]
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=True, env={}).stdout.strip()
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    mark = "✓" if version >= LEAST_GIT else "✗"
    return [Finding(mark, "git", said if mark == "✓" else f"{said} is too old; install 2.38 or newer")]


def _repository(directory: Path) -> list[Finding]:
    from bot.config.repository import read

    path = directory / "gitops.yaml"
    if not path.exists():
        return [Finding("✓", "gitops.yaml", "none here, so projects are found by their files")]
    count = len(read(path.read_bytes()).projects)
    return [Finding("✓", "gitops.yaml", f"{count} projects")]


def _server(call: Call) -> list[Finding]:
    server = call.settings.server
    found = [Finding("✓", "server", f"listens on {server.listen}")]
    if not server.url:
        found.append(Finding("!", "server", "SERVER__URL is not set: comments have no links to pages"))
    if server.token is None:
        found.append(
            Finding("!", "server", "SERVER__TOKEN is not set: only signed links of private repositories open pages")
        )
    return found


def _tools(call: Call) -> list[Finding]:
    from bot.core.project import Project
    from bot.wiring import found_tools

    project = Project("check", ".")
    path = {"PATH": call.environment.get("PATH", "")}
    found = [Finding("✓", name, tool.version(project, path)) for name, tool in found_tools(call.settings).items()]
    kept = call.settings.data_dir / "state"
    return [*found, Finding("!", "state", f"projects without a backend keep their state in {kept}: back it up")]


def _database(call: Call) -> list[Finding]:
    store = call.store()
    return [Finding("✓", "database", f"{store.url.get_backend_name()}, tables up to date")]


def _disk(call: Call) -> list[Finding]:
    free = shutil.disk_usage(call.settings.data_dir).free
    mark = "✓" if free >= LEAST_FREE_BYTES else "✗"
    return [Finding(mark, "disk", f"{free / 1024**3:.1f} GiB free under {call.settings.data_dir}")]


def _forges(call: Call) -> list[Finding]:
    from bot.wiring import found_hosts

    found = []
    for name, host in found_hosts(call.settings).items():
        found.append(Finding("✓", name, f"signed in as {host.whoami()}"))
        repositories = host.repositories()
        if not repositories:
            found.append(Finding("✗", name, "no repository: check REPOS and what the token may see"))
        for repository in repositories:
            lacking = host.missing_rights(repository)
            words = f"lacks {', '.join(lacking)}" if lacking else "the token has the rights it needs"
            found.append(Finding("✗" if lacking else "✓", repository.name, words))
    return found
