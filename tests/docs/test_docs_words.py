"""Commands, statuses, signs and links of the documents are those of the code."""

import re
from pathlib import Path

import pytest

from bot.core.commands import Command
from bot.core.gate import APPLY_STATUS, PLAN_STATUS
from bot.hosts.github import webhook
from bot.templates import table
from tests.docs.reading import DOCUMENTS, TOP, anchors, inline
from tests.vocabulary import VOCABULARY, read

COMMANDS = TOP / "docs/commands.md"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", document.read_text()):
        there = document.parent / target if target else document
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_every_command_of_a_comment_has_its_chapter() -> None:
    told = re.findall(r"^## `/([a-z]+)`$", COMMANDS.read_text(), re.MULTILINE)
    assert sorted(told) == sorted(VOCABULARY)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_shown_is_understood(document: Path) -> None:
    for code in inline(document):
        word = code.split()[0].removeprefix("/gitops ").removeprefix("/")
        if code.startswith("/") and word in VOCABULARY:
            asked = read(re.sub("<sha>|<sha of the head>|1f3c…", "1f3c0aa9", code))
            assert all(isinstance(one, Command) for one in asked), f"{code}: {asked}"
            assert asked, code


def test_the_statuses_are_called_so() -> None:
    text = (TOP / "docs/branch-protection.md").read_text()
    assert {f"gitops-bot/{name}" for name in re.findall(r"`gitops-bot/(\w+)`", text)} == {PLAN_STATUS, APPLY_STATUS}


def test_every_sign_of_the_table_is_explained() -> None:
    text = (TOP / "docs/comment.md").read_text()
    signs = {*table._RISK_ICONS.values(), *table._STATE_ICONS.values()}
    titles = {f"`{title}`" for title, _ in (*table.FIXED_COLUMNS, *table.OPTIONAL_COLUMNS)}
    assert {one for one in signs | titles if one not in text} == set()


def test_the_webhooks_events_are_those_that_are_read() -> None:
    told = re.search(r"^\| Events \| (.*) \|$", (TOP / "docs/install.md").read_text(), re.MULTILINE)
    assert told
    names = {name.lower().replace(" ", "_") for name in told[1].split(", ")}
    singular = {name.removesuffix("s") if name != "pushes" else "push" for name in names}
    source = Path(webhook.__file__).read_text()
    assert singular == set(re.findall(r'kind == "(\w+)"', source))
