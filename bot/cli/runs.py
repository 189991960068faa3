"""`gitops-bot runs`."""

import argparse

from bot.cli.call import Call
from bot.cli.usage import Commands, Usage

MOST = 100_000
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


def declare(commands: Commands) -> None:
    options = commands.add("runs", USAGE)
    options.add_argument("--pull", metavar="OWNER/NAME#N", help="only this pull request's")
    options.add_argument("--limit", type=_several, default=20, metavar="N", help="no more than these (default: 20)")
    options.add_argument("--json", action="store_true", help="for programs")


def run(call: Call) -> int:
    from bot.cli.names import pull_named
    from bot.server.words import why
    from bot.store import pulls, runs

    with call.store().read() as tx:
        wanted = pull_named(tx, call.options["pull"]).key if call.options["pull"] else None
        rows = []
        for its in runs.listed(tx, call.options["limit"], wanted):
            pull = pulls.get(tx, its.pull)
            name = f"{pull.repository.name}#{pull.number}" if pull else its.pull
            when = its.created_at.isoformat(timespec="seconds") if its.created_at else ""
            rows.append((its.id, its.kind.value, name, its.state.value, its.asked_by, why(its.why), when, its.note))
    call.table(COLUMNS, rows, empty="no runs yet")
    return 0


def _several(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is no number of runs from 1 to {MOST}")
    return int(text)
