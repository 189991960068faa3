"""What versions of the tools are known to do otherwise than their plans say, so that a plan warns. Pure.

A row stands here as long as the version may be in use; its source is the issue in which the tool's makers say so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.plan import Action, Change, Notice, Severity
from bot.core.sentences import join_names

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KnownFault:
    """A fault of the versions from `since` up to `fixed`, which has it no more, in plans that hold a construct."""

    product: str
    since: Version
    fixed: Version
    applies: Callable[[Change], bool]
    truth: str
    source: str


def _destroys_first(change: Change) -> bool:
    return change.words == ("delete", "create")


def _forgets(change: Change) -> bool:
    return change.action is Action.FORGET or "forget" in change.words


FAULTS = (
    KnownFault(
        "Terraform",
        (1, 16, 0),
        (1, 16, 1),
        _destroys_first,
        "creates the new object first, and never destroys the old one",
        "hashicorp/terraform#39076",
    ),
    KnownFault(
        "Terraform",
        (1, 16, 0),
        (1, 16, 3),
        _forgets,
        "destroys an object that its lifecycle says to leave alone (`destroy = false`)",
        "hashicorp/terraform#39088",
    ),
)


def read_version(text: str) -> Version:
    """The numbers of a version: `1.16.0` of `1.16.0-rc1`."""
    return tuple(int(number) for number in text.partition("-")[0].split(".") if number.isdigit())


def fault_notices(tool: str, changes: Sequence[Change]) -> Iterator[Notice]:
    """Warn of each fault that this tool (`Terraform 1.16.0`) has with one of these changes."""
    product, _, version = tool.partition(" ")
    for fault in FAULTS:
        affected = [change.address for change in changes if fault.applies(change)]
        if affected and product == fault.product and fault.since <= read_version(version) < fault.fixed:
            fixed = ".".join(map(str, fault.fixed))
            yield Notice(
                Severity.WARNING,
                f"{tool} does not apply this plan as it is written",
                f"With {join_names(affected, 1)} it {fault.truth}. {product} {fixed} does ({fault.source}).",
            )
