"""What a plan says of a chart's hooks: what they run, what is in their way, and which of them no apply runs.

Called by `tool`. They are no part of the work's outcomes, for they run at their own time.
"""

from dataclasses import replace

from bot.kube.apply.hook_runs import in_the_way
from bot.kube.cluster.client import Cluster
from bot.kube.objects.masking import Mask
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.plan import differ
from bot.kube.render.hooks import Hook, Phase
from bot.kube.render.sides import Rendered

SHOWN = 20
INSTALL = frozenset({Phase.PRE_INSTALL, Phase.POST_INSTALL})
UPGRADE = frozenset({Phase.PRE_UPGRADE, Phase.POST_UPGRADE})


def shown(new: Rendered, old: Rendered | None, mask: Mask) -> tuple[Outcome, ...]:
    """Every hook, for what one runs may be all that a pull request changes."""
    before = {hook.object.ref: hook.object for hook in old.hooks} if old else {}
    return tuple(
        replace(
            differ.rendered_only(
                hook.object, before.get(hook.object.ref), lambda body: mask.comparable(body) if body else None
            ),
            notes=(f"hook: runs {', '.join(sorted(hook.phases))}, weight {hook.weight}",),
        )
        for hook in new.hooks
    )


def against(cluster: Cluster, new: Rendered, old: Rendered | None, mask: Mask, *, upgrade: bool) -> tuple[Outcome, ...]:
    """The same, with what is in the way of those that the next apply runs: it keeps that from beginning."""
    due = UPGRADE if upgrade else INSTALL
    pairs = tuple(zip(new.hooks, shown(new, old, mask), strict=True))
    return tuple(_against(cluster, hook, one) if due & hook.phases else one for hook, one in pairs)


def never(new: Rendered) -> tuple[str, ...]:
    """Objects that bear a hook's annotation and are neither applied nor run."""
    if not new.never:
        return ()
    named = ", ".join(str(one.ref) for one in new.never[:SHOWN])
    more = f" and {len(new.never) - SHOWN:,} more" if len(new.never) > SHOWN else ""
    return (f"Hooks that no apply runs: {named}{more}",)


def _against(cluster: Cluster, hook: Hook, one: Outcome) -> Outcome:
    its = hook.object
    if cluster.resource(its.api_version, its.ref.kind) is None:
        return one
    answer = cluster.get(its.api_version, its.ref)
    problem = in_the_way(hook, answer.body) if answer.ok else ""
    return replace(one, verb=Verb.UNTOLD, problem=problem) if problem else one
