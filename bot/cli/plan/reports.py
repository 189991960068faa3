"""What a pipeline is told besides the exit status: `--markdown` for people, `--junit` for its test report.

`plan` and `check` share it. Words are those of the comment on a pull request, made by the same templates.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot.cli.call import Call
from bot.cli.check.finding import Finding
from bot.cli.plan.outcome import Outcome
from bot.core.errors import Refused
from bot.core.run import State

if TYPE_CHECKING:
    from bot.cli.plan.junit import Case

STDOUT = Path("-")
MAX_BYTES = 1024 * 1024  # what GitHub takes of a step's summary, in bytes
MIN_BYTES = 64 * 1024


def add_options(options: argparse.ArgumentParser) -> None:
    """Add `--markdown` and `--junit` to a command."""
    options.add_argument(
        "--markdown", type=Path, metavar="FILE", help="append a summary in Markdown to a file, or `-`: print it"
    )
    options.add_argument(
        "--junit", type=Path, metavar="FILE", help="write a report in JUnit's XML to a file, or `-`: print it"
    )


def owns_stdout(call: Call) -> bool:
    """Standard output is for a program or a report, so nothing else may be printed there."""
    return bool(_stdout_options(call))


def refuse_unusable(call: Call) -> None:
    """Check before any work. Raises Refused where a report could not be written, or two would be mixed."""
    stdout_options = _stdout_options(call)
    if len(stdout_options) > 1:
        raise Refused(f"{' and '.join(stdout_options)} would both print: give one of them a file")
    for option in ("markdown", "junit"):
        file = _report_file(call, option)
        if file and (file.is_dir() or not file.parent.is_dir()):
            raise Refused(
                f"--{option} {call.options[option]} cannot be written: name a file in a directory that is there"
            )


def report_plans(call: Call, outcomes: Sequence[Outcome]) -> None:
    """Write the reports that were asked for. Raises Refused where one cannot be written."""
    from bot.cli.plan import junit, summary

    _write(
        call, "markdown", lambda: summary.plans_markdown(call, outcomes, _summary_limit(_report_file(call, "markdown")))
    )
    _write(call, "junit", lambda: junit.render("gitops-bot plan", [_plan_case(outcome) for outcome in outcomes]))


def report_findings(call: Call, findings: Sequence[Finding]) -> None:
    """Write the reports that were asked for. Raises Refused where one cannot be written."""
    from bot.cli.plan import junit, summary

    _write(call, "markdown", lambda: summary.findings_markdown(findings))
    _write(call, "junit", lambda: junit.render("gitops-bot check", [_finding_case(finding) for finding in findings]))


def _stdout_options(call: Call) -> list[str]:
    """The options that take standard output for themselves."""
    reports = [f"--{option} -" for option in ("markdown", "junit") if call.options[option] == STDOUT]
    return [*(["--json"] if call.options["json"] else []), *reports]


def _report_file(call: Call, option: str) -> Path | None:
    path = call.options[option]
    return call.cwd / path if path is not None and path != STDOUT else None


def _summary_limit(file: Path | None) -> int:
    """How large a summary may be beside what its file holds already."""
    used = file.stat().st_size if file and file.is_file() else 0
    return max(MIN_BYTES, MAX_BYTES - used)


def _write(call: Call, option: str, render: Callable[[], str]) -> None:
    if call.options[option] is None:
        return
    file = _report_file(call, option)
    if file is None:
        call.say(render().rstrip("\n"))
        return
    try:
        if option == "markdown":
            _append(file, render())
        else:
            _replace(file, render())
    except OSError as error:
        raise Refused(f"--{option}: {file} cannot be written: {error.strerror}") from error


def _append(file: Path, text: str) -> None:
    """A paragraph of its own after what is there: several steps share a job's summary."""
    with file.open("a", encoding="utf-8") as out:
        out.write(f"{text}\n\n" if not out.tell() else f"\n{text}\n\n")


def _replace(file: Path, text: str) -> None:
    """Whole or not at all; what is no plain file (a pipe, /dev/stdout) is written to."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8")
        return
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, file)


def _plan_case(outcome: Outcome) -> "Case":
    from bot.cli.plan.junit import Case
    from bot.cli.plan.terminal import render_counts

    project, took = outcome.project, (outcome.ended_at - outcome.started_at).total_seconds()
    case = Case(project.name, project.tool or "gitops-bot", took)
    if outcome.content:
        return case.with_success(render_counts(outcome.content.counts))
    kind: Literal["failure", "error"] = "failure" if outcome.state is State.FAILED else "error"
    return case.with_problem(kind, outcome.note, outcome.output + outcome.hint)


def _finding_case(finding: Finding) -> "Case":
    from bot.cli.plan.junit import Case

    case = Case(finding.subject, "gitops-bot check", 0.0)
    if finding.status:
        return case.with_problem("failure", finding.message, "")
    return case.with_success(f"{finding.mark} {finding.message}")
