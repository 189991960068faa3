"""What pydantic found wrong in gitops.yaml, said to the one who wrote it: the key, its line, and the fix."""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.document import Complaint, Document, Path
from bot.config.schema import LATER, TABLES
from bot.config.words import did_you_mean, repeated

MOST_TOLD = 20

_SAID = {
    "string_type": "must be text: write it in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list, like [a, b]",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
}


def told(file: str, complaints: Iterable[Complaint]) -> str:
    """All complaints, one a line, in the order of the file."""
    ordered = sorted(set(complaints), key=lambda one: (one.line, [str(part) for part in one.path], one.text))
    lines = [f"{file}:{one.line}: {shown(one.path)}{one.text}" for one in ordered[:MOST_TOLD]]
    if len(ordered) > MOST_TOLD:
        lines.append(f"{file}: and more")
    return "\n".join(lines)


def shown(path: Path) -> str:
    """`projects[1].terraform.var_files[0]: `."""
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{repeated(part)}" if words else repeated(part)
    return f"{words}: " if words else ""


def from_pydantic(wrong: ValidationError, document: Document) -> list[Complaint]:
    """The complaints that a schema had about a document: as many as are ever told, and one more."""
    errors = wrong.errors(include_url=False)[: MOST_TOLD + 1]
    return [Complaint(document.line(error["loc"]), error["loc"], _text(error)) for error in errors]


def _text(error: ErrorDetails) -> str:
    kind, path = error["type"], error["loc"]
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(str(path[-1]), path[:-1])
    if kind == "missing":
        return "is missing" + (": the file begins with `version: 1`" if path == ("version",) else "")
    if kind in ("enum", "literal_error"):
        return _no_choice(error["input"], str(context["expected"]))
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"must be {context['ge']} or more" if "ge" in context else f"must be {context['le']} or less"
    if kind == "value_error":
        return str(context["error"])
    return _SAID.get(kind, error["msg"])


def _unknown(key: str, path: Sequence[str | int]) -> str:
    if key in LATER:
        return f"`{key}` is not supported yet: take it out"
    table = TABLES[next((part for part in reversed(path) if isinstance(part, str)), "")]
    return f"there is no such key: {did_you_mean(key, table.model_fields)}"


def _no_choice(given: object, expected: str) -> str:
    choices = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    if isinstance(given, str) and given in LATER:
        return f"`{given}` is not supported yet: take it out"
    if isinstance(given, str):
        return f"`{repeated(given)}` is none of its values: {did_you_mean(given, choices)}"
    return f"must be {expected}".replace("'", "`")
