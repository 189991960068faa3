"""Teams of an organisation on the tests' Gitea."""

from tests.gitea.people import KEEPER
from tests.gitea.running import Place


def team(place: Place, name: str, code: str, *members: str) -> int:
    """A team of the organisation with a right for each unit, as Gitea's own pages make them."""
    keeper, owner = place.person(KEEPER), place.repo.partition("/")[0]
    units = {"repo.code": code, "repo.pulls": code, "repo.issues": "write"}
    new_team = keeper.api("POST", f"/orgs/{owner}/teams", name=name, includes_all_repositories=True, units_map=units)
    for login in members:
        keeper.api("PUT", f"/teams/{new_team['id']}/members/{login}")
    return int(new_team["id"])
