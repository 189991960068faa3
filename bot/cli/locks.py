"""`gitops-bot locks`."""

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.store import locks, pulls

    store = call.store()
    with store.read() as tx:
        rows = []
        for lock in locks.listed(tx):
            pull = pulls.get(tx, lock.pull)
            name = f"{pull.repository.name}#{pull.number}" if pull else lock.pull
            rows.append((lock.place, name, lock.taken_by, lock.since.isoformat(timespec="seconds")))
        freeze = locks.frozen(tx)
    call.table(("place", "held by", "taken by", "since"), rows)
    if freeze and not call.options["json"]:
        call.say(f"Applies are frozen by {freeze.by} since {freeze.since:%Y-%m-%d %H:%M} UTC: {freeze.reason}")
    return 0
