"""Commands as people write them in comments, and all that only looks like one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.commands import Command, Misread, select_projects
from bot.core.project import Project
from bot.core.run import Selection
from tests.vocabulary import VOCABULARY, read


def names(body: str) -> list[str]:
    return [one.name if isinstance(one, Command) else f"misread {one.line}" for one in read(body)]


def only(body: str) -> Command:
    (command,) = read(body)
    assert isinstance(command, Command), command
    return command


def misread(body: str) -> Misread:
    (one,) = read(body)
    assert isinstance(one, Misread), one
    return one


@pytest.mark.parametrize("name", VOCABULARY)
def test_each_command_is_read_alone(name: str) -> None:
    assert read(f"/{name}") == (Command(name, Selection(), None, f"/{name}"),)


@pytest.mark.parametrize(
    "body", ["/gitops plan", "/gitops  plan ", "/gitops\tplan", " /plan", "/Plan", "hello\r\n/plan\r\n"]
)
def test_one_command_has_several_spellings(body: str) -> None:
    assert names(body) == ["plan"]


def test_several_lines_are_several_commands_and_what_is_said_twice_is_one() -> None:
    assert names("/unlock\ntext\n/plan -p a\n/plan  --project=a\n/plan -p b\n/unlock") == ["unlock", "plan", "plan"]


@pytest.mark.parametrize(
    ("line", "selection"),
    [
        ("-p a --project b -p=c --project=d", Selection(names=("a", "b", "c", "d"))),
        ("-d infra/* --dir=./k8s/ -d .", Selection(dirs=("infra/*", "k8s", "."))),
        ("-w prod --workspace 'dev'", Selection(workspaces=("prod", "dev"))),
        ('-p "two words" -p \'a"b\'', Selection(names=("two words", 'a"b'))),
        ("-p a -p a", Selection(names=("a",))),
        ("-p a -d b -w c", Selection(("a",), ("b",), ("c",))),
        ("--project=-odd", Selection(names=("-odd",))),
    ],
)
def test_options_choose_projects(line: str, selection: Selection) -> None:
    assert only(f"/apply {line}").selection == selection


def test_a_fork_s_commit_can_be_named_for_a_plan_only() -> None:
    assert only("/plan ABCDEF1").sha == "abcdef1"
    assert only(f"/plan {'a' * 40} -p x").sha == "a" * 40
    assert "abcdef is no option" in misread("/plan abcdef").reason
    assert "no option" in misread("/apply abcdef1").reason
    assert misread("/plan abcdef1 abcdef2").reason == "two commits are named: one is planned at a time"


def test_a_destroy_plan_names_its_project() -> None:
    command = only("/plan --destroy -p old")
    assert command.destroy
    assert command.selection == Selection(names=("old",), destroy=True)
    assert misread("/plan --destroy").suggestion == "/plan --destroy -p NAME"
    assert misread("/apply --destroy -p x").reason == "only /plan knows --destroy"


@pytest.mark.parametrize(
    "body",
    [
        "> /apply",
        "  >/apply",
        "```\n/apply\n```",
        "````sh\n```\n/apply\n````",
        "~~~ any `info`\n/apply\n```\n/apply",
        "   ```\n/apply",
        "```\n/apply\n    ```\n/apply",
        "    /apply",
        "\t/apply",
        "  \t/apply",
        "<!-- /apply -->",
        "<!--\n/apply\n-->",
        "<!--\n\n/apply",
        "  <!--x\n/apply",
        "<!-- x --> /apply",
        "text <!-- hidden\n/apply\n-->",
        "text <!-- a --> b <!--\n/apply\n/apply -->",
        "<pre>\n/apply\n\n/apply\n</pre>",
        "<SCRIPT type='x'>\n/apply",
        "- /apply",
        "* item\n  /apply",
        "1. item\n\n  ```\n  /apply\n",
        "- ```\n  /apply\n  ```",
        "text /apply",
        "`/apply`",
        "**/apply**",
        "/apply-foo",
        "/applying",
        "/apply/now",
        "/planet",
        "/usr/bin",
        "/apply,",
        "//apply",
        "/ apply",
        "\\/apply",
        "",
        "text <!--\n```\n-->\n/apply\n```",
        "> /plan\n\n>\n",
        "> quoted\n/apply",
        ">quoted\n  /apply",
        ">> quoted\n> quoted\n/apply",
        "> > quoted\n/apply",
        "> - quoted\n/apply",
        "- > quoted\n/apply",
        "> quoted\n===\n/apply",
        "> [!NOTE]\n/apply",
        "- item\n/apply",
        "1. item\n/apply",
        "- a\n  - b\n/apply",
        "- item\n\n  more\n/apply",
        "- item\n\n  /apply",
        "- > quoted\n\n  /apply",
        "+\n  /apply",
        "<div>\n/apply\n</div>",
        "<blockquote>\n/apply\n</blockquote>",
        "<details><summary>more</summary>\n/apply",
        "<preface>\n/apply",
        "</p>\n/apply",
        "<?php\n\n/apply\n?>",
        "<!DOCTYPE\n/apply>",
        "<![CDATA[\n\n/apply\n]]>",
        "<style>\n\n/apply",
        "a | b\n--- | ---\n/apply",
        "| a |\n|---|\n| 1 |\n/apply",
        "/apply | b\n--- | ---",
        "[a]:\n/apply",
        "[a]: /b 'title\n/apply\n'",
        "text [a](/b 'title\n/apply\n')",
        "text [a][b\n/apply]\n\n[b /apply]: /c",
        "text ![a\n/apply](/b)",
        "text `code\n/apply\ncode`",
        "text ``code\n`\n/apply``",
        "text <a title='\n/apply\n'>",
        "text <!-- hidden\n/apply -->",
        "text\n    /apply",
        "text\n\t/apply",
        "\N{NO-BREAK SPACE}\n> quoted\n/apply",
        f"{'> ' * 200}deep\n/apply",
        "> ***\n/apply",
        "> a | b\n> --- | ---\n/apply",
        "> [a]:\n> b\n> ---\n/apply",
        "> [a]:\nb\n/apply",
        "> quoted\n<b>\n> # quoted\n/apply",
    ],
)
def test_quotes_code_comments_lists_paths_and_prose_command_nothing(body: str) -> None:
    assert read(body) == ()


@pytest.mark.parametrize(
    "body",
    [
        "> quoted\n\n/plan",
        "> quoted\n>\n/plan",
        "> quoted\n \t\n/plan",
        ">\n/plan",
        "> # quoted\n/plan",
        "> ```\n/plan",
        "> ~~~\n> quoted\n/plan",
        ">     code\n/plan",
        "> - quoted\n>\n/plan",
        "> quoted\n***\n/plan",
        "- item\n---\n/plan",
        "> quoted\n# mine\n/plan",
        "# mine\n/plan",
        "---\n/plan",
        "-\n/plan",
        "- item\n\n\n/plan",
        "<div>\n\n/plan",
        "<div>x</div>\n\n/plan\n\n<div>",
        "text\n<preface>\n/plan",
        "[a]: /b\n/plan",
        "[a]: /b 'title'\n/plan",
        "[a\n/plan",
        "a | b\n--- | ---\n\n/plan",
        "/plan\n---",
        "mine\n/plan\n===",
        "text\\\n/plan",
        "text  \n/plan",
        "text `code`\n/plan\n`code`",
        "an open `\n/plan",
        "*mine\n/plan\nmine*",
        "a < b\n/plan\nb > a",
        "hello\r/plan",
        "```\ncode\n```\n/plan",
        "``` not `a` fence\n/plan",
        "```\n~~~\n```\n/plan",
        "- ```\n  code\n/plan",
        "- item\n\n/plan",
        "<!-- done -->\n/plan",
        "<!-->\n/plan",
        "see `<!--` there\n/plan",
        "from `<!--` on\n/plan\nto `-->`",
        "an open <!-- comment\n\n/plan",
        "text <!-- a --> more\n/plan",
        "<pre>x</pre>\n/plan",
        "/plan\n```",
        "/plan\N{NO-BREAK SPACE}-p x",
    ],
)
def test_what_stands_beside_them_is_still_a_command(body: str) -> None:
    assert names(body) == ["plan"]


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("/aply", "/apply"),
        ("/appply -p x", "/apply -p x"),
        ("/plna", "/plan"),
        ("/plans", "/plan"),
        ("/unlok", "/unlock"),
        ("/rolback", "/rollback"),
        ("/cancle", "/cancel"),
        ("/gitops pln", "/plan"),
    ],
)
def test_a_near_miss_is_answered_with_what_was_meant(line: str, suggestion: str) -> None:
    assert misread(line) == Misread(line, misread(line).reason, suggestion)
    assert misread(line).reason.startswith("there is no command ")


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("atlantis plan", "/plan"),
        ("Atlantis  apply", "/apply"),
        ("atlantis plan -d infra/db -w prod", "/plan -d infra/db -w prod"),
        ("atlantis apply -p 'my project'", "/apply -p 'my project'"),
        ("atlantis plan -d . -- -target=x", "/plan"),
        ("atlantis plan --verbose", "/plan"),
        ("atlantis unlock", "/unlock"),
        ("atlantis help", "/help"),
    ],
)
def test_what_atlantis_would_be_asked_is_answered_with_our_command(line: str, suggestion: str) -> None:
    assert misread(line) == Misread(line, "that is a command of Atlantis", suggestion)


@pytest.mark.parametrize(
    "body",
    [
        "atlantis plan was what we wrote before",
        "atlantis",
        "atlantis version",
        "atlantis\nplan it",
        "atlantisplan",
        "see atlantis plan",
        "> atlantis plan",
        "```\natlantis apply\n```",
    ],
)
def test_what_is_said_about_atlantis_is_left_alone(body: str) -> None:
    assert read(body) == ()


@pytest.mark.parametrize("body", ["/aply it to all of them", "/play the song", "/plants", "/roll", "/an"])
def test_prose_that_is_near_a_command_is_left_alone(body: str) -> None:
    assert read(body) == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/plan 'x", "a quotation mark is opened and never closed"),
        ("/plan -p", "-p needs a value"),
        ("/plan -p -w x", "-p needs a value"),
        ("/plan --project=", "--project needs a value"),
        ("/plan --dir ''", "--dir needs a value"),
        ("/plan -x", "there is no option -x"),
        ("/plan -target=aws_db.x", "there is no option -target=aws_db.x"),
        ("/plan -- -target=x", "arguments for the tool cannot be given"),
        ("/plan \N{EM DASH}project x", "begins with a long dash"),
        ("/apply when ready", "when is no option"),
        ("/unlock -p x", "/unlock chooses no projects: leave out -p"),
        ("/cancel now", "/cancel chooses no projects: leave out now"),
        ("/rollback --confirm a/b", "only /apply knows --confirm"),
        ("/gitops", "a command is missing"),
        ("/gitops make coffee", "there is no command make"),
        ("/plan -p 'a\x07b'", "holds characters that no name has"),
        ("/plan " + "-p x " * 1000, "a command may have 2000 characters at most"),
    ],
)
def test_what_cannot_be_read_says_why(line: str, why: str) -> None:
    assert why in misread(line).reason


def test_a_misspelt_option_gets_the_right_one() -> None:
    assert misread("/plan --projct x").suggestion == "/plan --project …"


def test_help_helps_whatever_follows() -> None:
    assert only("/help me, 'please").name == "help"


def test_what_is_repeated_is_one_short_line_without_control_characters() -> None:
    line = misread(f"/plan -p '{'x' * 300}\x1b[2J").line
    assert len(line) <= 201
    assert line.isprintable()


def test_a_comment_holds_twenty_commands_at_most() -> None:
    asked = read("\n".join(f"/plan -p x{number}" for number in range(100)))
    assert len(asked) == 21
    assert asked[-1] == Misread("/plan -p x20", "a comment may hold 20 commands at most")


def test_commands_in_a_comment_longer_than_forges_take_are_answered_and_not_carried_out() -> None:
    prose = "word\n\n" * 11_000
    assert misread(f"{prose}/plan -p x") == Misread(
        "/plan -p x", "a comment with commands may have 65,536 characters at most"
    )
    assert read(prose) == ()


PROJECTS = (
    Project("db", "infra/db"),
    Project("db:prod", "infra/db", "prod"),
    Project("shop", "k8s/overlays/prod"),
    Project("odd[1]", "."),
)


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), ["db", "db:prod", "shop", "odd[1]"]),
        (Selection(names=("db",)), ["db"]),
        (Selection(names=("db*",)), ["db", "db:prod"]),
        (Selection(names=("db", "shop")), ["db", "shop"]),
        (Selection(names=("DB",)), []),
        (Selection(names=("odd[1]",)), ["odd[1]"]),
        (Selection(dirs=("infra/*",)), ["db", "db:prod"]),
        (Selection(dirs=("**/prod",)), ["shop"]),
        (Selection(dirs=("**/infra/db",)), ["db", "db:prod"]),
        (Selection(dirs=(".",)), ["odd[1]"]),
        (Selection(dirs=("infra/db",), workspaces=("pr?d",)), ["db:prod"]),
        (Selection(names=("shop",), workspaces=("prod",)), []),
    ],
)
def test_a_selection_chooses_by_name_directory_and_workspace(selection: Selection, wanted: list[str]) -> None:
    assert [project.name for project in select_projects(PROJECTS, selection)] == wanted


@pytest.mark.parametrize(
    "body",
    [
        "/plan -p x\n" * 450_000,
        "a <!--\n" * 700_000,
        "<!--\n" * 1_000_000,
        "```\n" * 1_200_000,
        "`" * 5_000_000,
        "> " * 2_500_000,
        "/plan " + "'" * 5_000_000,
        "/" * 5_000_000,
        " " * 5_000_000,
        "\n".join(f"/plan -p x{number}" for number in range(250_000)),
        "\n".join("/plan" + " " * number for number in range(3_000)),
        "/plan -d " + "*a" * 900,
    ],
    ids=range(12),
)
@pytest.mark.timeout(60)
def test_a_comment_of_five_megabytes_is_read_to_its_end(body: str) -> None:
    read(body)


@pytest.mark.timeout(60)
def test_a_hostile_pattern_is_tried_to_its_end() -> None:
    hostile = Selection(names=("*a" * 60 + "b",), dirs=("**/" * 200,))
    assert select_projects([Project("a" * 200, "a/" * 150)], hostile) == ()


LINES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["```", "~~~~", "> x", "<!--", "-->", "- x", "<pre>", "</pre>", "", "    ", "\t", "/gitops"]),
    st.builds(
        lambda name, words: f"/{name} {' '.join(words)}",
        st.sampled_from([*VOCABULARY, "aply", "gitops", "gitops plan", "planet"]),
        st.lists(
            st.sampled_from(["-p", "-d=", "--dir", "x", "'", '"', "\\", "abcdef1", "--destroy", "—p", "*", "\x00"])
        ),
    ),
)


@given(st.lists(LINES, max_size=12).map("\n".join))
@settings(max_examples=600, deadline=None)
def test_any_comment_is_read_without_an_error(body: str) -> None:
    for one in read(body):
        assert one.line.isprintable()
        assert isinstance(one, Command | Misread)


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_no_comment_in_which_each_line_is_quoted_or_indented_commands_anything(body: str) -> None:
    lines = body.replace("\r", "\n").split("\n")
    assert read("\n".join(f"> {line}" for line in lines)) == ()
    assert read("\n".join(f"    /plan {line}" for line in lines)) == ()
    longest = max((len(run) for run in body.replace("\n", " ").split() if set(run) == {"`"}), default=2)
    fence = "`" * (max(longest, 2) + 1)
    assert read(f"{fence}\n/apply\n{body.replace(fence, '')}\n/apply\n{fence}") == ()
