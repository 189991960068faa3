"""Which permissions a request takes, as GitHub documents it for Apps and fine-grained tokens; any of a set will do."""

import re

from sandbox.forge.state import Grant

LEVELS = ("none", "read", "write", "admin")
REPO = "/repos/[^/]+/[^/]+"

# The first that fits counts. What fits none takes `metadata=read`.
TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("GET", f"{REPO}/issues/.*reactions", ("issues=read", "pull_requests=read")),
    (".*", f"{REPO}/issues/.*reactions", ("issues=write", "pull_requests=write")),
    ("GET", f"{REPO}/issues/", ("issues=read", "pull_requests=read")),
    (".*", f"{REPO}/issues/", ("issues=write", "pull_requests=write")),
    ("PUT", f"{REPO}/pulls/[0-9]+/merge", ("contents=write",)),
    ("GET", f"{REPO}/pulls", ("pull_requests=read",)),
    (".*", f"{REPO}/pulls", ("pull_requests=write",)),
    ("GET", f"{REPO}/commits/[^/]+/status", ("statuses=read",)),
    ("POST", f"{REPO}/statuses/", ("statuses=write",)),
    ("GET", f"{REPO}/(commits/[^/]+/)?check-(runs|suites)", ("checks=read",)),
    (".*", f"{REPO}/check-(runs|suites)", ("checks=write",)),
    ("GET", f"{REPO}/(commits|branches)/", ("contents=read",)),
    (".*", f"{REPO}/git/", ("contents=write",)),
    (".*", f"{REPO}/hooks", ("repository_hooks=write",)),
)


def required_sets(method: str, path: str) -> tuple[str, ...]:
    """The permissions of which a request takes any one."""
    fits = (sets for verb, place, sets in TABLE if re.fullmatch(verb, method) and re.search(place, path))
    return next(fits, ("metadata=read",))


def satisfies(has: dict[str, str], sets: tuple[str, ...]) -> bool:
    """Whether levels by permission are enough for one of the sets."""
    pairs = [pair.split("=") for pair in sets]
    return any(LEVELS.index(has.get(name, "none")) >= LEVELS.index(level) for name, level in pairs)


def is_permitted(grant: Grant, sets: tuple[str, ...]) -> bool:
    """Classic tokens may what their user may."""
    return grant.permissions is None or satisfies(grant.permissions, sets)
