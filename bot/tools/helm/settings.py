"""The operator's settings for Helm (`HELM__BINARY`, `__MEMORY`, `__OUTPUT`)."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.errors import Refused
from bot.kube.rendering import Limits


class HelmSettings(BaseModel):
    """`memory` and `output` are what a rendering may take, in MB."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    binary: str = Field("helm", description="the program")
    memory: int = Field(1024, ge=64, description="as for kustomize")
    output: int = Field(50, ge=1, le=1024, description="as for kustomize")

    @property
    def limits(self) -> Limits:
        return Limits(self.memory, self.output)

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "HelmSettings":
        """Raises Refused naming each wrong key."""
        try:
            return cls.model_validate(dict(section))
        except ValidationError as wrong:
            lines = [f"HELM__{'__'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in wrong.errors()]
            raise Refused("; ".join(lines)) from wrong
