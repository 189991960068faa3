"""A report in JUnit's XML, as Jenkins, GitLab, GitHub's actions and others read it.

There is no one schema: this keeps to what the two in use (Ant's, and that of Jenkins) both take, so what passed is told
in the suite's `system-out` and not in its case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from xml.etree import ElementTree

from bot.cli.call import printable

Kind = Literal["passed", "failure", "error"]
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the report. A `failure` was found; an `error` kept us from looking. `text` explains either."""

    name: str
    of: str
    seconds: float
    kind: Kind = "passed"
    message: str = ""
    text: str = ""

    def passed(self, said: str) -> "Case":
        return replace(self, text=said)

    def ended(self, failure: bool, message: str, text: str) -> "Case":
        return replace(self, kind="failure" if failure else "error", message=message, text=text)


def report(suite: str, cases: Sequence[Case]) -> str:
    top = ElementTree.Element("testsuites")
    its = ElementTree.SubElement(top, "testsuite", _head(suite, cases))
    ElementTree.SubElement(its, "properties")
    for case in cases:
        _add(its, case)
    said = [f"{case.name}: {case.text}" for case in cases if case.kind == "passed"]
    ElementTree.SubElement(its, "system-out").text = _allowed("\n".join(said))
    ElementTree.SubElement(its, "system-err").text = ""
    ElementTree.indent(top)
    return f"{DECLARATION}{ElementTree.tostring(top, encoding='unicode')}\n"


def _head(suite: str, cases: Sequence[Case]) -> dict[str, str]:
    kinds = [case.kind for case in cases]
    return {
        "name": suite,
        "package": suite,
        "id": "0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": "localhost",
        "tests": str(len(cases)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _add(suite: ElementTree.Element, case: Case) -> None:
    about = {"name": _allowed(case.name), "classname": _allowed(case.of), "time": f"{case.seconds:.3f}"}
    its = ElementTree.SubElement(suite, "testcase", about)
    if case.kind != "passed":
        found = ElementTree.SubElement(its, case.kind, {"message": _allowed(case.message), "type": case.kind})
        found.text = _allowed(case.text or case.message)


def _allowed(text: str) -> str:
    """Without what XML has no place for, or what could turn or hide other text."""
    from bot.server.words import without_colours

    return printable(without_colours(text))
