"""What keeps an apply from beginning, whatever the cluster says by now. Called before the apply is started. Pure."""

from collections.abc import Collection, Sequence

from bot.core.errors import Refused
from bot.kube.objects.object_changes import BLOCKING_VERBS, ObjectChange, Verb, blocking_reason


def refuse_unconsented(changes: Sequence[ObjectChange], confirmed: Collection[str]) -> None:
    """Raises Refused while a change is blocked, or was not named by a person where it must be (`Kind/name`)."""
    blocked = [change for change in changes if change.verb in BLOCKING_VERBS]
    if blocked:
        remainder = f" (and {len(blocked) - 1:,} more)" if len(blocked) > 1 else ""
        raise Refused(f"{blocking_reason(blocked[0])}{remainder}")
    unconfirmed = [change for change in changes if change.confirm and change.ref.path not in confirmed]
    if unconfirmed:
        arguments = " ".join(f"--confirm {change.ref.path}" for change in unconfirmed)
        raise Refused(f"{'; '.join(map(_loss_of, unconfirmed))}; to mean that, comment `/apply {arguments}`")


def _loss_of(change: ObjectChange) -> str:
    if change.verb is Verb.CHANGE:
        return f"what others changed in {change.ref.path} would be overwritten"
    return f"{change.ref.path} would go with all that is in it"
