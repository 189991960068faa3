"""What tools say of lines of files stands at those lines, where a forge can show it."""

import pytest

from bot.core.errors import ToolFailed
from bot.core.plan import Content, Notice, Severity
from bot.core.project import Project
from bot.core.pull import Annotation
from bot.core.run import Run, RunKind, State
from bot.core.trigger import Trigger, TriggerKind
from bot.core.view import ProjectView, RunView
from bot.steps.say.statuses import MOST_ANNOTATIONS, annotations
from tests.server.house import NOW, PULL, a_row

WARNING = Notice(Severity.WARNING, "Deprecated", "Use another.", "main.tf:3")


def view(*projects: ProjectView) -> RunView:
    run = Run(
        "r1",
        RunKind.PLAN,
        PULL.key,
        State.FAILED,
        "alice",
        Trigger(TriggerKind.PUSHED),
        "a" * 40,
        "b" * 40,
        created_at=NOW,
    )
    return RunView(run, 7, "main", projects)


def failed(summary: str, where: str = "", dir: str = "infra/network") -> ProjectView:
    failure = ToolFailed(summary, "Error: …", where)
    words = {"note": str(failure), "output": failure.output, "where": failure.where}
    return ProjectView(a_row("r1", Project("network", dir), State.FAILED, **words))


def planned(*notices: Notice, dir: str = "infra/network") -> ProjectView:
    return ProjectView(a_row("r1", Project("network", dir)), Content("terraform", notices=notices))


def test_the_first_error_of_a_failed_plan_stands_at_its_line() -> None:
    assert annotations(view(failed("Unsupported argument", "main.tf:12"))) == (
        Annotation("infra/network/main.tf", 12, "Unsupported argument", "Error: …"),
    )


@pytest.mark.parametrize("where", ["", "main.tf"])
@pytest.mark.parametrize(
    "note", ["no such backend", "Bad thing (really)", "Timed out after 12:30", "x (main.tf:1)", ""]
)
def test_an_error_without_a_line_stands_nowhere(note: str, where: str) -> None:
    assert not annotations(view(failed(note, where)))


def test_warnings_stand_behind_failures_and_do_not_fail() -> None:
    found = annotations(view(planned(WARNING), failed("Wrong", "z.tf:1")))
    assert [(one.path, one.fails) for one in found] == [("infra/network/z.tf", True), ("infra/network/main.tf", False)]
    assert (found[1].line, found[1].title, found[1].message) == (3, "Deprecated", "Use another.")


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("main.tf:3", "infra/network/main.tf"),
        ("../modules/net/main.tf:3", "infra/modules/net/main.tf"),
        ("../../../etc/passwd:3", None),
        ("/etc/passwd:3", None),
        (".terraform/modules/vpc/main.tf:3", None),
        ("main.tf", None),
        (":3", None),
        ("", None),
    ],
)
def test_only_lines_of_the_repositorys_own_files_are_named(where: str, path: str | None) -> None:
    found = annotations(view(planned(Notice(Severity.CHECK, "s", "d", where))))
    assert [one.path for one in found] == ([path] if path else [])


def test_a_module_that_two_projects_use_warns_once() -> None:
    notice = Notice(Severity.WARNING, "Deprecated", "d", "../shared/main.tf:3")
    assert len(annotations(view(planned(notice, dir="infra/a"), planned(notice, dir="infra/b")))) == 1


def test_there_are_no_more_than_a_reader_bears_and_failures_come_first() -> None:
    many = [Notice(Severity.WARNING, "w", "d", f"main.tf:{line}") for line in range(1, 500)]
    found = annotations(view(planned(*many), failed("Wrong", "z.tf:1")))
    assert (len(found), found[0].fails) == (MOST_ANNOTATIONS, True)
