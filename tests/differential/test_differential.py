"""What the bot leaves in a cluster is what helm or kubectl leaves there, but for what `differences` names."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kubernetes import client, dynamic

from tests.differential.comparing import Found, fields, idle, unforeseen
from tests.differential.differences import TABLE
from tests.differential.known import BLOCKED, IDENTITIES, Block, Obstacle
from tests.differential.nodes import Nodes
from tests.differential.ours import ADMIN, ADMIN_PLANS, DOCUMENTED, NOTHING_BEGUN, Blocked, Operator, Ours
from tests.differential.reading import left
from tests.differential.shapes import FIRST, SECOND, Shape, shapes
from tests.differential.theirs import KUBECTL, Theirs
from tests.rig.access import Access

SOMEBODY = "somebody-else"

pytestmark = pytest.mark.timeout(600)


class KnownFault(Exception):
    """The bot does it otherwise in exactly the ways that are written down."""


def case(shape: Shape, faults: Sequence[str]) -> object:
    marks = [pytest.mark.xfail(raises=KnownFault, strict=True, reason="; ".join(sorted(faults)))] if faults else []
    return pytest.param(shape, marks=marks, id=shape.name)


def faults_of(shape: Shape) -> Sequence[str]:
    rows = {f"{row.fault}: {row.reason}" for row in TABLE if row.fault and row.concerns(shape.name)}
    return (*rows, *reasons([BLOCKED[shape.name]] if shape.name in BLOCKED else []))


def obstacles_of(shape: Shape) -> Sequence[Block | Obstacle]:
    """What its first plan meets when the documented planner makes it."""
    planned = [block for block in [BLOCKED.get(shape.name)] if block and block.planned]
    return [*planned, *(IDENTITIES[shape.name].planner if shape.name in IDENTITIES else ())]


def reasons(obstacles: Sequence[Block | Obstacle]) -> Sequence[str]:
    return [f"{one.fault}: {one.words}" for one in obstacles]


@pytest.fixture
def sides(shape: Shape, theirs: Access, operator: Operator, tmp_path: Path) -> tuple[Theirs, Ours]:
    """With the namespace made on both servers."""
    if shape.tool != "helm" and KUBECTL is None:
        pytest.skip("no kubectl")
    for access in (theirs, operator.access):
        with access.client() as api:
            client.CoreV1Api(api).create_namespace({"metadata": {"name": shape.name}})
    return Theirs(theirs, shape, tmp_path), Ours(operator, shape, tmp_path)


@pytest.mark.parametrize("shape", [case(shape, faults_of(shape)) for shape in shapes()])
def test_what_is_left_is_equal(shape: Shape, sides: tuple[Theirs, Ours], tmp_path: Path) -> None:
    found: list[Found] = []
    for state in (FIRST, SECOND):
        found += changed(shape, state, sides, tmp_path)
    rows = [row for row in TABLE if row.concerns(shape.name)]
    if strange := unforeseen(found, rows):
        pytest.fail("\n".join(dict.fromkeys(str(one) for one in strange)), pytrace=False)
    if unneeded := idle(found, rows):
        pytest.fail("\n".join(f"nothing needs the row {row}" for row in unneeded), pytrace=False)
    if faults := {row.fault for row in rows if row.fault}:
        raise KnownFault(", ".join(sorted(faults)))


@pytest.mark.parametrize("shape", [case(shape, reasons(obstacles_of(shape))) for shape in shapes()])
def test_the_documented_planner_can_plan_it(shape: Shape, operator: Operator, tmp_path: Path) -> None:
    trial = shape.renamed()
    with operator.access.client() as api:
        client.CoreV1Api(api).create_namespace({"metadata": {"name": trial.name}})
    try:
        Ours(operator, trial, tmp_path, DOCUMENTED).plan(trial.checkout(FIRST, tmp_path / FIRST), FIRST)
    except Blocked as why:
        known, told = obstacles_of(shape), str(why)
        strange = [line for line in told.splitlines() if not any(re.search(one.words, line) for one in known)]
        strange += [f"not met: {one.words}" for one in known if not re.search(one.words, told)]
        if strange:
            pytest.fail("\n".join(strange), pytrace=False)
        raise KnownFault(told) from why


def changed(shape: Shape, state: str, sides: tuple[Theirs, Ours], folder: Path) -> Sequence[Found]:
    """Every field that is there once both have brought the shape to that state."""
    theirs, ours = sides
    servers = theirs.access, ours.operator.access
    with Nodes(servers[0], shape.name), Nodes(servers[1], shape.name), ThreadPoolExecutor(1) as beside:
        applied = beside.submit(theirs.apply, shape.checkout(state, folder / f"theirs-{state}"), state)
        try:
            apply_ours(ours, state, folder)
        finally:
            applied.result()  # what theirs refuse too is no difference
        found = fields(*beside.map(lambda access: left(access, shape.name), servers))
    if state == FIRST:
        for access in servers:
            meanwhile(access, shape)
    return found


def apply_ours(ours: Ours, state: str, folder: Path) -> None:
    """As the documented identities, or with an admin in the place of those that do not do."""
    known, checkout = IDENTITIES.get(ours.shape.name), ours.shape.checkout(state, folder / f"ours-{state}")
    if known and known.applier and state == FIRST:
        ours.way = ADMIN_PLANS
        with pytest.raises(Blocked, match=NOTHING_BEGUN) as why:
            ours.apply(checkout, state)
        assert all(re.search(one.words, str(why.value)) for one in known.applier), why.value
    ours.way = DOCUMENTED if known is None else ADMIN if known.applier else ADMIN_PLANS
    try:
        ours.apply(checkout, state)
    except Blocked as why:
        block = BLOCKED.get(ours.shape.name)
        if block and block.state == state and re.search(block.words, str(why)):
            raise KnownFault(block.fault) from why
        raise AssertionError(f"{state}: {why}") from why


def meanwhile(access: Access, shape: Shape) -> None:
    """What controllers and people do to live objects."""
    with access.client() as api:
        cluster = dynamic.DynamicClient(api)
        for patch in shape.meanwhile:
            kind = cluster.resources.get(api_version=patch["apiVersion"], kind=patch["kind"])
            kind.patch(
                body=dict(patch),
                name=patch["metadata"]["name"],
                namespace=patch["metadata"].get("namespace", shape.name if kind.namespaced else None),
                content_type="application/merge-patch+json",
                field_manager=SOMEBODY,
            )
