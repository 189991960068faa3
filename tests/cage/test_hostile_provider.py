"""A pull request whose provider is an attacker, planned in each kind of cage: as root, and as an ordinary user.

The provider's probes are in `tests/provider/hostile`, what they aim at in `targets.py`. What succeeds is what
`documented.py` says; without a cage most do, by which each is known to work.
"""

import importlib
import itertools
import os
from dataclasses import dataclass

import pytest

from tests.cage.documented import FAMILIES, OPEN, SEEN_AFTERWARDS
from tests.cage.ordinary import may_become_nobody, python_of
from tests.cage.raiding import Raid, raid

CAGES, USERS = ("bubblewrap", "landlock"), ("root", "ordinary")
ENOUGH = 100
"""So many probes are tried at least, and succeed without a cage."""

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Raided:
    """A raid, and against what."""

    kind: str
    user: str
    raid: Raid


def raided(kind: str, user: str) -> Raided:
    """Raid a bot with this kind of cage that runs as this user. What does not work here is left out."""
    if user == "root" and os.geteuid():
        pytest.skip("we are not root here")
    if user == "ordinary" and os.geteuid() == 0:
        if not may_become_nobody():
            pytest.skip("there is no setpriv here to become an ordinary user")
        python_of(65534)
    if obstacle := importlib.import_module(f"bot.cage.kinds.{kind}").KIND.obstacle():
        pytest.skip(f"{kind} does not work here: {obstacle}")
    return Raided(kind, user, raid({"CAGE__KIND": kind}, ordinary=user == "ordinary" and os.geteuid() == 0))


@pytest.fixture(scope="module", params=itertools.product(CAGES, USERS), ids="-".join)
def caged(request: pytest.FixtureRequest) -> Raided:
    return raided(*request.param)


@pytest.fixture(scope="module", params=USERS)
def free(request: pytest.FixtureRequest) -> Raided:
    return raided("none", request.param)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_of_a_family_succeeds_but_what_is_documented(caged: Raided, family: str) -> None:
    documented = OPEN[caged.kind, caged.user]
    successes = caged.raid.successes(f"{family}: ")
    unexpected = {name: got for name, got in successes.items() if name not in documented}
    assert not unexpected, f"{caged.kind} as {caged.user}:\n" + "\n".join(f"{n}: {g}" for n, g in unexpected.items())


@pytest.mark.parametrize("family", FAMILIES)
def test_something_of_each_family_was_tried(caged: Raided, family: str) -> None:
    outcomes = [outcome for name, outcome in caged.raid.outcomes.items() if name.startswith(f"{family}: ")]
    assert outcomes
    assert not [outcome for outcome in outcomes if outcome.startswith("broken: ")]
    if family not in (*SEEN_AFTERWARDS, "limits"):
        assert [outcome for outcome in outcomes if not outcome.startswith("not tried: ")]


def test_what_is_documented_as_open_is_open(caged: Raided) -> None:
    closed = [name for name in OPEN[caged.kind, caged.user] if caged.raid.outcomes.get(name, "").startswith("no: ")]
    assert not closed, "these are refused by now: take them out of docs/security.md"


def test_at_least_a_hundred_probes_were_tried(caged: Raided) -> None:
    tried = [outcome for outcome in caged.raid.outcomes.values() if not outcome.startswith("not tried: ")]
    assert len(tried) >= ENOUGH


def test_no_process_of_a_plan_is_left_whatever_it_fled_to(caged: Raided) -> None:
    assert not caged.raid.left


def test_without_a_cage_most_of_them_succeed(free: Raided) -> None:
    assert len(free.raid.successes()) >= ENOUGH, free.raid.outcomes
    assert {"--survive", "--survive deaf", "--survive keeper"} <= free.raid.left
