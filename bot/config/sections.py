"""What was written for one provider, and its model: each forge and tool reads its own settings with this."""

from collections.abc import Mapping

from bot.config.settings_errors import Model, validate
from bot.config.sources import PREFIX, Keys


class SettingsSection(dict[str, object]):
    """The values by key, secrets read from their files; `names` says what each was called where it was written."""

    def __init__(self, values: Mapping[str, object], names: Mapping[Keys, str]) -> None:
        super().__init__(values)
        self.names = names


def settings_of(model: type[Model], name: str, section: Mapping[str, object]) -> Model:
    """The section as the provider's model. Raises Refused: a line for each mistake, with its variable or TOML key."""
    names = section.names if isinstance(section, SettingsSection) else {}
    return validate(model, dict(section), names, f"{PREFIX}{name.upper()}__")
