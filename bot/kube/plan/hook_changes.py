"""What a plan says of a chart's hooks: what they run, what is in their way, and which of them no apply runs.

Called by `tool`. They are no part of the artifact's changes, for they run at their own time.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.kube.cluster.inventory import Inventory
from bot.kube.objects.kube_object import KubeObject, ObjectRef
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.hook_trials import HookTrials
from bot.kube.plan.plan_request import PlanRequest
from bot.kube.plan.rendered_diff import diff_rendered
from bot.kube.plan.unfinished import HOOK_NOTE
from bot.kube.render.helm_hooks import HelmHook, HookPhase
from bot.kube.render.revisions import RenderedRevision

MAX_NAMED = 20
INSTALL_PHASES = (HookPhase.PRE_INSTALL, HookPhase.POST_INSTALL)
UPGRADE_PHASES = (HookPhase.PRE_UPGRADE, HookPhase.POST_UPGRADE)


def diff_hooks(desired: RenderedRevision, previous: RenderedRevision | None, mask: Mask) -> tuple[ObjectChange, ...]:
    """Compare every hook with its previous rendering, for what one runs may be all that a pull request changes."""
    earlier_hooks = previous.hooks if previous else ()
    return tuple(
        replace(
            diff_rendered(
                hook.kube_object,
                _earlier_object(hook, earlier_hooks),
                lambda body: mask.mask_values(body) if body else None,
            ),
            notes=(f"hook: runs {', '.join(sorted(hook.phases))}, weight {hook.weight}",),
        )
        for hook in desired.hooks
    )


def check_hooks(
    request: PlanRequest, desired: RenderedRevision, previous: RenderedRevision | None, inventory: Inventory | None
) -> tuple[ObjectChange, ...]:
    """Compare hooks, and make those unknown that the next apply could not run: that keeps it from beginning.

    One that did not end well is a change by itself. What is new, changed or never ran is tried.
    Raises ToolFailed and Transient.
    """
    is_upgrade = inventory is not None and inventory.installed
    before, after = UPGRADE_PHASES if is_upgrade else INSTALL_PHASES
    unfinished = inventory.unfinished if inventory else frozenset()
    due = [hook for hook in desired.hooks if not hook.phases.isdisjoint((before, after))]
    trials = HookTrials.prepare(request, desired, previous, before) if due else None
    checked = []
    for hook, change in zip(desired.hooks, diff_hooks(desired, previous, request.mask), strict=True):
        if trials and hook in due:
            change = _run_again(change, unfinished)
            checked.append(trials.check(hook, change, is_new=not is_upgrade or change.verb is not Verb.UNCHANGED))
        else:
            checked.append(change)
    return tuple(checked)


def unsupported_hook_notes(desired: RenderedRevision) -> tuple[str, ...]:
    """Name the objects that bear a hook's annotation and are neither applied nor run."""
    refs = [str(kube_object.ref) for kube_object in desired.unsupported_hooks]
    if not refs:
        return ()
    remainder = f" and {len(refs) - MAX_NAMED:,} more" if len(refs) > MAX_NAMED else ""
    return (f"Hooks that no apply runs: {', '.join(refs[:MAX_NAMED])}{remainder}",)


def _earlier_object(hook: HelmHook, earlier_hooks: Sequence[HelmHook]) -> KubeObject | None:
    """What it was rendered to before: several hooks may have one name, at different times."""
    namesakes = [earlier for earlier in earlier_hooks if earlier.kube_object.ref == hook.kube_object.ref]
    same_time = [earlier for earlier in namesakes if earlier.phases == hook.phases]
    return (same_time or namesakes)[0].kube_object if namesakes else None


def _run_again(change: ObjectChange, unfinished: frozenset[ObjectRef]) -> ObjectChange:
    if change.ref not in unfinished or change.verb is not Verb.UNCHANGED:
        return change
    return replace(change, verb=Verb.CHANGE, notes=(*change.notes, HOOK_NOTE))
