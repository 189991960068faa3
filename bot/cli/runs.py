"""`gitops-bot runs`."""

import argparse
from typing import TYPE_CHECKING

from bot.cli.call import Call
from bot.cli.usage import Subcommands, Usage

if TYPE_CHECKING:
    from bot.core.run import Run

MAX_LIMIT = 100_000
COLUMNS = ("run", "kind", "pull", "state", "asked by", "why", "began", "note")
USAGE = Usage(
    summary="the newest runs",
    text="""
    Lists plans and applies, newest first: which pull request, how it stands, who or what asked for it. On a
    terminal as a table, piped as lines with tabs, with --json for programs.
    """,
    exits={0: "listed", 1: "the database does not answer", 3: "no server has worked there, or no such pull request"},
    example="gitops-bot runs --pull acme/infra#7 --limit 5",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    options = commands.add("runs", USAGE)
    options.add_argument("--pull", metavar="OWNER/NAME#N", help="only this pull request's")
    options.add_argument("--limit", type=_parse_limit, default=20, metavar="N", help="no more than these (default: 20)")
    options.add_argument("--json", action="store_true", help="for programs")


def run(call: Call) -> int:
    """Print the newest runs. Raises Refused where no server has worked, or for an unknown pull request."""
    from bot.cli.pull_lookup import find_pull
    from bot.store import pulls, runs

    with call.store().read() as tx:
        pull_key = find_pull(tx, call.options["pull"]).key if call.options["pull"] else None
        rows = []
        for listed in runs.list_runs(tx, call.options["limit"], pull_key):
            pull = pulls.get(tx, listed.pull)
            name = f"{pull.repository.name}#{pull.number}" if pull else listed.pull
            rows.append(_cells(listed, name))
    call.table(COLUMNS, rows, empty="no runs yet")
    return 0


def _cells(run: "Run", pull: str) -> tuple[str, ...]:
    """One row of the table, in the order of COLUMNS."""
    from bot.server.formatting import trigger_label

    began = run.created_at.isoformat(timespec="seconds") if run.created_at else ""
    return run.id, run.kind.value, pull, run.state.value, run.asked_by, trigger_label(run.trigger), began, run.note


def _parse_limit(text: str) -> int:
    """A number of runs. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or not 0 < int(text) <= MAX_LIMIT:
        raise argparse.ArgumentTypeError(f"{text} is no number of runs from 1 to {MAX_LIMIT}")
    return int(text)
