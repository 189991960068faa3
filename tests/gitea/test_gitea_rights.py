"""Tokens and accounts that may less than the bot needs, and what is said of them."""

import pytest

from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef
from bot.core.pull import CheckState, Repository, Role, Status
from bot.ports import Host
from bot.steps.say.topics import say
from tests.gitea.conftest import Hosts
from tests.gitea.people import BOT, KEEPER, made_token
from tests.gitea.running import Place, Site
from tests.gitea.teams import team

NEEDED = ("write:repository", "write:issue", "read:user", "read:organization")


def token(site: Site, *scopes: str) -> str:
    """Made once for a run: Gitea wants another name for each."""
    key = " ".join(scopes)
    if key not in site.tokens:
        site.tokens[key] = made_token(site.url, BOT, *scopes)
    return site.tokens[key]


def test_the_scopes_that_are_asked_for_are_enough(
    site: Site, place: Place, hosts: Hosts, repository: Repository
) -> None:
    host, number = hosts(token(site, *NEEDED)), place.open()
    comment = place.person("bob").api("POST", f"{place.path}/issues/{number}/comments", body="/plan")["id"]
    assert not host.missing_rights(repository)
    assert place.repo in {one.name for one in host.repositories()}
    pull = host.pull(repository, number)
    assert host.role(repository, "bob") is Role.WRITE
    assert host.contributors(repository, number).logins == {"alice"}
    say(host, repository, number, "plan", "words")
    host.react(repository, CommentRef(pull.key, str(comment)), "eyes")
    host.status(repository, pull.head.sha, Status("plan", CheckState.SUCCESS, "done"))
    assert [check.name for check in host.checks(pull)] == ["plan"]
    assert host.merge(pull, "x")
    assert host.remote(repository).author == (BOT, f"{BOT}@users.example.test")


@pytest.mark.parametrize(
    ("scopes", "named"),
    [
        (("read:repository", "write:issue", "read:user"), "write:repository"),
        (("write:repository", "read:issue", "read:user"), "write:issue"),
        (("write:repository", "read:user"), "write:issue"),
    ],
)
def test_a_scope_that_the_token_lacks_is_named(
    site: Site, hosts: Hosts, repository: Repository, scopes: tuple[str, ...], named: str
) -> None:
    assert hosts(token(site, *scopes)).missing_rights(repository) == (f"the scope {named}",)


def test_a_token_without_a_scope_is_refused_with_its_name(
    site: Site, place: Place, hosts: Hosts, repository: Repository
) -> None:
    host = hosts(token(site, "read:repository", "read:issue", "read:user"))
    pull = host.pull(repository, place.open())
    with pytest.raises(Refused, match="write:issue"):
        say(host, repository, pull.number, "plan", "words")
    with pytest.raises(Refused, match="write:repository"):
        host.merge(pull, "x")
    with pytest.raises(Refused, match="read:user"):
        hosts(token(site, "write:repository")).whoami()


@pytest.mark.parametrize(("role", "lacking"), [("write", ["admin"]), ("read", ["write", "admin"])])
def test_rights_that_the_account_lacks_are_named(
    place: Place, host: Host, repository: Repository, role: str, lacking: list[str]
) -> None:
    place.give(BOT, role)
    assert [words.partition(" ")[0] for words in host.missing_rights(repository)] == lacking


def test_without_admin_rights_a_role_is_never_guessed(place: Place, host: Host, repository: Repository) -> None:
    place.give(BOT, "write")
    with pytest.raises(Transient, match="bob"):
        host.role(repository, "bob")


def test_a_token_that_gitea_does_not_take_is_named(hosts: Hosts, place: Place) -> None:
    for wrong in ("0" * 40, "nonsense"):
        with pytest.raises(Transient, match="GITEA__TOKEN"):
            hosts(wrong).whoami()
        with pytest.raises(Transient, match="GITEA__TOKEN"):
            hosts(wrong, place.repo).repositories()


def test_an_owner_is_an_admin(host: Host, repository: Repository) -> None:
    assert host.role(repository, KEEPER) is Role.ADMIN


def test_a_team_gives_the_role_that_its_right_to_code_is(place: Place, host: Host, repository: Repository) -> None:
    team(place, "ops", "write", "mallory", BOT)
    team(place, "guests", "read", "carol")
    assert [host.role(repository, who) for who in ("mallory", "Mallory", "carol")] == [
        Role.WRITE,
        Role.WRITE,
        Role.READ,
    ]


def test_a_team_that_may_write_issues_only_gives_no_right_to_merge(
    place: Place, host: Host, repository: Repository
) -> None:
    team(place, "ops", "write", BOT)
    team(place, "triage", "read", "mallory", BOT)
    assert host.role(repository, "mallory") is Role.READ


def test_the_role_of_who_may_be_in_a_team_that_we_cannot_see_is_never_guessed(
    place: Place, host: Host, repository: Repository
) -> None:
    ops = team(place, "ops", "write", "mallory")
    assert host.missing_rights(repository) == ("membership of the team ops, or ownership of its organisation",)
    with pytest.raises(Transient, match="who is in the team ops"):
        host.role(repository, "mallory")
    assert host.role(repository, "carol") is Role.READ
    place.person(KEEPER).api("PUT", f"/teams/{ops}/members/{BOT}")
    assert host.role(repository, "mallory") is Role.WRITE
    assert not host.missing_rights(repository)


def test_to_see_teams_the_token_needs_a_scope_that_is_named(
    site: Site, place: Place, hosts: Hosts, repository: Repository
) -> None:
    team(place, "ops", "write", "mallory", BOT)
    host = hosts(token(site, *(scope for scope in NEEDED if "organization" not in scope)))
    assert host.missing_rights(repository) == ("the scope read:organization",)
    with pytest.raises(Transient, match="read:organization"):
        host.role(repository, "mallory")
