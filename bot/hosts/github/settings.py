"""The operator's settings for GitHub (`GITHUB__API_URL`, `__TOKEN`, `__WEBHOOK_SECRET`, `__CA_FILE`)."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, ValidationError

from bot.core.errors import Refused


class GitHubSettings(BaseModel):
    """There is no unsigned mode: without a token and a webhook secret nothing starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_url: str = Field("https://api.github.com", pattern=r"^https?://[^/\s]+")
    token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    ca_file: FilePath | None = None

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "GitHubSettings":
        """Raises Refused with one sentence for what is missing or wrong."""
        try:
            made = cls.model_validate(dict(section))
        except ValidationError as wrong:
            lines = [f"GITHUB__{'__'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in wrong.errors()]
            raise Refused("; ".join(lines)) from wrong
        if not made.token.get_secret_value().strip():
            raise Refused("GITHUB__TOKEN is missing: a token that may read and write pull requests and statuses")
        if not made.webhook_secret.get_secret_value().strip():
            raise Refused("GITHUB__WEBHOOK_SECRET is missing: webhooks without a signature are never taken")
        return made

    @property
    def web_url(self) -> str:
        """Where repositories are for people and for git."""
        address = self.api_url.rstrip("/")
        if address.startswith("https://api.") and address.endswith(("github.com", ".ghe.com")):
            return address.replace("://api.", "://", 1)
        return address.removesuffix("/api/v3")
