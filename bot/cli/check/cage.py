"""Whether the cage holds: an attacker's attempts, made in it. What they leave behind goes with the check."""

import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from bot.cage import probe
from bot.cage.cages import NO_CAGE, ProjectCage
from bot.cage.policy import NetworkMode
from bot.cage.start import PYTHON
from bot.cli.call import Call
from bot.cli.check.finding import Finding, passed, problem, warning
from bot.cli.check.targets import Targets, targets_of
from bot.core.errors import ToolFailed
from bot.core.project import Project
from bot.core.sentences import join_names
from bot.launch import require_program
from bot.ports.cage import NetworkUse, Reach
from bot.process import Completed, run

SECONDS = 60.0
REMEDY = "narrow CAGE__READ, CAGE__WRITE and CAGE__HOSTS, or take another CAGE__KIND"


def cage(call: Call) -> Sequence[Finding]:
    """What was possible in the cage in force. Raises Refused where there is none, ToolFailed without an answer."""
    from bot.cage.from_settings import load_cages

    cages, mark = load_cages(call.settings.cage, call.settings.data_dir, call.environment), uuid.uuid4().hex
    confined = cages.of("check", Project("check", "."), f"check-{mark}")
    with targets_of(call.settings.data_dir, call.environment, mark) as targets:
        possible = _attempt(confined, targets)
    if confined.name == NO_CAGE:
        return [_without(possible)]
    return _findings(confined, possible)


def _findings(confined: ProjectCage, possible: frozenset[str]) -> list[Finding]:
    """A line for each attempt that was possible and should not be, and one for the rest."""
    known = possible & (confined.leaves_open | _opened(confined))
    wrong = sorted(possible - known)
    findings = [problem("cage", f"{confined.name} did not refuse to {name}: {REMEDY}") for name in wrong]
    refused, count = len(probe.ATTEMPTS) - len(possible), len(probe.ATTEMPTS)
    message = f"{confined.name}, {refused} of {count} attempts refused"
    if left := sorted(known & confined.leaves_open):
        message += f"; this kind leaves open to {_list(left)}"
    if not wrong:
        findings.append(passed("cage", message))
    if opened := sorted(known - confined.leaves_open):
        findings.append(warning("cage", f"CAGE__NETWORK is {confined.network}, so it was possible to {_list(opened)}"))
    return findings


def _opened(confined: ProjectCage) -> frozenset[str]:
    """What the operator's choice of network lets through."""
    return frozenset(probe.NETWORK) if confined.policy.network is NetworkMode.OPEN else frozenset()


def _without(possible: frozenset[str]) -> Finding:
    message = f"{NO_CAGE}, so the code of pull requests runs as the bot's user. It was possible to"
    return warning("cage", f"{message} {_list(sorted(possible))}: unset CAGE__KIND, unless you trust every writer")


def _list(names: Sequence[str]) -> str:
    return join_names(names, len(names))


def _attempt(confined: ProjectCage, targets: Targets) -> frozenset[str]:
    """Run the probe by the first Python that can be run in there: the bot's own may lie in a home of its user."""
    pythons = dict.fromkeys((PYTHON, _machine_python()))
    ended = next((done for python in pythons if (done := _run(confined, targets, python)).exit == 0), None)
    if ended is None:
        raise ToolFailed(
            f"the probe could not be run in {confined.name}: install python3 where every user may run it, as in /usr"
        )
    outcomes = [json.loads(line) for line in ended.stdout.splitlines()]
    named = {outcome["attempt"] for outcome in outcomes if outcome["possible"]}
    return frozenset(named - {probe.LEFT_FILE, probe.LEFT_MEMORY, probe.LEFT_PROCESS}) | targets.traces(confined)


def _machine_python() -> str:
    try:
        return os.path.realpath(require_program("python3", os.defpath))
    except ToolFailed:
        return PYTHON


def _run(confined: ProjectCage, targets: Targets, python: str) -> Completed:
    return run(
        [python, "-I", "-S", "-", json.dumps(targets.named)],
        confinement=confined.confine(Reach(network=NetworkUse.RULED)),
        cwd=Path("/"),
        env={"PATH": os.defpath},
        timeout=SECONDS,
        stdin=Path(probe.__file__).read_bytes(),
    )
