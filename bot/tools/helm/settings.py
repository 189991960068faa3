"""The operator's settings for Helm (`HELM__BINARY`, `__MEMORY`, `__OUTPUT`)."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from bot.config.sections import settings_of
from bot.kube.render.renderer import RenderLimits


class HelmSettings(BaseModel):
    """`memory` and `output` are what a rendering may take, in MB."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    binary: str = Field("helm", description="the program")
    memory: int = Field(1024, ge=64, description="as for kustomize")
    output: int = Field(50, ge=1, le=1024, description="as for kustomize")

    @property
    def limits(self) -> RenderLimits:
        """What rendering may use up."""
        return RenderLimits(self.memory, self.output)

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "HelmSettings":
        """Raises Refused naming each wrong key."""
        return settings_of(cls, "helm", section)
