"""Who may do what in a repository: people, by their roles, and we, by our account and our token. Changes nothing."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from bot.core.errors import Refused, Transient
from bot.core.pull import Role
from bot.hosts.gitea import shapes
from bot.hosts.gitea.calls import Calls, Missing

ADMIN = "admin access to the repository (Gitea tells the roles of others to its admins only)"
WRITE = "write access to the repository (contents, pull requests, statuses)"
SCOPES = (("write:repository", "POST", "/pulls/0/merge"), ("write:issue", "PATCH", "/issues/comments/0"))


def role(call: Calls, path: str, user: str) -> Role:
    """Somebody's role. Nobody in particular has none; any other failure is Transient, never a guess.

    Gitea says `none` of those whose rights come from a team with a right for each unit, as its pages make them, so
    such teams are asked. What counts there is the right to write code, which is the one to merge.
    """
    try:
        told = shapes.role(call("GET", f"{path}/collaborators/{quote(user, safe='')}/permission"))
        if told >= Role.WRITE or not _may_have_more(call, path, user):
            return told
        return Role.WRITE if _is_in_a_team_that_writes(call, path, user) else max(told, Role.READ)
    except Missing:
        return Role.NONE
    except Refused as why:
        raise Transient(f"the role of {user} cannot be read: {why}") from why


def missing(call: Calls, path: str) -> tuple[str, ...]:
    """What we lack, in words. An account's rights are told; a token's scopes are tried on what does not exist."""
    repository = call("GET", path)
    rights = repository.get("permissions") or {}
    lacking = [words for words, right in ((WRITE, "push"), (ADMIN, "admin")) if not rights.get(right)]
    if rights.get("push"):
        lacking += [f"the scope {scope}" for scope, method, end in SCOPES if not _may(call, method, path + end)]
    if rights.get("admin"):
        lacking += _unseen_teams(call, path)
    return tuple(lacking)


def _may_have_more(call: Calls, path: str, user: str) -> bool:
    """Gitea's assignees are all who may write anything there, or read pull requests by a team."""
    return any(shapes.login(one).lower() == user.lower() for one in call("GET", f"{path}/assignees") or ())


def _is_in_a_team_that_writes(call: Calls, path: str, user: str) -> bool:
    for team in _teams_that_write(call, path):
        try:
            call("GET", f"/teams/{team['id']}")  # tells one that we may not look into from one that they are not in
        except Refused as unseen:
            raise Refused(f"we may not see who is in the team {team['name']}: {unseen}") from unseen
        try:
            call("GET", f"/teams/{team['id']}/members/{quote(user, safe='')}")
        except Missing:
            continue
        return True
    return False


def _unseen_teams(call: Calls, path: str) -> Iterator[str]:
    """Teams whose members' roles we could not tell."""
    try:
        for team in _teams_that_write(call, path):
            try:
                call("GET", f"/teams/{team['id']}")
            except Refused as why:
                yield _scope(why) or f"membership of the team {team['name']}, or ownership of its organisation"
    except Refused:  # of a repository of nobody's organisation: it has no teams
        return


def _teams_that_write(call: Calls, path: str) -> list[dict[str, Any]]:
    """Those with a right for each unit; the others are in what Gitea tells of a person."""
    teams = call("GET", f"{path}/teams") or []
    return [team for team in teams if (team.get("units_map") or {}).get("repo.code") == "write"]


def _may(call: Calls, method: str, path: str) -> bool:
    """Gitea looks at the scope first, and only then for what is not there."""
    try:
        call(method, path, {"body": "x", "Do": "merge"})
    except Refused as why:
        return not _scope(why)
    return True


def _scope(why: Refused) -> str:
    return "the scope read:organization" if "scope" in str(why) else ""
