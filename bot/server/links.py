"""Links to the page of a run, as comments have them. On a private repository a link opens that run, for a day.

A signature covers one run and one moment, so it opens nothing else and not for ever.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import quote, urlencode

from bot.core.pull import Repository

LINK_LIFETIME = timedelta(hours=24)


class Signer(Protocol):
    """Signs words of ours, so that they are known again when others bring them back."""

    def sign(self, text: str) -> str:
        """The signature of a text, in characters that a URL may hold."""

    def verify(self, text: str, signature: str) -> bool:
        """Compares in constant time."""


def run_link(vault: Signer, url: str, repository: Repository, run_id: str, now: datetime) -> str:
    """The address of a run's page: signed where the repository is private, otherwise for holders of the token."""
    page = f"{url.rstrip('/')}/runs/{quote(run_id, safe='')}"
    if not repository.private:
        return page
    expires = str(int((now + LINK_LIFETIME).timestamp()))
    return f"{page}?{urlencode({'expires': expires, 'signature': vault.sign(_signed_text(run_id, expires))})}"


def is_valid_link(vault: Signer, run_id: str, query: Mapping[str, str], now: datetime) -> bool:
    """Does the query of this request open the run's page?"""
    expires, signature = query.get("expires", ""), query.get("signature", "")
    if not vault.verify(_signed_text(run_id, expires), signature):
        return False
    return datetime.fromtimestamp(int(expires), UTC) > now


def _signed_text(run_id: str, expires: str) -> str:
    """The moment comes first: it holds no space, so no two pairs read the same."""
    return f"page until {expires} of run {run_id}"
