"""The operator's settings for Terraform (`TERRAFORM__BINARIES`, `__PLUGIN_CACHE`, `__CLI_CONFIG`, `__LOCK_TIMEOUT`)."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.config.sections import settings_of


class TerraformSettings(BaseModel):
    """`binaries`: programs that a project may name, the first one found being the default.

    `cli_config`: the operator's own `.terraformrc`, for mirrors and registries.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    binaries: tuple[str, ...] = Field(
        ("terraform", "tofu"), description="programs a project may name; the first one found is the default"
    )
    plugin_cache: Path | None = Field(
        None, description="a provider cache that is shared by all runs: a directory that is there"
    )
    cli_config: Path | None = Field(
        None,
        description="a CLI configuration file (`.terraformrc`) of all runs, for mirrors and registries; tools read it",
    )
    lock_timeout: str = Field("60s", description="how long a tool waits for a state lock before that is said")

    @field_validator("binaries", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else value

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "TerraformSettings":
        """Raises Refused naming each wrong key."""
        return settings_of(cls, "terraform", section)
