"""Why each field of an object changes: ours, drift that goes, the cluster's doing, or somebody else's.

Called by the differ, with bodies of `Mask.mask_values`, for what it returns is shown. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.kube.objects.body import Body
from bot.kube.objects.normalization import NULL, mark_nulls, normalize, unmark_nulls
from bot.kube.objects.object_changes import ChangeCause, FieldChange
from bot.kube.objects.quantities import IsQuantity, Path, is_core_quantity, is_same
from bot.kube.objects.yaml_writer import object_text, scalar_text, value_text
from bot.kube.plan.field_tree import FieldNode
from bot.kube.plan.managed_fields import owned_fields, under_key

# What generators name by its content, so that a change is a new object and the end of the old one.
GENERATED_KINDS = ("ConfigMap", "Secret")


def is_changed(live: Body, result: Body, is_quantity: IsQuantity) -> bool:
    """Tell whether anything changes that somebody means; `diff_fields` shows a line of it then, and only then."""
    return not is_same(_comparable(live), _comparable(result), (), is_quantity)


def diff_fields(  # noqa: PLR0913  # four versions, and how they are read
    previous: Body | None,
    desired: Body | None,
    live: Body | None,
    result: Body | None,
    manager: str,
    *,
    is_quantity: IsQuantity = is_core_quantity,
) -> tuple[FieldChange, ...]:
    """List every field that the apply changes, or would if others let it.

    An object that is new is one change without a path, and those of the cluster. So is a ConfigMap or a Secret that
    goes, to be held against the one that takes its place; other deletions have none. `result` is None where nothing
    could be tried, `live` too where no cluster was asked: then `previous` stands for it. A Secret that changes also
    shows the keys that stay, with `old` equal to `new`.
    """
    if desired is None:
        return tuple(_deletion_changes(previous if live is None else live))
    if live is None and (previous is None or result is not None):
        return tuple(_creation_changes(desired, result, is_quantity))
    comparison = _Comparison(previous is not None, result is not None, manager, is_quantity)
    actual = previous if live is None else live
    versions = tuple(
        None if version is None else _comparable(version) for version in (previous, desired, actual, result)
    )
    root = FieldNode(versions, owned=owned_fields(live))
    field_changes = tuple(change for node in _top_nodes(root) for change in _node_changes(node, comparison))
    return (*field_changes, *_unchanged_secret_keys(root, field_changes))


def drift_of(fields: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Turn the fields that an apply would set back into what others did to them."""
    return tuple(
        replace(field, old=field.new, new=field.old, cause=ChangeCause.DRIFT)
        for field in fields
        if field.cause is not ChangeCause.CLUSTER and field.old != field.new
    )


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Which versions there are to compare, and who we are: the `manager` of our fields."""

    has_previous: bool
    has_result: bool
    manager: str
    is_quantity: IsQuantity

    def same(self, old: Any, new: Any, node: FieldNode) -> bool:
        """Tell whether a field's two values are the same to Kubernetes."""
        return is_same(old, new, node.steps, self.is_quantity)


@dataclass(frozen=True, slots=True)
class _ComparedField:
    """One field: as last applied, as it is to be sent, as it is, and as it will be."""

    node: FieldNode
    previous: Any
    sent: Any
    live: Any
    after: Any

    def drifted(self, is_quantity: IsQuantity) -> bool:
        """Tell whether the live field is not what was applied last."""
        unknown = self.previous is None and self.live is not None
        return unknown or not _is_subset(self.previous, self.live, self.node.steps, is_quantity)

    def writer(self, manager: str) -> str:
        """Return who else wrote it last; empty when nobody did."""
        owners = [owned.owner for owned in self.node.owned if owned.owner.name != manager]
        return str(max(owners, key=lambda owner: owner.time)) if owners else ""

    def applier(self, manager: str) -> str:
        """Return who else insists on it by server-side apply; empty when nobody does."""
        owners = (owned.owner for owned in self.node.owned)
        return next((str(owner) for owner in owners if owner.by_apply and owner.name != manager), "")

    def change(self, old: Any, new: Any, cause: ChangeCause, owner: str = "") -> FieldChange:
        """Describe the field's change from `old` to `new`."""
        return _field_change(self.node.path, old, new, cause, owner)


def _comparable(body: Body) -> dict[str, Any]:
    return {key: mark_nulls(child) for key, child in normalize(body).items()}


def _creation_changes(desired: Body, result: Body | None, is_quantity: IsQuantity) -> Iterator[FieldChange]:
    yield FieldChange("", None, object_text(normalize(desired)), ChangeCause.YOURS)
    if result is not None:
        yield from _cluster_changes(FieldNode((_comparable(desired), _comparable(result))), is_quantity)


def _deletion_changes(actual: Body | None) -> Iterator[FieldChange]:
    if actual is not None and actual.get("kind") in GENERATED_KINDS:
        yield FieldChange("", object_text(normalize(actual)), None, ChangeCause.YOURS)


def _top_nodes(root: FieldNode) -> Iterator[FieldNode]:
    """The object's own fields; what was sent as a Secret's `stringData` is owned by that name."""
    for node in root.children():
        if node.path == "data":
            node = FieldNode(node.versions, node.path, node.steps, node.owned + under_key(root.owned, "stringData"))
        yield node


def _node_changes(node: FieldNode, comparison: _Comparison) -> Iterator[FieldChange]:
    previous, sent, live, after = node.versions
    if not comparison.has_result:
        after = live if sent is None and previous is None else sent
    children = () if live is None or after is None else node.children()
    if children:
        for child in children:
            yield from _node_changes(child, comparison)
        return
    field = _ComparedField(node, previous, sent, live, after)
    if sent is NULL:
        yield from _nulled_changes(field, comparison)
    else:
        yield from _unsent_changes(field, comparison) if sent is None else _sent_changes(field, comparison)


def _sent_changes(field: _ComparedField, comparison: _Comparison) -> Iterator[FieldChange]:
    """A field that we send."""
    previous, sent, live, after, node = field.previous, field.sent, field.live, field.after, field.node
    keeps_sent = _is_subset(sent, after, node.steps, comparison.is_quantity)
    if comparison.same(live, after, node):
        if comparison.has_previous and not keeps_sent and not comparison.same(previous, sent, node):
            yield field.change(sent, after, ChangeCause.CLUSTER)
        return
    if _is_subset(sent, live, node.steps, comparison.is_quantity):
        yield field.change(live, after, ChangeCause.CLUSTER)
        return
    cause, owner = _cause_of(field, comparison)
    shows_result = isinstance(live, Mapping | list) and keeps_sent
    yield field.change(live, after if shows_result else sent, cause, owner)
    if comparison.has_result and not shows_result:
        yield from _cluster_changes(FieldNode((sent, after), node.path, node.steps), comparison.is_quantity)


def _nulled_changes(field: _ComparedField, comparison: _Comparison) -> Iterator[FieldChange]:
    """A field that the author sets to null, which takes away what is there, or sets it back to its default."""
    if comparison.same(field.live, field.after, field.node):
        return
    owner = field.writer(comparison.manager)
    if insisting := field.applier(comparison.manager):
        yield field.change(field.live, field.after, ChangeCause.OTHERS, insisting)
    elif field.previous is NULL and owner:
        yield field.change(field.live, field.after, ChangeCause.DRIFT, owner)
    else:
        yield field.change(field.live, field.after, ChangeCause.YOURS, owner if comparison.has_previous else "")


def _cause_of(field: _ComparedField, comparison: _Comparison) -> tuple[ChangeCause, str]:
    if owner := field.applier(comparison.manager):
        return ChangeCause.OTHERS, owner
    if comparison.has_previous and field.drifted(comparison.is_quantity):
        same_sent = comparison.same(field.previous, field.sent, field.node)
        return ChangeCause.DRIFT if same_sent else ChangeCause.YOURS, field.writer(comparison.manager)
    return ChangeCause.YOURS, ""


def _unsent_changes(field: _ComparedField, comparison: _Comparison) -> Iterator[FieldChange]:
    """A field that we do not send, or no longer."""
    live, after, owner = field.live, field.after, field.writer(comparison.manager)
    removed = field.previous not in (None, NULL) and live is not None
    if comparison.same(live, after, field.node):
        if removed and owner:
            yield field.change(live, after, ChangeCause.OTHERS, owner)
    elif removed:
        yield field.change(live, after, ChangeCause.YOURS)
    elif after is not None:
        yield field.change(live, after, ChangeCause.CLUSTER)
    elif owner:
        yield field.change(live, None, ChangeCause.DRIFT, owner)
    else:
        yield field.change(live, None, ChangeCause.YOURS if field.node.owned else ChangeCause.CLUSTER)


def _cluster_changes(node: FieldNode, is_quantity: IsQuantity) -> Iterator[FieldChange]:
    """What the cluster makes of a field that is sent to it; a null asks for what it is without."""
    sent, after = (None if version is NULL else version for version in node.versions)
    children = () if sent is None or after is None else node.children()
    if not children and not is_same(sent, after, node.steps, is_quantity):
        yield _field_change(node.path, sent, after, ChangeCause.CLUSTER)
    for child in children:
        yield from _cluster_changes(child, is_quantity)


def _is_subset(subset: Any, superset: Any, steps: Path, is_quantity: IsQuantity) -> bool:
    """Whether the superset is the subset, or that with more keys: defaults make no difference between the two."""
    if isinstance(subset, Mapping) and isinstance(superset, Mapping):
        return all(
            child is NULL or _is_subset(child, superset.get(key), (*steps, key), is_quantity)
            for key, child in subset.items()
        )
    if isinstance(subset, list) and isinstance(superset, list):
        return len(subset) == len(superset) and all(
            _is_subset(*pair, steps, is_quantity) for pair in zip(subset, superset, strict=True)
        )
    return is_same(subset, superset, steps, is_quantity)


def _unchanged_secret_keys(root: FieldNode, field_changes: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """Of a Secret of which some keys change, the others."""
    _, sent, live, _ = root.versions
    changed = {change.path for change in field_changes}
    if sent.get("kind") != "Secret" or not any(path.startswith("data") for path in changed):
        return
    for data_node in (node for node in root.children() if node.path == "data"):
        for key_node in data_node.children():
            if key_node.path not in changed and key_node.versions[2] is not None:
                yield _field_change(key_node.path, key_node.versions[2], key_node.versions[2], ChangeCause.YOURS)


def _field_change(path: str, old: Any, new: Any, cause: ChangeCause, owner: str = "") -> FieldChange:
    """Two values that differ never look the same: then texts are quoted."""
    texts = [_field_text(value) for value in (old, new)]
    if texts[0] == texts[1] and type(old) is not type(new):
        texts = [scalar_text(value) if isinstance(value, str) else _field_text(value) for value in (old, new)]
    return FieldChange(path, texts[0], texts[1], cause, owner)


def _field_text(value: Any) -> str | None:
    if value is NULL:
        return str(NULL)
    return None if value is None else value_text(unmark_nulls(value))
