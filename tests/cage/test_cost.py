"""That a pull request of fifty projects is planned in a cage in little more than the time of the tool alone."""

import json
import subprocess
import sys

import pytest

from tests.cage.cost import AGAIN, BARE, FIRST
from tests.docs.reading import TOP

PLANS = 6  # of each, in turns: the medians of fifty are no others
LIMITS = {AGAIN: 1.25, FIRST: 2.0}  # a cage has a price for each start, and this project is the smallest there is


@pytest.mark.timeout(300)
def test_fifty_projects_take_little_more_in_a_cage_than_bare() -> None:
    """By the time of processors, for that counts no waiting for others."""
    argv = [sys.executable, "-m", "tests.cage.cost", str(PLANS)]
    ended = subprocess.run(argv, cwd=TOP, stdout=subprocess.PIPE, text=True, check=True, timeout=280)
    kinds = json.loads(ended.stdout)
    bare = kinds.pop(BARE)[FIRST]
    assert kinds
    ratios = {(kind, turn): used / bare for kind, turns in kinds.items() for turn, used in turns.items()}
    assert {way: ratio for way, ratio in ratios.items() if ratio > LIMITS[way[1]]} == {}
