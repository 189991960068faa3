"""What groups of settings have in common."""

import json
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def parse_list(value: object) -> object:
    """A list as JSON or with commas."""
    if not isinstance(value, str):
        return value
    if not value.strip().startswith("["):
        return [word.strip() for word in re.split("[,\n]", value) if word.strip()]
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError('is no list: write a, b or ["a", "b"]') from error


WordList = Annotated[tuple[str, ...], BeforeValidator(parse_list)]


class SettingsGroup(BaseModel):
    """A group of settings; unknown keys are refused before a model sees them."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
