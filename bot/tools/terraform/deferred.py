"""What a plan does beside its changes, or not yet: actions of providers, and what is put off to a later plan.

Called by `reading`. Terraform 1.14 has actions; deferrals are an experiment of Terraform, and OpenTofu has neither.
"""

import re
from dataclasses import replace

from bot.core.plan import Action, Change
from bot.tools.terraform.changes import resource, without_secrets
from bot.tools.terraform.diff import lines
from bot.tools.terraform.json_fields import Row, row, text
from bot.tools.terraform.masking import Secrets, masked
from bot.tools.terraform.reasons import plain, why_deferred

WORDS = ("deferred",)
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def invoked(of: Row, hidden: Secrets) -> Change:
    """An action that the apply runs, with the values that it is given."""
    values = masked(of.get("config_values"), of.get("config_sensitive"), of.get("config_unknown"))
    shown = lines(None, values, hide=hidden.hide) if isinstance(values, dict) else ()
    found = Change(text(of, "address"), Action.INVOKE, shown, reason=_trigger(of), words=("invoke",))
    return without_secrets(found, hidden)


def deferred(of: Row, hidden: Secrets) -> Change:
    """A change that is not made by this plan; its lines tell as much as is known."""
    inner = row(of, "resource_change")
    found = resource(inner, hidden) if inner.get("change") else Change(text(inner, "address") or "?", Action.DEFER)
    meant = ", ".join(found.words) or "something"
    return replace(
        found,
        action=Action.DEFER,
        reason=f"{meant}: {why_deferred(text(of, 'reason'))}",
        moved_from=None,
        import_id=None,
        words=(*WORDS, *found.words),
    )


def deferred_action(of: Row, hidden: Secrets) -> Change:
    found = invoked(row(of, "action_invocation"), hidden)
    return replace(found, action=Action.DEFER, reason=f"invoke: {why_deferred(text(of, 'reason'))}", words=WORDS)


def _trigger(of: Row) -> str:
    trigger = row(of, "lifecycle_action_trigger")
    if not trigger:
        return "when the plan is applied"
    event = _words(text(trigger, "action_trigger_event")) or "trigger"
    failing = _words(text(trigger, "on_failure")).removeprefix("action on failure ")
    by = f"{event} of {text(trigger, 'triggering_resource_address')}"
    return f"{by}, on failure {failing}" if failing else by


def _words(code: str) -> str:
    """`AfterCreate` and `after_create` are the same to people."""
    return CAPITAL.sub(" ", plain(code)).lower()
