"""The operator's settings for GitHub (`GITHUB__…`): where it is, and who we are there: a user's token or an App."""

import base64
from collections.abc import Mapping
from typing import Annotated, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FilePath, SecretStr

from bot.config.sections import settings_of
from bot.core.errors import Refused

BEGIN = "-----BEGIN"
GITHUB = "https://api.github.com"
ACCOUNT_SETTINGS = "GITHUB__TOKEN, or GITHUB__APP_ID with GITHUB__PRIVATE_KEY"


def _unfold_pem(key: SecretStr) -> SecretStr:
    r"""A PEM as it came; one squeezed into a line, with `\n` or as base64, is as good."""
    text = key.get_secret_value().replace("\\n", "\n").strip()
    if text.startswith(BEGIN):
        return SecretStr(text)
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:
        return SecretStr(text)
    return SecretStr(decoded.strip() if decoded.startswith(BEGIN) else text)


class GitHubAddress(BaseModel):
    """Where GitHub is: for programs, for people, and how its certificate is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_url: str = Field(GITHUB, pattern=r"^https?://[^/\s]+", description="GitHub Enterprise: `https://HOST/api/v3`")
    ca_file: FilePath | None = Field(None, description="for the API and for git")

    @classmethod
    def of(cls, section: Mapping[str, object]) -> Self:
        """Raises Refused with one sentence for what is missing or wrong."""
        return settings_of(cls, "github", section)

    @property
    def web_url(self) -> str:
        """Where repositories are for people and for git."""
        address = self.api_url.rstrip("/")
        if address.startswith("https://api.") and address.endswith(("github.com", ".ghe.com")):
            return address.replace("://api.", "://", 1)
        return address.removesuffix("/api/v3")


class GitHubSettings(GitHubAddress):
    """There is no unsigned mode: without someone to be and a webhook secret nothing starts."""

    token: SecretStr = Field(
        SecretStr(""),
        description="a user's: this or an App is needed; which one, and its permissions: "
        "[install.md](install.md#a-user-with-a-token)",
    )
    app_id: int | None = Field(
        None, gt=0, description="the number of a [GitHub App](github-app.md) to be, in place of a user with a token"
    )
    private_key: Annotated[SecretStr, AfterValidator(_unfold_pem)] = Field(
        SecretStr(""), description="the App's key: the text of the `.pem`, also in one line with `\\n`, or as base64"
    )
    webhook_secret: SecretStr = Field(SecretStr(""), description="(needed) there is no unsigned mode")

    @classmethod
    def of(cls, section: Mapping[str, object]) -> Self:
        """Raises Refused with one sentence for what is missing or wrong."""
        settings = super().of(section)
        if problem := settings._account_problem() or settings._signature_problem():
            raise Refused(problem)
        return settings

    def _account_problem(self) -> str:
        """What keeps us from being exactly one account, in one sentence."""
        token, key = bool(self.token.get_secret_value().strip()), self.private_key.get_secret_value()
        if token and (self.app_id or key):
            return f"GITHUB__TOKEN and an App are both set: be one of them, so set either {ACCOUNT_SETTINGS}"
        if token:
            return ""
        if self.app_id and key:
            return _key_problem(key)
        if self.app_id or key:
            missing = "GITHUB__PRIVATE_KEY (or GITHUB__PRIVATE_KEY_FILE)" if self.app_id else "GITHUB__APP_ID"
            return f"{missing} is missing: an App needs its id and its private key"
        return f"GITHUB__TOKEN is missing: set {ACCOUNT_SETTINGS}"

    def _signature_problem(self) -> str:
        if self.webhook_secret.get_secret_value().strip():
            return ""
        return "GITHUB__WEBHOOK_SECRET is missing: webhooks without a signature are never taken"


def _key_problem(text: str) -> str:
    """Why this is no key that an App signs with."""
    try:
        load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return (
            "GITHUB__PRIVATE_KEY is no private key: give the text of the .pem, or its path as GITHUB__PRIVATE_KEY_FILE"
        )
    return ""
