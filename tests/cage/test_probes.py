"""The hostile provider alone and without a cage: what it tries works, so a refusal in a cage says something."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cage.documented import FAMILIES, SEEN_AFTERWARDS
from tests.cage.ordinary import NOBODY, becoming, may_become_nobody, python_of
from tests.cage.proxying import careless_proxy
from tests.cage.raiding import end_survivors, open_folder
from tests.cage.targets import VICTIM_FILES, Targets, targets
from tests.provider.shelf import needed
from tests.rig.build import HOSTILE


def run(top: Path, aims: Targets, user: int | None = None, **variables: str) -> Mapping[str, str]:
    """Run the probes as a user in a scratch of their own; the outcomes."""
    work = top / "work"
    (work / "home").mkdir(parents=True, exist_ok=True)
    for path in (work, work / "home"):
        path.chmod(0o777)
    (work / "targets.json").write_text(aims.to_json())
    program = work / HOSTILE
    program.write_bytes(needed(HOSTILE).read_bytes())
    program.chmod(0o755)
    env = {"PATH": os.environ["PATH"], "HOME": str(work / "home"), "TMPDIR": str(work), **variables}
    ended = subprocess.run(
        [*becoming(user), str(program), "--probes", "targets.json"], cwd=work, env=env, capture_output=True, check=True
    )
    outcomes: Mapping[str, str] = json.loads(ended.stdout)
    return outcomes


def successes(outcomes: Mapping[str, str], family: str = "") -> list[str]:
    return [name for name, outcome in outcomes.items() if name.startswith(family) and outcome.startswith("yes: ")]


def key_of(top: Path) -> str:
    path = top / "vault.key"
    path.write_text("0" * 32)
    path.chmod(0o600)
    return str(path)


def test_there_are_hundreds_of_probes_and_each_is_of_a_family() -> None:
    names = subprocess.run([needed(HOSTILE), "--names"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(set(names)) == len(names) > 300
    assert {name.partition(": ")[0] for name in names} == set(FAMILIES)


def test_probes_of_every_family_succeed_where_nothing_stops_them() -> None:
    with open_folder() as top, targets(top / "t") as aims, careless_proxy() as proxy:
        key = key_of(top)
        aims = aims.having(files={"the vault's key": key}, bot=aims.victim, credential="only-for-applies")
        outcomes = run(top, aims, HTTPS_PROXY=proxy, AWS_SECRET_ACCESS_KEY="only-for-applies")
    assert not [outcome for outcome in outcomes.values() if outcome.startswith("broken: ")]
    families = set(FAMILIES) - {*SEEN_AFTERWARDS, "limits"}
    missing = {family for family in families if not successes(outcomes, f"{family}: ")}
    assert not missing - (set() if os.geteuid() == 0 else {"sys", "gate"})
    assert len(successes(outcomes, "proxy: ")) == len([name for name in outcomes if name.startswith("proxy: ")])


@pytest.mark.skipif(not may_become_nobody(), reason="not root, or no setpriv")
def test_an_ordinary_user_becomes_root_by_a_program_that_is_set_user_id() -> None:
    python_of(NOBODY)
    with open_folder() as top, targets(top / "t", NOBODY) as aims:
        outcomes = run(top, aims.having(only=("privilege: ",)), NOBODY)
    assert "privilege: a set-user-id program of root" in successes(outcomes)
    assert "privilege: become root" not in successes(outcomes)


def test_what_probes_do_to_somebody_elses_folder_is_real_and_undone_but_for_what_is_doomed() -> None:
    with open_folder() as top, targets(top / "t") as aims:
        outcomes = run(top, aims.having(only=("folder: ",)))
        left = {path.name for path in Path(aims.folder).iterdir()}
    assert {name for name, outcome in outcomes.items() if not outcome.startswith("yes: ")} == set()
    assert left == set(VICTIM_FILES) - {"doomed"}


def test_survivors_survive_where_nothing_ends_them() -> None:
    with open_folder() as top, targets(top / "t") as aims:
        run(top, aims.having(only=("survive: ",), survivors=60))
        left = end_survivors(aims.mark)
    assert left >= {"--survive", "--survive deaf", "--survive keeper", "--survive stopped", "--hop"}


def test_a_wish_for_a_few_probes_is_heard() -> None:
    with open_folder() as top, targets(top / "t") as aims:
        assert {name.partition(": ")[0] for name in run(top, aims.having(only=("gate: ",)))} == {"gate"}
