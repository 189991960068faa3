"""`gitops-bot check`: what is missing or wrong before a server starts, and what to set. Makes nothing."""

from collections.abc import Callable, Iterator, Sequence

from bot.cli.call import Call
from bot.cli.check.finding import BAD, WRONG, Finding
from bot.cli.plan import reports
from bot.cli.usage import Commands, Usage
from bot.core.errors import Refused, ToolFailed, Transient

USAGE = Usage(
    summary="settings, gitops.yaml, tools, credentials: what is missing",
    text="""
    Looks at everything that a server needs and says what to set: git, the gitops.yaml of the repository it is
    called in, the settings, the key of the vault, tools, the database, the disk, and what the token may do.
    Marks: ✓ is good, ! is worth knowing, ✗ is to be mended. It makes nothing, and may run beside a server.

    As a step of a pipeline, --repository looks at git and gitops.yaml alone, which need no server's settings.
    """,
    exits={
        0: "nothing to mend",
        1: "something is missing or to be mended (a line with ✗)",
        3: "a setting holds what nobody can use; a server would not start",
    },
    example="gitops-bot --config /etc/gitops-bot.toml check",
)

Look = Callable[[Call], Sequence[Finding]]


def declare(commands: Commands) -> None:
    options = commands.add("check", USAGE)
    options.add_argument(
        "--repository", action="store_true", help="look only at the repository that it is called in, for pipelines"
    )
    options.add_argument("--json", action="store_true", help="for programs: mark, what, words")
    reports.add_options(options)


def run(call: Call) -> int:
    reports.refuse_unusable(call)
    findings = []
    for finding in _findings(call):
        findings.append(finding)
        if not reports.takes_output(call):
            call.say(f"{finding.mark} {finding.what}: {finding.words}")
    if call.options["json"]:
        call.table(("mark", "what", "words"), [(f.mark, f.what, f.words) for f in findings])
    reports.of_findings(call, findings)
    return max((finding.status for finding in findings), default=0)


def _findings(call: Call) -> Iterator[Finding]:
    from bot.cli.check import checks

    yield from _tried("git", checks.git, call)
    yield from _tried("gitops.yaml", checks.repository, call)
    if call.options["repository"]:
        return
    settings = list(_tried("settings", checks.settings, call, WRONG))
    yield from settings
    if any(finding.status for finding in settings):
        return
    yield from _tried("data", checks.data_dir, call, WRONG)
    yield from _tried("server", checks.server, call)
    yield from _tried("vault", checks.vault, call, WRONG)
    yield from _tried("database", checks.database, call, WRONG)
    yield from _tried("tools", checks.tools, call)
    yield from _tried("repositories", checks.repos, call)
    yield from _tried("forge", checks.forges, call)
    yield from _tried("clusters", checks.clusters, call)


def _tried(what: str, look: Look, call: Call, refused: int = BAD) -> Iterator[Finding]:
    """What it finds, or why it could not look; `refused` is the status of what the bot refuses."""
    try:
        yield from look(call)
    except Refused as why:
        yield from (Finding("✗", what, line, refused) for line in str(why).splitlines())
    except (ToolFailed, Transient, OSError) as why:
        yield Finding("✗", what, str(why), BAD)
