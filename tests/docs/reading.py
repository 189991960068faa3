"""The documents as tests read them: fenced blocks, inline code, headings, and the command lines among them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
DOCUMENTS = tuple(sorted([*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")]))
SHELLS = ("console", "ini", "bash", "sh")
STARTERS = (["docker", "run"], ["systemd-run"])
OPERATORS = ("|", "||", "&&", ">", ">>", "<", ";")
PLACEHOLDERS = re.compile(r"\bCOMMAND\b|\[[A-Z-]|…")

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_SOURCED = re.compile(r"^source <\((.*)\)$")
_ASSIGNED = re.compile(r"[A-Z_][A-Z0-9_]*=.*")


@dataclass(frozen=True)
class Call:
    """A call of our program that a document shows: the arguments after its name. A `mention` is of a command alone."""

    document: str
    line: str
    arguments: tuple[str, ...]
    mention: bool

    def __str__(self) -> str:
        return f"{self.document}: {self.line}"


def blocks(document: Path, language: str) -> list[str]:
    return [body for of, body in _FENCED.findall(document.read_text()) if of == language]


def inline(document: Path) -> list[str]:
    return _INLINE.findall(_FENCED.sub("", document.read_text()))


def anchors(document: Path) -> set[str]:
    """What a link may name after `#`, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def calls() -> Iterator[Call]:
    """Every one in all documents, but for those that only show the form (`gitops-bot plan [DIR]`)."""
    for document in DOCUMENTS:
        bodies = [body for kind in SHELLS for body in blocks(document, kind)]
        lines = [(line, False) for body in bodies for line in body.splitlines()]
        for line, within in (*lines, *((code, True) for code in inline(document))):
            arguments = _arguments(line)
            if arguments and not PLACEHOLDERS.search(line):
                yield Call(document.name, line, arguments, mention=within and len(arguments) == 1)


def _arguments(line: str) -> tuple[str, ...]:
    """What follows our program's name in a line of a shell or a unit; nothing where it is not called."""
    line = _SOURCED.sub(r"\1", line.removeprefix("$ ").removeprefix("ExecStart="))
    try:
        words = shlex.split(line, comments=line.startswith("make"))
    except ValueError:
        return ()
    words = words[: min((words.index(one) for one in OPERATORS if one in words), default=None)]
    while words and _ASSIGNED.fullmatch(words[0]):
        words = words[1:]
    if words and _is_ours(words[0]):
        return tuple(words[1:])
    if any(words[: len(start)] == start for start in STARTERS):
        last = max((number for number, word in enumerate(words) if _is_ours(word)), default=len(words))
        return tuple(words[last + 1 :])
    return ()


def _is_ours(word: str) -> bool:
    return word == "gitops-bot" or word.endswith("/bin/gitops-bot")
