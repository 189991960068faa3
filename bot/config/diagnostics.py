"""What pydantic found wrong in gitops.yaml, said to the one who wrote it: the key, its line, and the fix."""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.schema import UNSUPPORTED, Schema
from bot.config.strict_yaml import Diagnostic, Document, Path
from bot.config.words import did_you_mean, sanitize

MOST_DIAGNOSTICS = 20

_MESSAGES = {
    "string_type": "must be text: write it in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list, like [a, b]",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
}


def render(file: str, diagnostics: Iterable[Diagnostic]) -> str:
    """All diagnostics, one a line, in the order of the file."""
    ordered = sorted(
        set(diagnostics),
        key=lambda diagnostic: (diagnostic.line, [str(step) for step in diagnostic.path], diagnostic.text),
    )
    lines = [
        f"{file}:{diagnostic.line}: {render_path(diagnostic.path)}{diagnostic.text}"
        for diagnostic in ordered[:MOST_DIAGNOSTICS]
    ]
    if len(ordered) > MOST_DIAGNOSTICS:
        lines.append(f"{file}: and more")
    return "\n".join(lines)


def render_path(path: Path) -> str:
    """`projects[1].terraform.var_files[0]: `."""
    rendered = ""
    for step in path:
        rendered += f"[{step}]" if isinstance(step, int) else f".{sanitize(step)}" if rendered else sanitize(step)
    return f"{rendered}: " if rendered else ""


def from_pydantic(validation_error: ValidationError, schema: Schema, document: Document) -> list[Diagnostic]:
    """The diagnostics that a schema had about a document: as many as are ever rendered, and one more."""
    errors = validation_error.errors(include_url=False)[: MOST_DIAGNOSTICS + 1]
    return [Diagnostic(document.line(error["loc"]), error["loc"], _message(error, schema)) for error in errors]


def _message(error: ErrorDetails, schema: Schema) -> str:
    kind, path = error["type"], error["loc"]
    constraint = error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), path[:-1], schema)
    if kind == "missing":
        return "is missing" + (": the file begins with `version: 1`" if path == ("version",) else "")
    if kind in ("enum", "literal_error"):
        return _invalid_choice(error["input"], str(constraint["expected"]))
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"must be {constraint['ge']} or more" if "ge" in constraint else f"must be {constraint['le']} or less"
    if kind == "value_error":
        return str(constraint["error"])
    return _MESSAGES.get(kind, error["msg"])


def _unknown_key(key: str, path: Sequence[str | int], schema: Schema) -> str:
    if key in UNSUPPORTED:
        return f"`{key}` is not supported yet: take it out"
    table = schema.tables[tuple(step for step in path if isinstance(step, str))]
    return f"there is no such key: {did_you_mean(key, table.model_fields)}"


def _invalid_choice(raw: object, expected: str) -> str:
    choices = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    if isinstance(raw, str) and raw in UNSUPPORTED:
        return f"`{raw}` is not supported yet: take it out"
    if isinstance(raw, str):
        return f"`{sanitize(raw)}` is none of its values: {did_you_mean(raw, choices)}"
    return f"must be {expected}".replace("'", "`")
