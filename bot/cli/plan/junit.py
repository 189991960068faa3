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
    class_name: str
    seconds: float
    kind: Kind = "passed"
    message: str = ""
    text: str = ""

    def with_success(self, text: str) -> "Case":
        """The case as one that passed."""
        return replace(self, text=text)

    def with_problem(self, kind: Literal["failure", "error"], message: str, text: str) -> "Case":
        """The case as one that did not pass."""
        return replace(self, kind=kind, message=message, text=text)


def render(suite: str, cases: Sequence[Case]) -> str:
    """The report of one suite, as XML text."""
    root = ElementTree.Element("testsuites")
    suite_element = ElementTree.SubElement(root, "testsuite", _suite_attributes(suite, cases))
    ElementTree.SubElement(suite_element, "properties")
    for case in cases:
        _add_case(suite_element, case)
    passed_lines = [f"{case.name}: {case.text}" for case in cases if case.kind == "passed"]
    ElementTree.SubElement(suite_element, "system-out").text = _xml_text("\n".join(passed_lines))
    ElementTree.SubElement(suite_element, "system-err").text = ""
    ElementTree.indent(root)
    return f"{DECLARATION}{ElementTree.tostring(root, encoding='unicode')}\n"


def _suite_attributes(suite: str, cases: Sequence[Case]) -> dict[str, str]:
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


def _add_case(suite: ElementTree.Element, case: Case) -> None:
    attributes = {"name": _xml_text(case.name), "classname": _xml_text(case.class_name), "time": f"{case.seconds:.3f}"}
    case_element = ElementTree.SubElement(suite, "testcase", attributes)
    if case.kind != "passed":
        problem_element = ElementTree.SubElement(
            case_element, case.kind, {"message": _xml_text(case.message), "type": case.kind}
        )
        problem_element.text = _xml_text(case.text or case.message)


def _xml_text(text: str) -> str:
    """Without what XML has no place for, or what could turn or hide other text."""
    from bot.server.formatting import strip_terminal_codes

    return printable(strip_terminal_codes(text))
