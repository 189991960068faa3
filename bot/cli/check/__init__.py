"""`gitops-bot check`: what is missing or wrong before a server starts, and what to set. Makes nothing."""

from collections.abc import Callable, Iterator, Sequence

from bot.cli.call import Call
from bot.cli.check.finding import Finding
from bot.cli.plan import reports
from bot.cli.usage import FAILED, REFUSED, Subcommands, Usage
from bot.core.errors import Refused, ToolFailed, Transient

USAGE = Usage(
    summary="settings, gitops.yaml, tools, credentials: what is missing",
    text="""
    Looks at everything that a server needs and says what to set: git, the gitops.yaml of the repository it is
    called in, the settings, the key of the vault, tools, the database, the disk, whether the cage of foreign programs
    holds (by trying what an attacker would), and what the token may do.
    Marks: ✓ is good, ! is worth knowing, ✗ is to be mended. It leaves nothing behind, and may run beside a server.

    As a step of a pipeline, --repository looks at git and gitops.yaml alone, which need no server's settings.
    """,
    exits={
        0: "nothing to mend",
        1: "something is missing or to be mended (a line with ✗)",
        3: "a setting holds what nobody can use; a server would not start",
    },
    example="gitops-bot --config /etc/gitops-bot.toml check",
)

Check = Callable[[Call], Sequence[Finding]]


def declare(commands: Subcommands) -> None:
    """Add the command."""
    options = commands.add("check", USAGE)
    options.add_argument(
        "--repository", action="store_true", help="look only at the repository that it is called in, for pipelines"
    )
    options.add_argument("--json", action="store_true", help="for programs: mark, what, words")
    reports.add_options(options)


def run(call: Call) -> int:
    """Print each finding; the worst one's status."""
    reports.refuse_unusable(call)
    findings = []
    for finding in _run_checks(call):
        findings.append(finding)
        if not reports.owns_stdout(call):
            call.say(str(finding))
    if call.options["json"]:
        call.table(("mark", "what", "words"), [(f.mark, f.subject, f.message) for f in findings])
    reports.report_findings(call, findings)
    return max((finding.status for finding in findings), default=0)


def _run_checks(call: Call) -> Iterator[Finding]:
    from bot.cli.check import cage, checks

    yield from _run_check("git", checks.git, call)
    yield from _run_check("gitops.yaml", checks.repository, call)
    yield from _run_check("repository", checks.projects, call)
    if call.options["repository"]:
        return
    settings = list(_run_check("settings", checks.settings, call, REFUSED))
    yield from settings
    if any(finding.status for finding in settings):
        return
    yield from _run_check("data", checks.data_dir, call, REFUSED)
    yield from _run_check("server", checks.server, call)
    yield from _run_check("vault", checks.vault, call, REFUSED)
    yield from _run_check("database", checks.database, call, REFUSED)
    yield from _run_check("tools", checks.tools, call)
    yield from _run_check("cage", cage.cage, call, REFUSED)
    yield from _run_check("repositories", checks.repos, call)
    yield from _run_check("forge", checks.forges, call)
    yield from _run_check("clusters", checks.clusters, call)


def _run_check(subject: str, check: Check, call: Call, refusal_status: int = FAILED) -> Iterator[Finding]:
    """What it finds, or why it could not look; `refused` is the status of what the bot refuses."""
    try:
        yield from check(call)
    except Refused as error:
        yield from (Finding("✗", subject, line, refusal_status) for line in str(error).splitlines())
    except (ToolFailed, Transient, OSError) as error:
        yield Finding("✗", subject, str(error), FAILED)
