"""What a plan does beside its changes, or not yet: actions of providers, and what is put off to a later plan.

Called by `plan_json`. Terraform 1.14 has actions; deferrals are an experiment of Terraform, and OpenTofu has neither.
"""

import re
from dataclasses import replace

from bot.core.plan import Action, Change
from bot.tools.terraform.changes import hide_secrets, read_resource_change
from bot.tools.terraform.diff import diff_lines
from bot.tools.terraform.json_fields import Node, node, text
from bot.tools.terraform.masking import Secrets, apply_mask
from bot.tools.terraform.reasons import deferral_reason, spell_out

DEFERRED = ("deferred",)
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def read_invocation(invocation: Node, secrets: Secrets) -> Change:
    """An action that the apply runs, with the values that it is given."""
    values = apply_mask(
        invocation.get("config_values"), invocation.get("config_sensitive"), invocation.get("config_unknown")
    )
    lines = diff_lines(None, values, hide=secrets.hide) if isinstance(values, dict) else ()
    change = Change(
        text(invocation, "address"), Action.INVOKE, lines, reason=_trigger_reason(invocation), words=("invoke",)
    )
    return hide_secrets(change, secrets)


def read_deferral(deferral: Node, secrets: Secrets) -> Change:
    """A change that is not made by this plan; its lines tell as much as is known."""
    resource_change = node(deferral, "resource_change")
    change = (
        read_resource_change(resource_change, secrets)
        if resource_change.get("change")
        else Change(text(resource_change, "address") or "?", Action.DEFER)
    )
    actions = ", ".join(change.words) or "something"
    return replace(
        change,
        action=Action.DEFER,
        reason=f"{actions}: {deferral_reason(text(deferral, 'reason'))}",
        moved_from=None,
        import_id=None,
        words=(*DEFERRED, *change.words),
    )


def read_deferred_action(deferral: Node, secrets: Secrets) -> Change:
    """An action that is put off together with what triggers it."""
    change = read_invocation(node(deferral, "action_invocation"), secrets)
    return replace(
        change, action=Action.DEFER, reason=f"invoke: {deferral_reason(text(deferral, 'reason'))}", words=DEFERRED
    )


def _trigger_reason(invocation: Node) -> str:
    trigger = node(invocation, "lifecycle_action_trigger")
    if not trigger:
        return "when the plan is applied"
    event = _spaced(text(trigger, "action_trigger_event")) or "trigger"
    on_failure = _spaced(text(trigger, "on_failure")).removeprefix("action on failure ")
    reason = f"{event} of {text(trigger, 'triggering_resource_address')}"
    return f"{reason}, on failure {on_failure}" if on_failure else reason


def _spaced(code: str) -> str:
    """`AfterCreate` and `after_create` are the same to people."""
    return CAPITAL.sub(" ", spell_out(code)).lower()
