"""What is wrong with settings, said to the operator: the variable or TOML key, and the fix. Never their values."""

import difflib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.config.sources import PREFIX, Keys, Source
from bot.core.errors import Refused

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], values: Mapping[str, object], names: Mapping[Keys, str], prefix: str = PREFIX) -> Model:
    """The values as a model. Raises Refused: one line for each that is wrong, with its variable or TOML key."""
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False, include_input=False)
        lines = [f"{_said(error['loc'], names, prefix)}: {_text(error['msg'])}" for error in errors]
        raise Refused("\n".join(lines)) from None


def refuse_unknown(model: type[BaseModel], source: Source, sections: frozenset[str]) -> None:
    """Raise Refused naming every setting that nobody knows, with the nearest that there is."""
    known = {_variable(keys): keys for keys in _leaves(model, ())}
    sections_too = [f"{PREFIX}{name.upper()}__…" for name in sorted(sections)]
    lines = []
    for keys, said in source.names.items():
        if keys in known.values() or (keys[0] in sections and len(keys) > 1):
            continue
        near = _nearest(_variable(keys), [*known, *sections_too])
        hint = f"did you mean {_as_written(said, known.get(near[0]), near[0])}?" if near else "take it out"
        lines.append(f"{said}: there is no such setting; {hint}")
    if lines:
        raise Refused("\n".join(lines))


def _nearest(variable: str, known: Sequence[str]) -> list[str]:
    """The prefix that all share makes none of them nearer."""
    bare = [name.removeprefix(PREFIX) for name in known]
    return [PREFIX + name for name in difflib.get_close_matches(variable.removeprefix(PREFIX), bare, n=1)]


def _leaves(model: type[BaseModel], above: Keys) -> list[Keys]:
    leaves: list[Keys] = []
    for name, field in model.model_fields.items():
        part: object = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            leaves += _leaves(part, (*above, name))
        else:
            leaves.append((*above, name))
    return leaves


def _variable(keys: Keys) -> str:
    return PREFIX + "__".join(keys).upper()


def _as_written(said: str, keys: Keys | None, variable: str) -> str:
    """A suggestion in the words of where the mistake was made."""
    return variable if said.startswith(PREFIX) or keys is None else ".".join(keys)


def _said(path: tuple[str | int, ...], names: Mapping[Keys, str], prefix: str) -> str:
    """What the setting was called where it was written; a missing one by its variable."""
    keys = tuple(part for part in path if isinstance(part, str))
    written = (names[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in names)
    return next(written, prefix + "__".join(keys).upper())


def _text(message: str) -> str:
    """pydantic's words without its own introduction."""
    said = message.removeprefix("Value error, ").replace("Field required", "is missing")
    return said.replace("Input should be", "should be").replace("Extra inputs are not permitted", "is no such setting")
