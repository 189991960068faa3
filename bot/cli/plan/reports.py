"""What a pipeline is told besides the exit status: `--markdown` for people, `--junit` for its test report.

`plan` and `check` share it. Words are those of the comment on a pull request, made by the same templates.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.call import Call
from bot.cli.check.finding import Finding
from bot.cli.plan.outcome import Outcome
from bot.core.errors import Refused
from bot.core.run import State

if TYPE_CHECKING:
    from bot.cli.plan.junit import Case

OUTPUT = Path("-")
LIMIT = 1024 * 1024  # what GitHub takes of a step's summary, in bytes
LEAST = 64 * 1024


def add_options(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--markdown", type=Path, metavar="FILE", help="append a summary in Markdown to a file, or `-`: print it"
    )
    options.add_argument(
        "--junit", type=Path, metavar="FILE", help="write a report in JUnit's XML to a file, or `-`: print it"
    )


def takes_output(call: Call) -> bool:
    """Standard output is for a program or a report, so nothing else may be printed there."""
    return bool(_printed(call))


def refuse_unusable(call: Call) -> None:
    """Before any work: Raises Refused where a report could not be written, or two would be mixed."""
    printed = _printed(call)
    if len(printed) > 1:
        raise Refused(f"{' and '.join(printed)} would both print: give one of them a file")
    for option in ("markdown", "junit"):
        file = _file(call, option)
        if file and (file.is_dir() or not file.parent.is_dir()):
            raise Refused(
                f"--{option} {call.options[option]} cannot be written: name a file in a directory that is there"
            )


def of_plans(call: Call, outcomes: Sequence[Outcome]) -> None:
    from bot.cli.plan import junit, summary

    _write(call, "markdown", lambda: summary.of_plans(call, outcomes, _room(_file(call, "markdown"))))
    _write(call, "junit", lambda: junit.report("gitops-bot plan", [_plan_case(outcome) for outcome in outcomes]))


def of_findings(call: Call, findings: Sequence[Finding]) -> None:
    from bot.cli.plan import junit, summary

    _write(call, "markdown", lambda: summary.of_findings(findings))
    _write(call, "junit", lambda: junit.report("gitops-bot check", [_finding_case(one) for one in findings]))


def _printed(call: Call) -> list[str]:
    """The options that take standard output for themselves."""
    reports = [f"--{option} -" for option in ("markdown", "junit") if call.options[option] == OUTPUT]
    return [*(["--json"] if call.options["json"] else []), *reports]


def _file(call: Call, option: str) -> Path | None:
    named = call.options[option]
    return call.cwd / named if named is not None and named != OUTPUT else None


def _room(file: Path | None) -> int:
    """How large a summary may be beside what its file holds already."""
    held = file.stat().st_size if file and file.is_file() else 0
    return max(LEAST, LIMIT - held)


def _write(call: Call, option: str, made: Callable[[], str]) -> None:
    if call.options[option] is None:
        return
    file = _file(call, option)
    if file is None:
        call.say(made().rstrip("\n"))
        return
    try:
        if option == "markdown":
            _append(file, made())
        else:
            _replace(file, made())
    except OSError as why:
        raise Refused(f"--{option}: {file} cannot be written: {why.strerror}") from why


def _append(file: Path, text: str) -> None:
    """A paragraph of its own after what is there: several steps share a job's summary."""
    with file.open("a", encoding="utf-8") as out:
        out.write(f"{text}\n\n" if not out.tell() else f"\n{text}\n\n")


def _replace(file: Path, text: str) -> None:
    """Whole or not at all; what is no plain file (a pipe, /dev/stdout) is written to."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8")
        return
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, file)


def _plan_case(outcome: Outcome) -> "Case":
    from bot.cli.plan.junit import Case
    from bot.cli.plan.terminal import counted

    project, took = outcome.project, (outcome.ended - outcome.begun).total_seconds()
    case = Case(project.name, project.tool or "gitops-bot", took)
    if outcome.content:
        return case.passed(counted(outcome.content.counts))
    return case.ended(outcome.state is State.FAILED, outcome.note, outcome.output + outcome.hint)


def _finding_case(finding: Finding) -> "Case":
    from bot.cli.plan.junit import Case

    case = Case(finding.what, "gitops-bot check", 0.0)
    return case.ended(True, finding.words, "") if finding.status else case.passed(f"{finding.mark} {finding.words}")
