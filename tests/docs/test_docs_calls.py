"""Every call of our program that the documents show is one that it takes."""

import contextlib
import io
import re
import subprocess
import sys
from functools import cache

import pytest

from bot.cli.main import parser
from tests.docs.reading import TOP, Call, calls

SHOWN = sorted(set(calls()), key=str)
LONG = re.compile(r"--[a-z][a-z-]*")


def test_the_documents_show_calls_of_every_kind() -> None:
    shown = {argument for call in SHOWN for argument in call.arguments}
    assert {"serve", "check", "plan", "runs", "locks", "unlock", "freeze", "thaw", "demo", "sandbox"} <= shown


@pytest.mark.parametrize("call", SHOWN, ids=str)
def test_a_call_that_is_shown_is_understood(call: Call) -> None:
    if call.mention and call.arguments[0] in commands():
        return
    status, said = _parsed(call.arguments)
    assert not status, f"{call}\n{said}"


@pytest.mark.parametrize("call", [call for call in SHOWN if any(map(LONG.fullmatch, call.arguments))], ids=str)
def test_an_option_that_is_shown_stands_in_the_help(call: Call) -> None:
    words = [word for word in call.arguments if word in commands()]
    told = "".join(help_of(*words[:count]) for count in range(len(words) + 1))
    for option in filter(LONG.fullmatch, call.arguments):
        assert re.search(rf"{option}\b", told), f"{call}: {option}"


@cache
def commands() -> frozenset[str]:
    outer = [action.choices for action in parser()._actions if isinstance(action.choices, dict)]
    inner = [action.choices for found in outer for its in found.values() for action in its._actions]
    return frozenset(name for found in (*outer, *inner) if isinstance(found, dict) for name in found)


@cache
def help_of(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words, "--help"], cwd=TOP, capture_output=True, text=True, check=True
    )
    return done.stdout


def _parsed(arguments: tuple[str, ...]) -> tuple[object, str]:
    """The status with which the parser would end, and its words."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            parser().parse_args(arguments)
    except SystemExit as ended:
        return ended.code, said.getvalue()
    return 0, ""
