"""A plan's checks: failing ones are told one by one, the others counted. Called by `plan_json`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.plan import Notice, Severity
from bot.tools.terraform.json_fields import Node, node, nodes, text
from bot.tools.terraform.masking import Secrets

FAILED = {"fail": "fails", "error": "cannot be evaluated"}
REPEATED = "Check block assertion failed"
QUIET = {"pass": "passed", "unknown": "cannot be told before the apply"}


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """What came of all checks; the notes are sentences on those that did not fail."""

    failures: tuple[Notice, ...]
    notes: tuple[str, ...]


def read(checks: Sequence[Node], secrets: Secrets) -> CheckSummary:
    """A status of a newer version is told like a failure: nobody knows that it is none."""
    failures = tuple(_failure_notice(check, secrets) for check in checks if text(check, "status") not in QUIET)
    return CheckSummary(failures, tuple(_count_notes(checks)))


def without_repeats(failures: Sequence[Notice], warnings: Sequence[Notice]) -> tuple[Notice, ...]:
    """Of all that is to be told, the warnings that the tool gives for a failed check once more are none.

    They alone say where it is, which its own notice takes over.
    """
    failed = "\n".join(failure.detail for failure in failures if failure.severity is Severity.CHECK)
    repeats = [warning for warning in warnings if warning.summary == REPEATED and warning.detail in failed]
    others = (warning for warning in warnings if warning not in repeats)
    return (*others, *(_placed(failure, repeats) for failure in failures))


def _placed(failure: Notice, repeats: Sequence[Notice]) -> Notice:
    places = [repeat.where for repeat in repeats if repeat.detail in failure.detail]
    return replace(failure, where=places[0]) if places and failure.severity is Severity.CHECK else failure


def _failure_notice(check: Node, secrets: Secrets) -> Notice:
    name = secrets.hide(text(node(check, "address"), "to_display") or "a check")
    status = text(check, "status")
    verdict = FAILED.get(status, f"ended as {status or 'nothing'}")
    return Notice(Severity.CHECK, f"{name} {verdict}", secrets.hide("\n".join(_problems(check))))


def _problems(check: Node) -> Iterator[str]:
    for instance in nodes(check, "instances"):
        yield from (text(problem, "message") for problem in nodes(instance, "problems"))


def _count_notes(checks: Sequence[Node]) -> Iterator[str]:
    statuses = [text(check, "status") for check in checks]
    counts = [f"{statuses.count(status):,} {label}" for status, label in QUIET.items() if status in statuses]
    if counts:
        yield f"Checks: {', '.join(counts)}"
