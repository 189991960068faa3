"""`gitops-bot runs`."""

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.cli.names import pull_named
    from bot.store import pulls, runs

    store = call.store()
    with store.read() as tx:
        wanted = pull_named(tx, call.options["pull"]).key if call.options["pull"] else None
        listed = runs.listed(tx, call.options["limit"], wanted)
        rows = []
        for its in listed:
            pull = pulls.get(tx, its.pull)
            name = f"{pull.repository.name}#{pull.number}" if pull else its.pull
            when = its.created_at.isoformat(timespec="seconds") if its.created_at else ""
            rows.append((its.id, its.kind.value, name, its.state.value, its.asked_by, its.why, when, its.note))
    call.table(("run", "kind", "pull", "state", "asked by", "why", "began", "note"), rows)
    return 0
