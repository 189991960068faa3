"""What of a plan's JSON an approval is bound to, and which of its texts are secret. Called by `reading`."""

import json
from collections.abc import Iterator

from bot.tools.terraform.json_fields import Row, row, rows, table, text, texts
from bot.tools.terraform.masking import secrets

NOTHING = ("no-op",)


def canonical(plan: Row) -> bytes:
    """Changes, outputs and checks; no time, no prior state."""
    changes = [one for one in rows(plan, "resource_changes") if _counts(one)]
    kept = {
        "changes": sorted(changes, key=lambda one: (text(one, "address"), text(one, "deposed"))),
        "outputs": {
            name: change
            for name, change in table(plan, "output_changes").items()
            if texts(change, "actions") != NOTHING
        },
        "checks": [(check.get("address"), check.get("status")) for check in rows(plan, "checks")],
        "deferred": rows(plan, "deferred_changes"),
        "actions": rows(plan, "action_invocations"),
        "deferred_actions": rows(plan, "deferred_action_invocations"),
        "complete": plan.get("complete", True),
    }
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


def secrets_of(plan: Row) -> Iterator[str]:
    """What any mask of the plan hides, and the values of sensitive variables, which have no mask."""
    changes = [row(one, "change") for one in _resources(plan)] + list(table(plan, "output_changes").values())
    for change in changes:
        for side in ("before", "after"):
            yield from secrets(change.get(side), change.get(f"{side}_sensitive"))
    put_off = (row(one, "action_invocation") for one in rows(plan, "deferred_action_invocations"))
    for action in (*rows(plan, "action_invocations"), *put_off):
        yield from secrets(action.get("config_values"), action.get("config_sensitive"))
    variables = row(row(row(plan, "configuration"), "root_module"), "variables")
    for name in variables:
        if row(variables, name).get("sensitive") or row(variables, name).get("ephemeral"):
            yield from secrets(row(row(plan, "variables"), name).get("value"), True)


def _resources(plan: Row) -> Iterator[Row]:
    yield from rows(plan, "resource_changes")
    yield from rows(plan, "resource_drift")
    yield from (row(one, "resource_change") for one in rows(plan, "deferred_changes"))


def _counts(one: Row) -> bool:
    change = row(one, "change")
    return texts(change, "actions") != NOTHING or bool(change.get("importing")) or bool(one.get("previous_address"))
