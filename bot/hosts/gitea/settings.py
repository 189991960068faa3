"""The operator's settings for Gitea (`GITEA__URL`, `__TOKEN`, `__WEBHOOK_SECRET`, `__CA_FILE`)."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr

from bot.config.sections import settings_of
from bot.core.errors import Refused


class GiteaSettings(BaseModel):
    """`url` is where people open it, with its path if it has one. There is no unsigned mode."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        "",
        pattern=r"^(https?://[^/\s@?#]+(/[^\s@?#]*)?)?$",
        description="(needed) where people open it; all of Gitea is in [gitea.md](gitea.md)",
    )
    token: SecretStr = Field(
        SecretStr(""), description="(needed) which one, and its scopes: [gitea.md](gitea.md#in-five-minutes)"
    )
    webhook_secret: SecretStr = Field(SecretStr(""), description="(needed) there is no unsigned mode")
    ca_file: FilePath | None = Field(None, description="for the API and for git")

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "GiteaSettings":
        """Raises Refused with one sentence for what is missing or wrong."""
        settings = settings_of(cls, "gitea", section)
        if not settings.url:
            raise Refused("GITEA__URL is missing: where people open it, like https://git.example.org")
        if not settings.token.get_secret_value().strip():
            raise Refused(
                "GITEA__TOKEN is missing: a token with write:repository, write:issue, read:user, read:organization"
            )
        if not settings.webhook_secret.get_secret_value().strip():
            raise Refused("GITEA__WEBHOOK_SECRET is missing: webhooks without a signature are never taken")
        return settings

    @property
    def web_url(self) -> str:
        """Where repositories are for people and for git."""
        return self.url.rstrip("/").removesuffix("/api/v1")

    @property
    def api_url(self) -> str:
        """Where its API is."""
        return f"{self.web_url}/api/v1"
