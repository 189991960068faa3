"""What a plan says of the rendering itself: fields that are drawn, lookups in vain, words that count for nothing.

Called by `tool`. A field that comes out otherwise each time, by chance or by the clock, changes with every pull
request that touches the chart, whatever that is about. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.kube.objects.kube_object import KubeObject, ObjectRef
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.objects.pointers import drop_fields
from bot.kube.plan.field_diff import diff_fields
from bot.kube.plan.hook_changes import unsupported_hook_notes
from bot.kube.render.revisions import RenderedRevision, RenderedRevisions

MAX_NAMED = 8
MAX_NAME_LENGTH = 200
NAME_FIELD = "metadata.name"
REMEDY = "to keep what the cluster has, `ignore` it in gitops.yaml, or set it in the values"


def note_rendering(
    changes: Sequence[ObjectChange], rendered: RenderedRevisions, mask: Mask
) -> tuple[ObjectChange, ...]:
    """Add to whatever changes which of its fields are drawn, and the warnings that came of its text."""
    desired, rehearsed = _by_ref(rendered.desired), _by_ref(rendered.rehearsed)

    def note(change: ObjectChange) -> ObjectChange:
        kube_object = desired.get(change.ref)
        if kube_object is None or change.verb is Verb.UNCHANGED:
            return change
        drawn = _drawn_paths(kube_object, rehearsed.get(change.ref), change.left, mask) if rehearsed else ()
        notes = (*change.notes, *_drawn_notes(drawn))
        return replace(change, notes=notes, warnings=(*change.warnings, *kube_object.warnings))

    return tuple(note(change) for change in changes)


def project_notes(rendered: RenderedRevisions) -> Iterator[str]:
    """Say which hooks no apply runs, and what templates ask for in vain."""
    yield from unsupported_hook_notes(rendered.desired)
    if rendered.lookups:
        yield (
            f"`lookup` finds nothing here, though templates ask for {_listed(rendered.lookups)}: "
            "rendered as a first install"
        )
    if rendered.release_facts:
        yield f"Templates ask for {_listed(rendered.release_facts)}: here every rendering is that of a first install"


def _by_ref(revision: RenderedRevision | None) -> Mapping[ObjectRef, KubeObject]:
    if revision is None:
        return {}
    objects = (*revision.objects, *(hook.kube_object for hook in revision.hooks))
    return {kube_object.ref: kube_object for kube_object in objects}


def _drawn_paths(
    kube_object: KubeObject, rehearsed: KubeObject | None, ignored: Sequence[str], mask: Mask
) -> tuple[str, ...]:
    """The fields that came out otherwise in the rehearsal, and are not ignored."""
    if rehearsed is None:
        return (NAME_FIELD,)
    if rehearsed.body == kube_object.body:
        return ()
    first, second = (mask.mask_values(drop_fields(body, ignored)) for body in (kube_object.body, rehearsed.body))
    fields = diff_fields(first, second, None, None, "")
    return tuple(field.path for field in fields if field.old != field.new)


def _drawn_notes(paths: Sequence[str]) -> Iterator[str]:
    if paths:
        yield f"drawn anew by each rendering: {_listed(paths)}; {REMEDY}"


def _listed(names: Sequence[str]) -> str:
    remainder = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    return ", ".join(name[:MAX_NAME_LENGTH] for name in names[:MAX_NAMED]) + remainder
