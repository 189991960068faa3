"""An attacker's attempts in each kind of cage, as root and as an ordinary user; and what `check` says of them."""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cage import probe
from bot.cage.cages import Cages, ProjectCage
from bot.cage.policy import NetworkMode, Policy
from bot.cli.check import cage as check
from bot.cli.check.targets import targets_of
from bot.core.project import Project
from tests.cage.launching import ORDINARY, USERS

TOP = Path(probe.__file__).parents[2]
ALLOWED = Policy()
KINDS = ("bubblewrap", "landlock")
PROBED = """
import json, sys
from pathlib import Path
from tests.cage.test_probe import attempt
print(json.dumps(sorted(attempt(sys.argv[1], Path(sys.argv[2])))))
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory as the bot's is: only its user looks in."""
    with tempfile.TemporaryDirectory(prefix="probe-", dir="/tmp") as directory:
        yield Path(directory)


def cage_of(kind: str, data: Path, policy: Policy = ALLOWED) -> ProjectCage:
    return Cages(kind, data, policy).of("check", Project("check", "."), "check-run")


def attempt(kind: str, data: Path, policy: Policy = ALLOWED) -> frozenset[str]:
    environment = {"HOME": str(data), "PATH": os.defpath}
    with targets_of(data, environment, uuid.uuid4().hex) as targets:
        return check._attempt(cage_of(kind, data, policy), targets)


def attempt_as(user: str, kind: str, data: Path) -> frozenset[str]:
    """What is possible for a bot of this user."""
    if user == "root" and os.geteuid() != 0:
        pytest.skip("only root can try what root can do")
    if user == "root" or os.geteuid() != 0:
        return attempt(kind, data)
    os.chown(data, ORDINARY, ORDINARY)
    paths = os.pathsep.join((str(TOP), *(path for path in sys.path if path.endswith("site-packages"))))
    words = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", "--"]
    python = ["/usr/bin/python3", "-B", "-c", PROBED, kind, str(data)]
    env = {"PATH": os.defpath, "PYTHONPATH": paths}
    ended = subprocess.run([*words, *python], env=env, cwd=TOP, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return frozenset(json.loads(ended.stdout))


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_possible_but_what_the_kind_leaves_open(user: str, kind: str, data: Path) -> None:
    is_ordinary_in_landlock = (user, kind) == ("ordinary", "landlock")
    expected = {probe.SEE_FILE, probe.PATH_SOCKET} if is_ordinary_in_landlock else set()
    assert attempt_as(user, kind, data) == expected


def test_without_a_cage_nearly_all_of_it_is_possible(data: Path) -> None:
    by_chance = {f"connect to {probe.METADATA}", "ask a name server", "read the environment of the first process"}
    of_root = {*probe.SYSTEM, "open a raw socket", "open a packet socket", "trace another process"}
    expected = set(probe.ATTEMPTS) - set(probe.PROXY) - by_chance - of_root
    assert expected - attempt("none", data) == set()


def test_it_leaves_nothing_behind(data: Path) -> None:
    attempt("none", data)
    assert list(data.iterdir()) == []
    places = ("/tmp", "/var/tmp", "/dev/shm", *os.defpath.split(":"))
    assert [path for place in places for path in Path(place).glob(".gitops-bot-*")] == []


def test_with_an_open_network_check_names_the_setting_and_is_content(data: Path) -> None:
    """Landlock leaves a program in the machine's own network, and the operator let it."""
    cage = cage_of("landlock", data, Policy(NetworkMode.OPEN))
    findings = check._findings(cage, attempt("landlock", data, cage.policy))
    assert [finding.mark for finding in findings] == ["✓", "!"]
    assert "CAGE__NETWORK is open, so it was possible to" in findings[1].message
    assert "connect to a port of the machine" in findings[1].message


def test_what_the_operator_lets_programs_read_and_should_not_is_found(data: Path) -> None:
    cage = cage_of("bubblewrap", data, Policy(read=(str(data),)))
    findings = check._findings(cage, attempt("bubblewrap", data, cage.policy))
    assert {finding.mark for finding in findings} == {"✗"}
    assert [finding for finding in findings if "did not refuse to read vault.key: narrow CAGE__READ" in finding.message]


def test_what_is_kept_by_the_operator_s_word_is_no_trace(data: Path) -> None:
    kept = data / "kept"
    kept.mkdir()
    cage = cage_of("bubblewrap", data, Policy(write=(str(kept),)))
    with targets_of(data, {"HOME": str(kept), "PATH": os.defpath}, uuid.uuid4().hex) as targets:
        assert probe.LEFT_FILE not in check._attempt(cage, targets)
        assert not list(kept.iterdir())
