"""What is wrong with settings, said to the operator: the variable or TOML key, and the fix. Never their values."""

import difflib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.config.sources import PREFIX, Keys, SettingsSource
from bot.core.errors import Refused

Model = TypeVar("Model", bound=BaseModel)


def validate(
    model: type[Model], values: Mapping[str, object], names: Mapping[Keys, str], prefix: str = PREFIX
) -> Model:
    """Make a model of the values. Raises Refused: one line for each that is wrong, with its variable or TOML key."""
    try:
        return model.model_validate(values)
    except ValidationError as validation_error:
        errors = validation_error.errors(include_url=False, include_input=False)
        lines = [f"{_setting_name(error['loc'], names, prefix)}: {_message(error['msg'])}" for error in errors]
        raise Refused("\n".join(lines)) from None


def refuse_unknown(model: type[BaseModel], source: SettingsSource, sections: frozenset[str]) -> None:
    """Raise Refused naming every setting that nobody knows, with the nearest that there is."""
    keys_by_variable = {_variable(keys): keys for keys in _leaves(model, ())}
    section_variables = [f"{PREFIX}{name.upper()}__…" for name in sorted(sections)]
    lines = []
    for keys, written_name in source.names.items():
        if keys in keys_by_variable.values() or (keys[0] in sections and len(keys) > 1):
            continue
        matches = _closest(_variable(keys), [*keys_by_variable, *section_variables])
        hint = (
            f"did you mean {_spell(written_name, keys_by_variable.get(matches[0]), matches[0])}?"
            if matches
            else "take it out"
        )
        lines.append(f"{written_name}: there is no such setting; {hint}")
    if lines:
        raise Refused("\n".join(lines))


def _closest(variable: str, candidates: Sequence[str]) -> list[str]:
    """The prefix that all share makes none of them nearer."""
    without_prefix = [name.removeprefix(PREFIX) for name in candidates]
    return [PREFIX + name for name in difflib.get_close_matches(variable.removeprefix(PREFIX), without_prefix, n=1)]


def _leaves(model: type[BaseModel], prefix: Keys) -> list[Keys]:
    leaves: list[Keys] = []
    for name, field in model.model_fields.items():
        annotation: object = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            leaves += _leaves(annotation, (*prefix, name))
        else:
            leaves.append((*prefix, name))
    return leaves


def _variable(keys: Keys) -> str:
    return PREFIX + "__".join(keys).upper()


def _spell(written_name: str, keys: Keys | None, variable: str) -> str:
    """A suggestion in the words of where the mistake was made."""
    return variable if written_name.startswith(PREFIX) or keys is None else ".".join(keys)


def _setting_name(path: tuple[str | int, ...], names: Mapping[Keys, str], prefix: str) -> str:
    """What the setting was called where it was written; a missing one by its variable."""
    keys = tuple(step for step in path if isinstance(step, str))
    candidates = (names[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in names)
    return next(candidates, prefix + "__".join(keys).upper())


def _message(message: str) -> str:
    """pydantic's words without its own introduction."""
    message_text = message.removeprefix("Value error, ").replace("Field required", "is missing")
    return message_text.replace("Input should be", "should be").replace(
        "Extra inputs are not permitted", "is no such setting"
    )
