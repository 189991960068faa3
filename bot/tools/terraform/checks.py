"""A plan's checks: failing ones are told one by one, the others counted. Called by `reading`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.plan import Notice, Severity
from bot.tools.terraform.json_fields import Row, row, rows, text
from bot.tools.terraform.masking import Secrets

FAILED = {"fail": "fails", "error": "cannot be evaluated"}
QUIET = {"pass": "passed", "unknown": "cannot be told before the apply"}


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of all checks; the notes are sentences on those that did not fail."""

    failed: tuple[Notice, ...]
    notes: tuple[str, ...]


def read(checks: Sequence[Row], hidden: Secrets) -> Looked:
    """A status of a newer version is told like a failure: nobody knows that it is none."""
    failed = tuple(_failed(check, hidden) for check in checks if text(check, "status") not in QUIET)
    return Looked(failed, tuple(_counted(checks)))


def _failed(check: Row, hidden: Secrets) -> Notice:
    name = hidden.hide(text(row(check, "address"), "to_display") or "a check")
    status = text(check, "status")
    said = FAILED.get(status, f"ended as {status or 'nothing'}")
    return Notice(Severity.CHECK, f"{name} {said}", hidden.hide("\n".join(_problems(check))))


def _problems(check: Row) -> Iterator[str]:
    for instance in rows(check, "instances"):
        yield from (text(problem, "message") for problem in rows(instance, "problems"))


def _counted(checks: Sequence[Row]) -> Iterator[str]:
    statuses = [text(check, "status") for check in checks]
    told = [f"{statuses.count(status):,} {said}" for status, said in QUIET.items() if status in statuses]
    if told:
        yield f"Checks: {', '.join(told)}"
