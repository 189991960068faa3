"""Short answers and `/help`: one file a kind, each with the next step, none with power for hostile words."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from bot import templates
from bot.core.commands import Command
from bot.core.gate_case import Demand, group_demands
from tests.comments.golden import compare
from tests.comments.hostile_texts import TEXTS
from tests.comments.rendering import faults
from tests.vocabulary import VOCABULARY, read

HERE = Path(__file__).parent
KINDS = sorted(path.name.removesuffix(".md.j2") for path in Path(templates.__file__).parent.glob("answers/*.md.j2"))
SINCE = datetime(2025, 11, 26, 9, 12, tzinfo=UTC)
URL = "https://forge.example/acme/infra/pull/12"
WORDS: dict[str, dict[str, object]] = {
    "cancelled": {"count": 2},
    "fork": {"sha": "3d5f0c2" + "0" * 33},
    "closed_applied": {"projects": ["infra/db", "infra/network"]},
    "dequeued": {"projects": ["infra/db", "infra/network"], "locked": True},
    "gate_closed": {
        "command": "/apply",
        "demands": group_demands(
            [
                Demand("infra/db", False, "0 of 1 approvals", "let someone approve it"),
                Demand("infra/network", False, "0 of 1 approvals", "let someone approve it"),
                Demand(None, False, "it conflicts with main"),
                Demand(
                    "shop", False, "locked by #31 since noon", "apply and merge #31, or comment /unlock there", (31,)
                ),
            ]
        ),
    },
    "not_merged": {"projects": ["infra/db", "infra/network"], "closed": True},
    "landed_waiting": {"why": "infra/db", "command": "/apply"},
    "broke": {"job": "plan", "why": "gitops-bot itself broke (KeyError); its log has more under job plan:1"},
    "late": {"command": "/apply", "minutes": 14},
    "misread": {"line": "/aply -p infra/db", "why": "there is no command /aply", "suggestion": "/apply -p infra/db"},
    "no_rights": {"user": "mallory", "command": "/apply", "access": "write"},
    "nothing_to_cancel": {},
    "nothing_to_unlock": {},
    "refused": {
        "command": "/apply",
        "why": "infra/db: 0 of 1 approvals — let someone approve it\nit conflicts with main",
    },
    "rollback_opened": {"number": 12, "url": URL, "source": 7, "source_url": URL.replace("12", "7")},
    "unlocked": {"projects": ["infra/db:prod"], "plans": 1, "closed": False},
}


def test_every_answer_is_the_one_in_the_folder(update_golden: bool) -> None:
    answers = "\n\n---\n\n".join(f"<!-- {kind} -->\n\n{templates.answer(kind, **WORDS[kind])}" for kind in KINDS)
    help_text = templates.help_text(VOCABULARY)
    compare(HERE / "answers.md", f"{answers}\n\n---\n\n<!-- /help -->\n\n{help_text}\n", update_golden)


def test_every_kind_of_answer_is_tried_here() -> None:
    assert sorted(WORDS) == KINDS


@pytest.mark.parametrize("kind", [kind for kind in KINDS if WORDS[kind]])
def test_a_word_that_is_missing_is_an_error(kind: str) -> None:
    for missing in set(WORDS[kind]) - {"pull", "projects" if kind == "already_locked" else ""}:
        with pytest.raises((UndefinedError, TypeError)):
            templates.answer(kind, **{name: word for name, word in WORDS[kind].items() if name != missing})


@pytest.mark.parametrize("kind", KINDS)
def test_the_short_forms_are_answered_too(kind: str) -> None:
    """Lists may be empty, counts one, and who holds a lock may be all that is known."""
    shorter = {name: [] if isinstance(word, list) else 1 if word == 2 else word for name, word in WORDS[kind].items()}
    assert templates.answer(kind, **shorter)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_answers_give_hostile_words_no_power(kind: str, data: st.DataObject) -> None:
    def hostile(name: str, word: object) -> object:
        if isinstance(word, list):
            return data.draw(st.lists(TEXTS, min_size=1, max_size=3))
        if isinstance(word, tuple):
            return group_demands([Demand(data.draw(TEXTS), False, data.draw(TEXTS), data.draw(TEXTS), (31,))])
        return data.draw(TEXTS) if isinstance(word, str) and not name.endswith("url") else word

    words = {name: hostile(name, word) for name, word in WORDS[kind].items()}
    assert list(faults(templates.answer(kind, **words), "https://forge.example/")) == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "", "https://x/) [y](http://evil.example"])
def test_only_addresses_of_the_web_are_linked(url: str) -> None:
    answer = templates.answer("rollback_opened", number=12, url=url, source=7, source_url=url)
    assert list(faults(answer, "https://x/")) == []


def test_help_tells_every_command() -> None:
    help_text = templates.help_text(VOCABULARY)
    assert [name for name in VOCABULARY if f"| `/{name}" not in help_text] == []


def test_every_command_that_help_shows_is_understood() -> None:
    shown = re.findall(r"^\| `(/[^`]+)`", templates.help_text(VOCABULARY), re.MULTILINE)
    for line in shown:
        (command,) = read(line.replace("1f3c…", "1f3c5a7"))
        assert isinstance(command, Command), line


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_that_an_answer_suggests_is_understood(kind: str) -> None:
    suggested = re.findall(r"`(/[a-z][^`]*)`", templates.answer(kind, **WORDS[kind]))
    understood = [line for line in suggested if all(isinstance(one, Command) for one in read(line))]
    assert [line for line in suggested if line not in understood] == (
        ["/aply -p infra/db"] if kind == "misread" else []
    )
