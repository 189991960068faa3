"""Read a comment's commands: lines that begin with `/plan` and the like, outside quotes and code. Never raises.

Asked for webhooks and by the sweep, and again by the job that carries the commands out. Which commands there are is
the vocabulary's to say. Knows nothing of permission.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.globs import matches
from bot.core.markdown import prose_lines
from bot.core.project import Project
from bot.core.run import Selection
from bot.core.spelling import one_letter_off
from bot.core.vocabulary import COMMIT, DESTROY, SELECTION, CommandSpec, Option, Vocabulary

MOST_COMMANDS = 20
LONGEST_COMMENT = 65_536
LONGEST_LINE = 2000
LONGEST_SHOWN = 200
STRAIGHT = str.maketrans("“”„‟«»‘’‚‛", '""""""\'\'\'\'')
"""Quotation marks as phones and word processors write them, and the shell's."""
DESTROY_EXAMPLE = "/plan --destroy -p NAME"


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for. `sha` is the commit of a fork that may be planned; `line` is what was written."""

    name: str
    selection: Selection
    sha: str | None
    line: str

    @property
    def destroy(self) -> bool:
        """The plan of everything gone is asked for."""
        return self.selection.destroy


@dataclass(frozen=True, slots=True)
class Misread:
    """A line that was meant for us and says nothing we know; `suggestion` is a command, or empty."""

    line: str
    reason: str
    suggestion: str = "/help"


_AT_START = re.compile(r"(?:^|[\r\n])[^\S\r\n]*((?:/|atlantis[ \t]+)[A-Za-z][^\r\n]*)", re.IGNORECASE)
_WORD = re.compile(r"/([A-Za-z]{1,20})(?=[ \t]|$)[ \t]*(.*)", re.DOTALL)
_ATLANTIS = re.compile(r"atlantis[ \t]+([A-Za-z]{1,20})(?=[ \t]|$)[ \t]*(-.*)?", re.IGNORECASE | re.DOTALL)
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")


def read(body: str, vocabulary: Vocabulary) -> tuple[Command | Misread, ...]:
    """The comment's commands in order. What is asked twice is one command; a long list is cut and says so."""
    first = _first_likely_line(body, vocabulary)
    if first is None:
        return ()
    if len(body) > LONGEST_COMMENT:
        return (Misread(first, f"a comment with commands may have {LONGEST_COMMENT:,} characters at most"),)
    commands: dict[object, Command | Misread] = {}
    lines = dict.fromkeys(prose_lines(body))
    parsed = (command for line in lines if (command := _parse_line(line, vocabulary)) is not None)
    for number, command in enumerate(parsed):
        if number == MOST_COMMANDS:
            return (*commands.values(), Misread(command.line, f"a comment may hold {MOST_COMMANDS} commands at most"))
        commands.setdefault(_identity(command), command)
    return tuple(commands.values())


def _first_likely_line(body: str, vocabulary: Vocabulary) -> str | None:
    """A line that would be a command if it stood alone. Most comments have none, and are not looked at more closely."""
    lines = (match[1].rstrip() for match in _AT_START.finditer(body))
    return next((_printable(line) for line in lines if _parse_line(line, vocabulary) is not None), None)


def select_projects(projects: Sequence[Project], selection: Selection) -> tuple[Project, ...]:
    """The projects that the selection is about: of each kind of word that it has, one must match."""
    return tuple(
        project
        for project in projects
        if _matches_any(selection.names, project.name)
        and _matches_any(selection.dirs, project.dir)
        and _matches_any(selection.workspaces, project.workspace)
    )


def _matches_any(patterns: Sequence[str], text: str) -> bool:
    return not patterns or any(matches(text, pattern) for pattern in patterns)


def _identity(command: Command | Misread) -> object:
    return (command.name, command.selection, command.sha) if isinstance(command, Command) else command


class _CommandError(Exception):
    def __init__(self, reason: str, suggestion: str = "/help") -> None:
        super().__init__(reason)
        self.suggestion = suggestion


def _parse_line(line: str, vocabulary: Vocabulary) -> Command | Misread | None:
    """The command in a line that somebody spoke; None where the line is not about us."""
    match = _WORD.match(line.replace("\N{NO-BREAK SPACE}", " "))
    if match is None:
        return _of_atlantis(line, vocabulary)
    word, rest = match[1].lower(), match[2]
    try:
        if word == "gitops":
            word, _, rest = rest.replace("\t", " ").strip().partition(" ")
            return _parse_command(_command_name(word.lower(), vocabulary), rest, line, vocabulary)
        if word in vocabulary:
            return _parse_command(word, rest, line, vocabulary)
    except _CommandError as error:
        return Misread(_printable(line), str(error), error.suggestion)
    return _misspelling(word, rest, line, vocabulary)


def _of_atlantis(line: str, vocabulary: Vocabulary) -> Misread | None:
    """What Atlantis would be asked, where ours has that name: its options for choosing projects are ours."""
    match = _ATLANTIS.fullmatch(line)
    word = match[1].lower() if match else ""
    if match is None or word not in vocabulary:
        return None
    suggestion = f"/{word} {_printable(match[2] or '')}".strip()
    is_read = isinstance(_parse_line(suggestion, vocabulary), Command)
    return Misread(_printable(line), "that is a command of Atlantis", suggestion if is_read else f"/{word}")


def _command_name(word: str, vocabulary: Vocabulary) -> str:
    if word in vocabulary:
        return word
    near = _nearest(word, vocabulary)
    if near:
        raise _CommandError(f"there is no command {_printable(word)}", f"/{near}")
    raise _CommandError(f"there is no command {_printable(word)}" if word else "a command is missing")


def _misspelling(word: str, rest: str, line: str, vocabulary: Vocabulary) -> Misread | None:
    """A near miss counts only where nothing but options follows: anything else is prose or a path."""
    near = _nearest(word, vocabulary)
    if near is None or not (rest.strip() == "" or rest.lstrip().startswith("-")):
        return None
    rest = _printable(rest.strip())
    return Misread(_printable(line), f"there is no command /{word}", f"/{near} {rest}".strip())


def _nearest(word: str, vocabulary: Vocabulary) -> str | None:
    return next((name for name in vocabulary if one_letter_off(word, name)), None)


def _parse_command(name: str, rest: str, line: str, vocabulary: Vocabulary) -> Command:
    if vocabulary[name].free_text:
        return Command(name, Selection(), None, _printable(line))
    if len(rest) > LONGEST_LINE:
        raise _CommandError(f"a command may have {LONGEST_LINE} characters at most")
    options = list(_options(_split(rest), name, vocabulary))
    commits = {value.lower() for field, value in options if field == "sha"}
    if len(commits) > 1:
        raise _CommandError("two commits are named: one is planned at a time")
    return Command(name, _selection(options), next(iter(commits), None), _printable(line))


def _selection(options: Sequence[tuple[str, str]]) -> Selection:
    def values_of(field: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for name, value in options if name == field))

    directories = tuple(_directory(value) for value in values_of("dirs"))
    destroy = ("destroy", "") in options
    selection = Selection(values_of("names"), directories, values_of("workspaces"), destroy, values_of("confirmed"))
    if selection.destroy and selection.everything:
        raise _CommandError("--destroy needs to know of which project", DESTROY_EXAMPLE)
    return selection


def _split(rest: str) -> list[str]:
    try:
        return shlex.split(rest.translate(STRAIGHT))
    except ValueError as error:
        raise _CommandError("a quotation mark is opened and never closed, or a backslash ends the line") from error


def _options(arguments: list[str], name: str, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Pairs of an option's field and value."""
    spellings = _spellings(vocabulary[name])
    tokens = iter(arguments)
    for token in tokens:
        spelling, equals, value = token.partition("=")
        option = spellings.get(spelling)
        if option and option.placeholder:
            yield option.field, _require_value(spelling, value if equals else next(tokens, None), bool(equals))
        elif option and not equals:
            yield option.field, ""
        elif COMMIT in vocabulary[name].options and _SHA.fullmatch(token):
            yield COMMIT.field, token
        else:
            raise _unknown_option(token, name, vocabulary)


def _spellings(spec: CommandSpec) -> dict[str, Option]:
    return {spelling: option for option in spec.options for spelling in option.spellings}


def _require_value(option: str, value: str | None, joined: bool) -> str:
    if value is None or value == "" or (value.startswith("-") and not joined):
        raise _CommandError(f"{option} needs a value")
    if not value.isprintable():
        raise _CommandError(f"the value of {option} holds characters that no name has")
    return value


def _unknown_option(word: str, name: str, vocabulary: Vocabulary) -> _CommandError:
    printable, spec = _printable(word), vocabulary[name]
    if word.startswith(("—", "–")):
        return _CommandError(f"{printable} begins with a long dash: write two hyphens (--)")
    if word == "--":
        reason = "arguments for the tool cannot be given in a comment: a plan is of whole projects"
        return _CommandError(reason, f"/{name} -p NAME" if spec.selects else f"/{name}")
    if error := _misplaced_option(word.partition("=")[0], name, vocabulary):
        return error
    if word.startswith("-"):
        long = (spelling for spelling in _spellings(spec) if spelling.startswith("--"))
        near = next((spelling for spelling in long if one_letter_off(word, spelling)), None)
        return _CommandError(f"there is no option {printable}", f"/{name} {near} …" if near else "/help")
    if not spec.selects:
        return _CommandError(f"/{name} chooses no projects: leave out {printable}", f"/{name}")
    return _CommandError(
        f"{printable} is no option: to choose a project, write -p NAME or -d DIR", f"/{name} -p {printable}"
    )


def _misplaced_option(spelling: str, name: str, vocabulary: Vocabulary) -> _CommandError | None:
    """An option that the command does not take, and others do."""
    owners = [owner for owner, spec in vocabulary.items() if owner != name and spelling in _spellings(spec)]
    if not owners:
        return None
    option = _spellings(vocabulary[owners[0]])[spelling]
    if option in SELECTION:
        return _CommandError(f"/{name} chooses no projects: leave out {spelling}", f"/{name}")
    suggestion = DESTROY_EXAMPLE if option is DESTROY else f"/{owners[0]}"
    known_by = " and ".join(f"/{owner}" for owner in owners)
    return _CommandError(f"only {known_by} {'know' if owners[1:] else 'knows'} {spelling}", suggestion)


def _directory(value: str) -> str:
    """`./infra/db/` is meant as `infra/db`."""
    return value.removeprefix("./").rstrip("/") or "."


def _printable(text: str) -> str:
    plain = "".join(character if character.isprintable() else "�" for character in text[: LONGEST_SHOWN + 1])
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[:LONGEST_SHOWN]}…"
