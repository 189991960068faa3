"""Gitea, and Forgejo, which has the same API. Its client is imported when a host is made, not before."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.hosts.gitea.settings import GiteaSettings

if TYPE_CHECKING:
    from bot.hosts.gitea.gitea import Gitea


def host(section: Mapping[str, object], repos: Sequence[str]) -> "Gitea":
    """The host with the operator's settings (`GITEA__…`), for repositories that the globs allow."""
    from bot.hosts.gitea.gitea import Gitea

    return Gitea(GiteaSettings.of(section), tuple(repos))
