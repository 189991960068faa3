"""What of the tool's JSON stream is told while it goes on, and what waits until its secrets are known.

While a plan is made nobody knows yet what will be sensitive in it: of secrets, only those of the environment are known.
So what is told of it at once is made of what holds no value: which step of which resource (STEPS), without its id, and
without instance keys that are long enough for a secret, for both may be copies of one that lost its mark.

When an apply begins the plan's masks are known, so its steps are told as they are, masked.

Held back to the end, and masked as a whole then: diagnostics (details and snippets hold values: what a provider was
answered, the message of a check), outputs, planned changes (nothing comes between them and the end), output of
provisioners and actions (a secret may come in pieces), what is no JSON, and every kind that is not known here.
Source: hashicorp/terraform, internal/command/views/json and hook_json.go.
"""

import re
from collections.abc import Iterator

from bot.tools.terraform.json_fields import Row
from bot.tools.terraform.masking import INSTANCE, SHORTEST
from bot.tools.terraform.output import message, part, row_of

STEPS = frozenset(
    {f"refresh_{how}" for how in ("start", "complete")}
    | {f"apply_{how}" for how in ("start", "progress", "complete", "errored")}
    | {f"ephemeral_op_{how}" for how in ("start", "progress", "complete", "errored")}
    | {f"provision_{how}" for how in ("start", "complete", "errored")}
)
# Sentences that are always the same: an interrupt, waiting for a state lock.
SENTENCES = frozenset({"version", "log", "state_lock_acquire", "state_lock_release"})
PLANNED = ("planned_change", "resource_drift")
KEY = '["…"]'


def steps(lines: str) -> str:
    """Of whole lines of an apply, what may be told at once, not yet masked."""
    return _text(message(row) for row in _told(lines))


def bare_steps(lines: str) -> str:
    """Of whole lines of a plan, what may be told before its masks are known."""
    return _text(_bare(row) if row["type"] in STEPS else message(row) for row in _told(lines))


def is_held(row: Row) -> bool:
    """Waits for the end."""
    return str(row.get("type")) not in STEPS | SENTENCES


def is_news(row: Row) -> bool:
    """Is of an apply, and does not say once more what was planned."""
    return row.get("type") not in PLANNED


def _told(lines: str) -> Iterator[Row]:
    for line in lines.split("\n"):
        row = row_of(line)
        if row and not is_held(row):
            yield row


def _bare(row: Row) -> str:
    """Address and step alone; ids and what else is told stand in brackets behind them."""
    hook = part(row, "hook")
    address = str(part(hook, "resource").get("addr"))
    its, _, step = message(row).partition(f"{address}: ")
    if its or not step:
        return ""
    seconds = hook.get("elapsed_seconds")
    elapsed = f" [{seconds}s elapsed]" if str(row["type"]).endswith("_progress") and isinstance(seconds, int) else ""
    return f"{INSTANCE.sub(_short, address)}: {step.partition(' [')[0]}{elapsed}"


def _short(key: re.Match[str]) -> str:
    """Nothing shorter than a secret can be one, or hold one."""
    return key[0] if len(key[0]) - len('[""]') < SHORTEST else KEY


def _text(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines if line)
