"""Who made the commits of a pull request, as GitHub can tell. Called by the host.

A commit's author and committer are whom GitHub has for its addresses. A co-author is a line of the message: told by a
noreply address, by another commit of that address, or by GitHub's search, which finds public addresses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.core.co_authors import co_author_addresses
from bot.core.errors import Refused
from bot.core.pull import Contributors
from bot.hosts.github.client import ApiClient

MERGE_BUTTON = "web-flow"
NOREPLY = re.compile(r"(?:\d+\+)?([A-Za-z0-9-]+)@users\.noreply\.", re.IGNORECASE)


def read_contributors(client: ApiClient, commits: Sequence[Mapping[str, Any]]) -> Contributors:
    """Everybody who made these commits, and the commits of which somebody is nobody that can be told."""
    logins: set[str] = set()
    unknown: list[str] = []
    login_by_address: dict[str, str | None] = dict(_addresses(commits))
    for commit in commits:
        author, committer = (str((commit.get(key) or {}).get("login") or "") for key in ("author", "committer"))
        logins |= {author, committer} - {"", MERGE_BUTTON}
        addresses = co_author_addresses(_message(commit))
        co_authors = [address and _co_author(client, address, login_by_address) for address in addresses]
        logins |= {login for login in co_authors if login}
        # the button commits for people; it is never the author
        if author in ("", MERGE_BUTTON) or not committer or not all(co_authors):
            unknown.append(str(commit["sha"])[:7])
    return Contributors(frozenset(logins), tuple(unknown))


def _message(commit: Mapping[str, Any]) -> str:
    return str((commit.get("commit") or {}).get("message"))


def _addresses(commits: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Whose address is which, by those of authors and committers that GitHub knows."""
    for commit in commits:
        for key in ("author", "committer"):
            address = str(((commit.get("commit") or {}).get(key) or {}).get("email") or "").casefold()
            login = str((commit.get(key) or {}).get("login") or "")
            if address and login not in ("", MERGE_BUTTON):
                yield address, login


def _co_author(client: ApiClient, address: str, login_by_address: dict[str, str | None]) -> str | None:
    if noreply := NOREPLY.match(address):
        return noreply[1]
    if address not in login_by_address:
        login_by_address[address] = _find_user(client, address)
    return login_by_address[address]


def _find_user(client: ApiClient, address: str) -> str | None:
    """The only user that has made the address public; the search may find others that have a part of it."""
    try:
        candidates = client("GET", "/search/users", q=f"{address} in:email", per_page="5")["items"]
        users = [client("GET", f"/users/{quote(str(raw['login']))}") for raw in candidates]
    except Refused:
        return None
    logins = [str(user["login"]) for user in users if str(user.get("email") or "").casefold() == address]
    return logins[0] if len(logins) == 1 else None
