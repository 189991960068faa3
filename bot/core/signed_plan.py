"""What of a stored plan the gate and an apply rely on, as one text to be signed: whoever can write rows makes none."""

import json

from bot.core.project import Rules
from bot.core.run import Plan

PURPOSE = "stored plan"


def signed_text(plan: Plan) -> str:
    """Write all that decides whether and how the plan is applied; not its state, which moves on."""
    content = plan.content
    fields = [
        *(plan.id, plan.run, plan.pull, plan.project.place, plan.project.name, plan.project.tool),
        *(plan.base, plan.head, plan.result, plan.tree, plan.destroy, plan.tool_version),
        *(plan.input_digest, plan.plan_digest, plan.artifact_digest, plan.rules_digest),
        *(plan.created_at.timestamp(), plan.expires_at.timestamp()),
        *(content.counts.empty, content.obstacles, content.precious, plan.runs),
        *([content.overwritten] if content.overwritten else ()),
        _rules_text(plan.rules),
    ]
    return f"{PURPOSE} {json.dumps(fields)}"


def _rules_text(rules: Rules) -> str:
    own = [rules.apply, sorted(rules.require), rules.approvals, rules.backend_change]
    return json.dumps([own, dict(rules.options)], sort_keys=True, default=sorted)
