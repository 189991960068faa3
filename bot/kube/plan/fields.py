"""Why each field of an object changes: ours, drift that goes, the cluster's doing, or somebody else's.

Called by the differ, with bodies of `Mask.comparable`, for what it returns is shown. Pure. `digest_of`, `owners`,
`owned_by_others` and `without` are found here too, beside what they are needed for.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.kube.objects.normalized import digest_of, quiet
from bot.kube.objects.outcomes import Cause, FieldChange
from bot.kube.objects.pointers import without
from bot.kube.objects.quantities import same
from bot.kube.objects.yaml_text import object_text, text_of
from bot.kube.plan.managed_fields import Foreign, Owner, owned, owned_by_others, owners, under_key
from bot.kube.plan.places import Place

__all__ = ["Foreign", "Owner", "compare", "digest_of", "owned_by_others", "owners", "without"]

# What generators name by its content, so that a change is a new object and the end of the old one.
GENERATED = ("ConfigMap", "Secret")

Body = Mapping[str, Any]


def compare(
    before: Body | None, rendered: Body | None, live: Body | None, result: Body | None, manager: str
) -> tuple[FieldChange, ...]:
    """Every field that the apply changes, or would if others let it.

    An object that is new is one change without a path, and those of the cluster. So is a ConfigMap or a Secret that
    goes, to be held against the one that takes its place; other deletions have none. `result` is None where nothing
    could be tried, `live` too where no cluster was asked: then `before` stands for it. A Secret that changes also shows
    the keys that stay, with `old` equal to `new`.
    """
    if rendered is None:
        return tuple(_deleted(before if live is None else live))
    if live is None and (before is None or result is not None):
        return tuple(_created(rendered, result))
    known = _Known(before is not None, result is not None, manager)
    there = before if live is None else live
    versions = tuple(None if one is None else quiet(one) for one in (before, rendered, there, result))
    root = Place(versions, owned=owned(live))
    found = tuple(change for place in _top(root) for change in _changes(place, known))
    return (*found, *_unchanged_keys(root, found))


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is to go by. `before` and `result` tell that these were given."""

    before: bool
    result: bool
    manager: str


@dataclass(frozen=True, slots=True)
class _Field:
    """One field: as last applied, as it is to be sent, as it is, and as it will be."""

    place: Place
    before: Any
    sent: Any
    live: Any
    after: Any

    @property
    def drifted(self) -> bool:
        unknown = self.before is None and self.live is not None
        return unknown or not _within(self.before, self.live, self.place)

    def writer(self, manager: str) -> str:
        """Who else wrote it last."""
        others = [one.owner for one in self.place.owned if one.owner.name != manager]
        return str(max(others, key=lambda owner: owner.time)) if others else ""

    def applier(self, manager: str) -> str:
        """Who else insists on it by server-side apply."""
        return next((str(o.owner) for o in self.place.owned if o.owner.applies and o.owner.name != manager), "")

    def change(self, old: Any, new: Any, cause: Cause, by: str = "") -> FieldChange:
        return _change(self.place.path, old, new, cause, by)


def _created(rendered: Body, result: Body | None) -> Iterator[FieldChange]:
    meant = quiet(rendered)
    yield FieldChange("", None, object_text(meant), Cause.YOURS)
    if result is not None:
        yield from _added(Place((meant, quiet(result))))


def _deleted(there: Body | None) -> Iterator[FieldChange]:
    if there is not None and there.get("kind") in GENERATED:
        yield FieldChange("", object_text(quiet(there)), None, Cause.YOURS)


def _top(root: Place) -> Iterator[Place]:
    """The object's own fields; what was sent as a Secret's `stringData` is owned by that name."""
    for place in root.below():
        if place.path == "data":
            place = Place(place.versions, place.path, place.steps, place.owned + under_key(root.owned, "stringData"))
        yield place


def _changes(place: Place, known: _Known) -> Iterator[FieldChange]:
    before, sent, live, after = place.versions
    if not known.result:
        after = live if sent is None and before is None else sent
    parts = () if live is None or after is None else place.below()
    if parts:
        for part in parts:
            yield from _changes(part, known)
        return
    one = _Field(place, before, sent, live, after)
    yield from _unsent(one, known) if sent is None else _sent(one, known)


def _sent(one: _Field, known: _Known) -> Iterator[FieldChange]:
    """A field that we send."""
    before, sent, live, after, place = one.before, one.sent, one.live, one.after, one.place
    takes = _within(sent, after, place)
    if same(live, after, place.steps):
        if known.before and not takes and not same(before, sent, place.steps):
            yield one.change(sent, after, Cause.CLUSTER)
        return
    if _within(sent, live, place):
        yield one.change(live, after, Cause.CLUSTER)
        return
    cause, by = _why(one, known)
    whole = isinstance(live, Mapping | list) and takes
    yield one.change(live, after if whole else sent, cause, by)
    if known.result and not whole:
        yield from _added(Place((sent, after), place.path, place.steps))


def _why(one: _Field, known: _Known) -> tuple[Cause, str]:
    if by := one.applier(known.manager):
        return Cause.OTHERS, by
    if known.before and one.drifted:
        kept = same(one.before, one.sent, one.place.steps)
        return Cause.DRIFT if kept else Cause.YOURS, one.writer(known.manager)
    return Cause.YOURS, ""


def _unsent(one: _Field, known: _Known) -> Iterator[FieldChange]:
    """A field that we do not send, or no longer."""
    live, after, by = one.live, one.after, one.writer(known.manager)
    removed = one.before is not None and live is not None
    if same(live, after, one.place.steps):
        if removed and by:
            yield one.change(live, after, Cause.OTHERS, by)
    elif removed:
        yield one.change(live, after, Cause.YOURS)
    elif after is not None:
        yield one.change(live, after, Cause.CLUSTER)
    elif by:
        yield one.change(live, None, Cause.DRIFT, by)
    else:
        yield one.change(live, None, Cause.YOURS if one.place.owned else Cause.CLUSTER)


def _added(place: Place) -> Iterator[FieldChange]:
    """What the cluster makes of a field that is sent to it."""
    sent, after = place.versions
    parts = () if sent is None or after is None else place.below()
    if not parts and not same(sent, after, place.steps):
        yield _change(place.path, sent, after, Cause.CLUSTER)
    for part in parts:
        yield from _added(part)


def _within(part: Any, whole: Any, place: Place) -> bool:
    """Whether the whole is the part, or that with more keys: defaults make no difference between the two."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        inner = ((value, whole.get(key), (*place.steps, key)) for key, value in part.items() if value is not None)
        return all(_within(value, other, Place((), steps=steps)) for value, other, steps in inner)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(_within(*pair, place) for pair in zip(part, whole, strict=True))
    return same(part, whole, place.steps)


def _unchanged_keys(root: Place, found: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """Of a Secret of which some keys change, the others."""
    _, sent, live, _ = root.versions
    changed = {change.path for change in found}
    if sent.get("kind") != "Secret" or not any(path.startswith("data") for path in changed):
        return
    for place in (part for part in root.below() if part.path == "data"):
        for key in place.below():
            if key.path not in changed and key.versions[2] is not None:
                yield _change(key.path, key.versions[2], key.versions[2], Cause.YOURS)


def _change(path: str, old: Any, new: Any, cause: Cause, by: str = "") -> FieldChange:
    texts = [None if value is None else text_of(value) for value in (old, new)]
    return FieldChange(path, texts[0], texts[1], cause, by)
