"""Limits of comment commands at their edges, the words of each refusal, and whom commands obey."""

import pytest

from bot.core import commands
from bot.core.commands import LONGEST_COMMENT, LONGEST_LINE, LONGEST_SHOWN, MOST_COMMANDS, Command, Misread
from bot.core.pull import Role
from bot.core.run import Selection
from bot.core.vocabulary import COMMIT, CONFIRM, DESTROY, NAMES, SELECTION, CommandSpec, Example, access_rule, choose
from tests.vocabulary import read


def spec(role: Role) -> CommandSpec:
    return CommandSpec((Example("/x", "Does it"),), role=role)


@pytest.mark.parametrize(
    ("written", "directory"),
    [
        ("infra/db", "infra/db"),
        ("./infra/db/", "infra/db"),
        ("infra/db//", "infra/db"),
        (".", "."),
        ("./", "."),
        ("/", "."),
        ("X/", "X"),
        ("infra/.x", "infra/.x"),
    ],
)
def test_a_directory_is_meant_however_it_ends(written: str, directory: str) -> None:
    assert read(f"/plan -d {written}") == (Command("plan", Selection(dirs=(directory,)), None, f"/plan -d {written}"),)


def test_twenty_commands_are_read_and_the_next_is_refused() -> None:
    lines = [f"/plan -p p{number}" for number in range(MOST_COMMANDS)]
    assert len(read("\n".join(lines))) == MOST_COMMANDS == 20
    *known, last = read("\n".join([*lines, "/unlock", "/apply"]))
    assert [command.line for command in known] == lines
    assert last == Misread("/unlock", "a comment may hold 20 commands at most", "/help")


def test_a_command_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = "-p " + "a" * (LONGEST_LINE - 3)
    (command,) = read(f"/plan {longest}")
    assert isinstance(command, Command)
    (misread,) = read(f"/plan {longest}a")
    assert isinstance(misread, Misread)
    assert misread.reason == "a command may have 2000 characters at most"


def test_a_line_is_shown_up_to_200_characters() -> None:
    for surplus, shown in ((0, ""), (1, "…")):
        name = "a" * (LONGEST_SHOWN - len("/plan -p ") + surplus)
        (command,) = read(f"/plan -p {name}")
        assert command.line == f"/plan -p {name}"[:LONGEST_SHOWN] + shown


@pytest.mark.parametrize(
    ("others", "rule"),
    [
        ({"plan": Role.WRITE}, "All need write access."),
        ({"help": Role.NONE, "plan": Role.WRITE}, "All but `/help` need write access."),
        ({"help": Role.NONE, "version": Role.NONE}, "All but `/help` and `/version` need write access."),
        (
            {"help": Role.NONE, "unlock": Role.ADMIN, "apply": Role.MAINTAIN},
            "All but `/help` need write access. `/unlock` needs admin access. `/apply` needs maintain access.",
        ),
    ],
)
def test_whom_commands_obey_is_told_with_each_exception(others: dict[str, Role], rule: str) -> None:
    assert access_rule({name: spec(role) for name, role in others.items()}) == rule


SMALL = {
    "plan": CommandSpec((), options=(*SELECTION, DESTROY, COMMIT)),
    "apply": CommandSpec((), options=(*SELECTION, CONFIRM)),
    "check": CommandSpec((), options=(*SELECTION, CONFIRM)),
    "version": CommandSpec((), role=Role.NONE),
}


@pytest.mark.parametrize(
    ("line", "reason", "suggestion"),
    [
        ("/gitops", "a command is missing", "/help"),
        ("/gitops nonsense", "there is no command nonsense", "/help"),
        ("/gitops plam", "there is no command plam", "/plan"),
        ("/plam -p db", "there is no command /plam", "/plan -p db"),
        ("/version -p db", "/version chooses no projects: leave out -p", "/version"),
        ("/version --project=db", "/version chooses no projects: leave out --project", "/version"),
        ("/version me", "/version chooses no projects: leave out me", "/version"),
        ("/apply --destroy", "only /plan knows --destroy", "/plan --destroy -p NAME"),
        ("/plan --confirm x/y", "only /apply and /check know --confirm", "/apply"),
        ("/plan --destroy", "--destroy needs to know of which project", "/plan --destroy -p NAME"),
        ("/plan --projct x", "there is no option --projct", "/plan --project …"),
        ("/plan --nonsense", "there is no option --nonsense", "/help"),
        ("/plan —project x", "—project begins with a long dash: write two hyphens (--)", "/help"),
        ("/plan –p x", "–p begins with a long dash: write two hyphens (--)", "/help"),
        (
            "/plan -- -lock=false",
            "arguments for the tool cannot be given in a comment: a plan is of whole projects",
            "/plan -p NAME",
        ),
        ("/plan db", "db is no option: to choose a project, write -p NAME or -d DIR", "/plan -p db"),
        (
            "/plan -p 'db",
            "a quotation mark is opened and never closed, or a backslash ends the line",
            "/help",
        ),
        ("/plan -p", "-p needs a value", "/help"),
        ("/plan abcdef0 abcdef1", "two commits are named: one is planned at a time", "/help"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_helps(line: str, reason: str, suggestion: str) -> None:
    assert commands.read(line, SMALL) == (Misread(line, reason, suggestion),)


def test_what_may_go_is_named_in_the_order_of_the_comment() -> None:
    (command,) = commands.read("/apply --confirm Namespace/b --confirm=Namespace/a", SMALL)
    assert isinstance(command, Command)
    assert command.selection == Selection(confirmed=("Namespace/b", "Namespace/a"))


@pytest.mark.parametrize("line", ["/gitops plan -p db", "/gitops\tplan\t-p\tdb", "/gitops \t PLAN -p db"])
def test_the_long_spelling_takes_tabs_and_options(line: str) -> None:
    (command,) = commands.read(line, SMALL)
    assert isinstance(command, Command)
    assert (command.name, command.selection) == ("plan", Selection(names=("db",)))


def test_what_no_screen_shows_is_replaced_sign_by_sign() -> None:
    (misread,) = commands.read("/plan -x\u202ex", SMALL)
    assert isinstance(misread, Misread)
    assert misread.line == "/plan -x�x"
    assert misread.reason == "there is no option -x�x"


@pytest.mark.parametrize("line", ["/plam is not what I meant", "/pla/n", "/plxn-x"])
def test_a_near_miss_in_a_sentence_is_prose(line: str) -> None:
    assert commands.read(line, SMALL) == ()


@pytest.mark.parametrize("quoted", ["“my project”", "‘my project’", "„my project“", "«my project»"])
def test_quotation_marks_of_phones_and_word_processors_are_taken_as_meant(quoted: str) -> None:
    [command] = read(f"/plan -p {quoted}")
    assert isinstance(command, Command)
    assert command.selection.names == ("my project",)


@pytest.mark.parametrize("name", ["-dash", "--confirm", "a b", "it's", "plain"])
def test_what_we_suggest_for_a_name_chooses_it(name: str) -> None:
    [command] = read(f"/plan {choose(NAMES, name)}")
    assert isinstance(command, Command)
    assert command.selection.names == (name,)


def test_a_comment_is_read_up_to_its_longest_and_a_longer_one_names_its_command() -> None:
    body = "/plan\n\n" + "x" * (LONGEST_COMMENT - len("/plan\n\n"))
    assert [command.line for command in read(body)] == ["/plan"]
    assert read(body + "x") == (
        Misread("/plan", "a comment with commands may have 65,536 characters at most", "/help"),
    )


def test_space_around_a_line_is_no_part_of_it() -> None:
    too_long = "/plan  \n" + "x" * LONGEST_COMMENT
    assert [command.line for command in read(too_long)] == ["/plan"]


def test_a_command_that_chooses_no_projects_is_not_offered_with_one() -> None:
    (misread,) = read("/unlock -- x")
    assert isinstance(misread, Misread)
    assert misread.suggestion == "/unlock"
