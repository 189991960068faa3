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

from bot.core.secret_spellings import SHORTEST
from bot.tools.terraform.json_fields import Node
from bot.tools.terraform.masking import INSTANCE
from bot.tools.terraform.output import child, message_text, parse_message

STEPS = frozenset(
    {f"refresh_{phase}" for phase in ("start", "complete")}
    | {f"apply_{phase}" for phase in ("start", "progress", "complete", "errored")}
    | {f"ephemeral_op_{phase}" for phase in ("start", "progress", "complete", "errored")}
    | {f"provision_{phase}" for phase in ("start", "complete", "errored")}
)
# Sentences that are always the same: an interrupt, waiting for a state lock.
SENTENCES = frozenset({"version", "log", "state_lock_acquire", "state_lock_release"})
PLANNED = ("planned_change", "resource_drift")
MASKED_KEY = '["…"]'


def render_steps(lines: str) -> str:
    """Of whole lines of an apply, what may be told at once, not yet masked."""
    return _join_lines(message_text(message) for message in _live_messages(lines))


def render_bare_steps(lines: str) -> str:
    """Of whole lines of a plan, what may be told before its masks are known."""
    return _join_lines(
        _bare_step(message) if message["type"] in STEPS else message_text(message) for message in _live_messages(lines)
    )


def is_held_back(message: Node) -> bool:
    """Waits for the end."""
    return str(message.get("type")) not in STEPS | SENTENCES


def is_apply_message(message: Node) -> bool:
    """Is of an apply, and does not say once more what was planned."""
    return message.get("type") not in PLANNED


def _live_messages(lines: str) -> Iterator[Node]:
    for line in lines.split("\n"):
        message = parse_message(line)
        if message and not is_held_back(message):
            yield message


def _bare_step(message: Node) -> str:
    """Address and step alone; ids and what else is told stand in brackets behind them."""
    hook = child(message, "hook")
    address = str(child(hook, "resource").get("addr"))
    prefix, _, step = message_text(message).partition(f"{address}: ")
    if prefix or not step:
        return ""
    seconds = hook.get("elapsed_seconds")
    elapsed = (
        f" [{seconds}s elapsed]" if str(message["type"]).endswith("_progress") and isinstance(seconds, int) else ""
    )
    return f"{INSTANCE.sub(_mask_key, address)}: {step.partition(' [')[0]}{elapsed}"


def _mask_key(key: re.Match[str]) -> str:
    """Nothing shorter than a secret can be one, or hold one."""
    return key[0] if len(key[0]) - len('[""]') < SHORTEST else MASKED_KEY


def _join_lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines if line)
