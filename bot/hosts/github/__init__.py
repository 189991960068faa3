"""GitHub, and GitHub Enterprise by its address. PyGithub is imported when a host is made, not before."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.hosts.github.settings import GitHubSettings

if TYPE_CHECKING:
    from bot.hosts.github.github import GitHub


def host(section: Mapping[str, object], repos: Sequence[str]) -> "GitHub":
    """The host with the operator's settings (`GITHUB__…`), for repositories that the globs allow."""
    from bot.hosts.github.app import App
    from bot.hosts.github.github import GitHub
    from bot.hosts.github.user import User

    settings = GitHubSettings.of(section)
    return GitHub(settings, tuple(repos), App(settings) if settings.app_id else User(settings))
