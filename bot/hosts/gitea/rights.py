"""Who may do what in a repository: people, by their roles, and we, by our account and our token. Changes nothing."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from bot.core.errors import Refused, Transient
from bot.core.pull import Role
from bot.hosts.gitea import shapes
from bot.hosts.gitea.client import ApiClient, NotFound

ADMIN = "admin access to the repository (Gitea tells the roles of others to its admins only)"
WRITE = "write access to the repository (contents, pull requests, statuses)"
SCOPES = (("write:repository", "POST", "/pulls/0/merge"), ("write:issue", "PATCH", "/issues/comments/0"))


def role(api: ApiClient, path: str, user: str) -> Role:
    """Somebody's role. Nobody in particular has none; any other failure is Transient, never a guess.

    Gitea says `none` of those whose rights come from a team with a right for each unit, as its pages make them, so
    such teams are asked. What counts there is the right to write code, which is the one to merge.
    """
    try:
        direct_role = shapes.role(api("GET", f"{path}/collaborators/{quote(user, safe='')}/permission"))
        if direct_role >= Role.WRITE or not _is_assignable(api, path, user):
            return direct_role
        return Role.WRITE if _is_in_writing_team(api, path, user) else max(direct_role, Role.READ)
    except NotFound:
        return Role.NONE
    except Refused as error:
        raise Transient(f"the role of {user} cannot be read: {error}") from error


def missing_rights(api: ApiClient, path: str) -> tuple[str, ...]:
    """What we lack, in words. An account's rights are told; a token's scopes are tried on what does not exist."""
    repository = api("GET", path)
    rights = repository.get("permissions") or {}
    missing = [label for label, right in ((WRITE, "push"), (ADMIN, "admin")) if not rights.get(right)]
    if rights.get("push"):
        missing += [
            f"the scope {scope}" for scope, method, suffix in SCOPES if not _has_scope(api, method, path + suffix)
        ]
    if rights.get("admin"):
        missing += _unreadable_teams(api, path)
    return tuple(missing)


def _is_assignable(api: ApiClient, path: str, user: str) -> bool:
    """Gitea's assignees are all who may write anything there, or read pull requests by a team."""
    return any(shapes.login(assignee).lower() == user.lower() for assignee in api("GET", f"{path}/assignees") or ())


def _is_in_writing_team(api: ApiClient, path: str, user: str) -> bool:
    for team in _writing_teams(api, path):
        try:
            api("GET", f"/teams/{team['id']}")  # tells one that we may not look into from one that they are not in
        except Refused as error:
            raise Refused(f"we may not see who is in the team {team['name']}: {error}") from error
        try:
            api("GET", f"/teams/{team['id']}/members/{quote(user, safe='')}")
        except NotFound:
            continue
        return True
    return False


def _unreadable_teams(api: ApiClient, path: str) -> Iterator[str]:
    """Teams whose members' roles we could not tell."""
    try:
        for team in _writing_teams(api, path):
            try:
                api("GET", f"/teams/{team['id']}")
            except Refused as error:
                yield (
                    _missing_scope(error) or f"membership of the team {team['name']}, or ownership of its organisation"
                )
    except Refused:  # of a repository of nobody's organisation: it has no teams
        return


def _writing_teams(api: ApiClient, path: str) -> list[dict[str, Any]]:
    """Those with a right for each unit; the others are in what Gitea tells of a person."""
    teams = api("GET", f"{path}/teams") or []
    return [team for team in teams if (team.get("units_map") or {}).get("repo.code") == "write"]


def _has_scope(api: ApiClient, method: str, path: str) -> bool:
    """Gitea looks at the scope first, and only then for what is not there."""
    try:
        api(method, path, {"body": "x", "Do": "merge"})
    except Refused as error:
        return not _missing_scope(error)
    return True


def _missing_scope(error: Refused) -> str:
    return "the scope read:organization" if "scope" in str(error) else ""
