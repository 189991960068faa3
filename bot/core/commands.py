"""Read a comment's commands: lines that begin with `/plan` and the like, outside quotes and code. Never raises.

Asked for webhooks and by the sweep, and again by the job that carries the commands out. Knows nothing of permission.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.globs import matches
from bot.core.markdown import spoken
from bot.core.project import Project
from bot.core.run import Selection
from bot.core.spelling import one_letter_off

MOST_COMMANDS = 20
LONGEST_LINE = 2000
LONGEST_SHOWN = 200


class CommandName(StrEnum):
    """What people may ask for."""

    PLAN = "plan"
    APPLY = "apply"
    UNLOCK = "unlock"
    ROLLBACK = "rollback"
    CANCEL = "cancel"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for. `sha` is the commit of a fork that may be planned; `line` is what was written."""

    name: CommandName
    selection: Selection
    sha: str | None
    line: str

    @property
    def destroy(self) -> bool:
        return self.selection.destroy


@dataclass(frozen=True, slots=True)
class Misread:
    """A line that was meant for us and says nothing we know; `suggestion` is a command, or empty."""

    line: str
    why: str
    suggestion: str = "/help"


_WORD = re.compile(r"/([A-Za-z]{1,20})(?=[ \t]|$)[ \t]*(.*)", re.DOTALL)
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")
_OPTIONS = {
    "-p": "names",
    "--project": "names",
    "-d": "dirs",
    "--dir": "dirs",
    "-w": "workspaces",
    "--workspace": "workspaces",
}
CONFIRM = "--confirm"
_LONG = tuple(option for option in _OPTIONS if option.startswith("--"))


def read(body: str) -> tuple[Command | Misread, ...]:
    """The comment's commands in order. What is asked twice is one command; a long list is cut and says so."""
    found: dict[object, Command | Misread] = {}
    asked = (one for line in dict.fromkeys(spoken(body)) if (one := _read(line)) is not None)
    for number, one in enumerate(asked):
        if number == MOST_COMMANDS:
            return (*found.values(), Misread(one.line, f"a comment may hold {MOST_COMMANDS} commands at most"))
        found.setdefault(_meaning(one), one)
    return tuple(found.values())


def selected(projects: Sequence[Project], selection: Selection) -> tuple[Project, ...]:
    """The projects that the selection is about: of each kind of word that it has, one must match."""
    return tuple(
        project
        for project in projects
        if _any(selection.names, project.name)
        and _any(selection.dirs, project.dir)
        and _any(selection.workspaces, project.workspace)
    )


def _any(patterns: Sequence[str], text: str) -> bool:
    return not patterns or any(matches(text, pattern) for pattern in patterns)


def _meaning(asked: Command | Misread) -> object:
    return (asked.name, asked.selection, asked.sha) if isinstance(asked, Command) else asked


class _Wrong(Exception):
    def __init__(self, why: str, suggestion: str = "/help") -> None:
        super().__init__(why)
        self.suggestion = suggestion


def _read(line: str) -> Command | Misread | None:
    """The command in a line that somebody spoke; None where the line is not about us."""
    match = _WORD.match(line.replace("\N{NO-BREAK SPACE}", " "))
    if match is None:
        return None
    word, rest = match[1].lower(), match[2]
    try:
        if word == "gitops":
            word, _, rest = rest.replace("\t", " ").strip().partition(" ")
            return _command(_named(word.lower()), rest, line)
        if word in list(CommandName):
            return _command(CommandName(word), rest, line)
    except _Wrong as why:
        return Misread(_shown(line), str(why), why.suggestion)
    return _misspelt(word, rest, line)


def _named(word: str) -> CommandName:
    if word in list(CommandName):
        return CommandName(word)
    near = next((name for name in CommandName if one_letter_off(word, name)), None)
    if near:
        raise _Wrong(f"there is no command {_shown(word)}", f"/{near}")
    raise _Wrong(f"there is no command {_shown(word)}" if word else "a command is missing")


def _misspelt(word: str, rest: str, line: str) -> Misread | None:
    """A near miss counts only where nothing but options follows: anything else is prose or a path."""
    near = next((name for name in CommandName if one_letter_off(word, name)), None)
    if near is None or not (rest.strip() == "" or rest.lstrip().startswith("-")):
        return None
    rest = _shown(rest.strip())
    return Misread(_shown(line), f"there is no command /{word}", f"/{near} {rest}".strip())


def _command(name: CommandName, rest: str, line: str) -> Command:
    if name is CommandName.HELP:
        return Command(name, Selection(), None, _shown(line))
    if len(rest) > LONGEST_LINE:
        raise _Wrong(f"a command may have {LONGEST_LINE} characters at most")
    given = list(_options(_words(rest), name))
    commits = {value.lower() for kind, value in given if kind == "sha"}
    if len(commits) > 1:
        raise _Wrong("two commits are named: one is planned at a time")
    return Command(name, _selection(given), next(iter(commits), None), _shown(line))


def _selection(given: Sequence[tuple[str, str]]) -> Selection:
    def of(kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for its_kind, value in given if its_kind == kind))

    directories = tuple(_directory(value) for value in of("dirs"))
    destroy = ("destroy", "") in given
    selection = Selection(of("names"), directories, of("workspaces"), destroy, of("confirmed"))
    if selection.destroy and selection.everything:
        raise _Wrong("--destroy needs to know of which project", "/plan --destroy -p NAME")
    return selection


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError as why:
        raise _Wrong("a quotation mark is opened and never closed, or a backslash ends the line") from why


def _options(words: list[str], name: CommandName) -> Iterator[tuple[str, str]]:
    """Pairs of kind and value, kinds being the fields of a selection and `sha`."""
    left = iter(words)
    for word in left:
        option, equals, value = word.partition("=")
        if option in _OPTIONS:
            yield _OPTIONS[option], _valid(option, value if equals else next(left, None), bool(equals))
        elif option == CONFIRM and name is CommandName.APPLY:
            yield "confirmed", _valid(option, value if equals else next(left, None), bool(equals))
        elif word == "--destroy" and name is CommandName.PLAN:
            yield "destroy", ""
        elif name is CommandName.PLAN and _SHA.fullmatch(word):
            yield "sha", word
        else:
            raise _unknown(word, name)


def _valid(option: str, value: str | None, joined: bool) -> str:
    if value is None or value == "" or (value.startswith("-") and not joined):
        raise _Wrong(f"{option} needs a value")
    if not value.isprintable():
        raise _Wrong(f"the value of {option} holds characters that no name has")
    return value


def _unknown(word: str, name: CommandName) -> _Wrong:
    shown = _shown(word)
    if word.startswith(("—", "–")):
        return _Wrong(f"{shown} begins with a long dash: write two hyphens (--)")
    if word == "--":
        return _Wrong("arguments for the tool cannot be given in a comment: write them into gitops.yaml")
    if word.startswith(CONFIRM):
        return _Wrong(f"only /apply knows {CONFIRM}", "/apply")
    if word == "--destroy":
        return _Wrong("only /plan knows --destroy", "/plan --destroy -p NAME")
    if word.startswith("-"):
        near = next((one for one in _LONG if one_letter_off(word, one)), None)
        return _Wrong(f"there is no option {shown}", f"/{name} {near} …" if near else "/help")
    return _Wrong(f"{shown} is no option: to choose a project, write -p NAME or -d DIR", f"/{name} -p {shown}")


def _directory(value: str) -> str:
    """`./infra/db/` is meant as `infra/db`."""
    return value.removeprefix("./").rstrip("/") or "."


def _shown(text: str) -> str:
    plain = "".join(character if character.isprintable() else "�" for character in text[: LONGEST_SHOWN + 1])
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[:LONGEST_SHOWN]}…"
