"""What README.md and docs/commands.md tell of each command, made from its declaration: `make docs` renews it.

A test says when they are stale.
"""

import re
import sys
from collections.abc import Callable
from inspect import cleandoc

from bot import jobs
from bot.core.pull import Role
from bot.core.vocabulary import SELECTION, CommandSpec, Vocabulary, access_rule
from tests.docs.reading import TOP

PAGES = (TOP / "README.md", TOP / "docs/commands.md")
MARKED = re.compile(r"(<!-- make docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| comment | what it does |\n|---|---|\n"


def page(text: str, vocabulary: Vocabulary) -> str:
    """The page with what stands between its markers made anew."""
    return MARKED.sub(lambda marked: f"{marked[1]}{PARTS[marked[2]](vocabulary)}{marked[3]}", text)


def examples(vocabulary: Vocabulary) -> str:
    return HEAD + "".join(map(_rows, vocabulary.values())) + f"\n{access_rule(vocabulary)}\n"


def access(vocabulary: Vocabulary) -> str:
    return f"{access_rule(vocabulary)}\n"


def selection(vocabulary: Vocabulary) -> str:
    names = [f"`/{name}`" for name, spec in vocabulary.items() if spec.selects]
    rows = (
        f"| {', '.join(f'`{spelling} {option.placeholder}`' for spelling in option.spellings)} | {option.meaning} |\n"
        for option in SELECTION
    )
    takers = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{takers} take\n\n| option | chooses by |\n|---|---|\n{''.join(rows)}"


def sections(vocabulary: Vocabulary) -> str:
    return "\n".join(_section(name, spec) for name, spec in vocabulary.items())


PARTS: dict[str, Callable[[Vocabulary], str]] = {
    part.__name__: part for part in (examples, access, selection, sections)
}


def _section(name: str, spec: CommandSpec) -> str:
    rights = {Role.NONE: "For everybody.", Role.WRITE: ""}.get(spec.role, f"Needs {spec.role.name.lower()} access.")
    paragraphs = (f"## `/{name}`", HEAD + _rows(spec).rstrip("\n"), rights, cleandoc(spec.page))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _rows(spec: CommandSpec) -> str:
    return "".join(f"| `{example.comment}` | {example.effect} |\n" for example in spec.examples)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(page(path.read_text(), jobs.vocabulary()))
        sys.stdout.write(f"{path.relative_to(TOP)} is as the code says\n")
