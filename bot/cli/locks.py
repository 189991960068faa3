"""`gitops-bot locks`."""

from bot.cli.call import Call, json_rows, one_line
from bot.cli.usage import Subcommands, Usage

COLUMNS = ("place", "held by", "taken by", "since")
USAGE = Usage(
    summary="who holds what, and the freeze",
    text="""
    Lists the projects (directory:workspace) that pull requests hold from their apply until they are merged,
    whoever took them, and the freeze if there is one. With --json: {"locks": [...], "freeze": null or {reason,
    by, since}}.
    """,
    exits={0: "listed", 1: "the database does not answer", 3: "no server has worked there; nothing was made"},
    example="gitops-bot locks --json",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    commands.add("locks", USAGE).add_argument("--json", action="store_true", help="for programs")


def run(call: Call) -> int:
    """Print the locks and the freeze. Raises Refused where no server has worked."""
    from bot.store import locks, pulls

    with call.store().read() as tx:
        rows = []
        for lock in locks.list_locks(tx):
            pull = pulls.get(tx, lock.pull)
            name = f"{pull.repository.name}#{pull.number}" if pull else lock.pull
            rows.append((lock.place, name, lock.taken_by, lock.since.isoformat(timespec="seconds")))
        freeze = locks.get_freeze(tx)
    if call.options["json"]:
        freeze_fields = (
            {"reason": freeze.reason, "by": freeze.by, "since": freeze.since.isoformat()} if freeze else None
        )
        call.json({"locks": json_rows(COLUMNS, rows), "freeze": freeze_fields})
        return 0
    call.table(COLUMNS, rows, empty="no locks")
    if freeze:
        since = f"{freeze.since:%Y-%m-%d %H:%M} UTC"
        call.say(f"Applies are frozen by {freeze.by} since {since}: {one_line(freeze.reason)}")
    return 0
