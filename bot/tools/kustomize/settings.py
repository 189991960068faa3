"""The operator's settings for kustomize (`KUSTOMIZE__BINARIES`, `__FLAGS`, `__HELM`, `__MEMORY`, `__OUTPUT`)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.config.sections import settings_of
from bot.kube.render.renderer import RenderLimits

PLUGINS = "--enable-alpha-plugins"
HELM = "--enable-helm"


class KustomizeSettings(BaseModel):
    """`binaries`: the first one found renders; `flags`: what renderings may do beyond building, given to each.

    `helm` is for charts that kustomizations inflate. `memory` and `output` are in MB.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    binaries: tuple[str, ...] = Field(("kustomize", "kubectl"), description="the first one found renders")
    flags: tuple[Literal["--enable-helm", "--enable-alpha-plugins"], ...] = Field(
        (), description="what renderings may do beyond building: `--enable-helm`, `--enable-alpha-plugins`"
    )
    helm: str = Field("helm", description="for charts that kustomizations inflate")
    memory: int = Field(1024, ge=64, description="MB that a rendering may take")
    output: int = Field(50, ge=1, le=1024, description="MB that it may print")

    @field_validator("binaries", "flags", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else value

    @property
    def limits(self) -> RenderLimits:
        """What rendering may use up."""
        return RenderLimits(self.memory, self.output)

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "KustomizeSettings":
        """Raises Refused naming each wrong key."""
        return settings_of(cls, "kustomize", section)
