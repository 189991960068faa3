"""Credentials that the API server stops taking: renewed where they can be, and else told, with what was done before."""

import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.kube.cluster.client import Cluster
from tests.kube.carrying import Carried, Ground
from tests.kube.door import ENDED, Door, Spoil
from tests.kube.planning import Body, configmap
from tests.rig.access import Access


@pytest.fixture
def door(cluster: Access) -> Iterator[Door]:
    with Door(cluster) as door:
        yield door


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def plugin(directory: Path, output: str) -> Mapping[str, object]:
    """A kubeconfig's user who is whoever a program says: it prints a file, and counts how often it did."""
    program = directory / "plugin"
    count = shlex.quote(str(directory / "count"))
    program.write_text(f"#!/bin/sh\necho once >> {count}\ncat {shlex.quote(output)}\n")
    program.chmod(0o755)
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "Never"}
    return {"exec": command}


def issue(place: Path, token: str) -> None:
    """What the plug-in prints from now on: a token that does not say when it ends."""
    words = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
    aside = place.with_suffix(".aside")
    aside.write_text(json.dumps(words))
    os.replace(aside, place)


def times(directory: Path) -> int:
    return len((directory / "count").read_text().splitlines())


def many(namespace: str) -> list[Body]:
    return [configmap(namespace, f"c{number}", a="1") for number in range(60)]


def after(door: Door, patches: int, takes: set[str], first: Callable[[], object] = lambda: None) -> None:
    """Let in other tokens only, once so many objects were sent; do something first."""
    sent: list[str] = []

    def rule(asked: str) -> Spoil | None:
        sent.extend([asked] if asked.startswith("PATCH") and "/c" in asked and "dryRun" not in asked else [])
        if len(sent) > patches and door.takes != takes:
            first()
            door.takes = takes
        return None

    door.rule = rule


def made(ground: Ground) -> set[str]:
    """The objects that are there, as results name them."""
    found = ground.api.metadata("v1", "ConfigMap", ground.namespace)
    return {str(meta.ref) for meta in found if meta.ref.name.startswith("c")}


def test_credentials_that_end_in_mid_apply_are_told_with_what_was_done(ground: Ground, door: Door) -> None:
    bodies = many(ground.namespace)
    work = ground.plan(*bodies)
    after(door, 20, takes=set())
    ended = replace(ground, kubeconfig=door.kubeconfig(ground.directory)).carry(work)
    assert ended.exit == 1
    assert _done(ended) == made(ground)
    assert 0 < len(_done(ended)) < 60
    failed = [result for result in ended.results.results if result.verb == "create" and result.status == "failed"]
    assert all(ENDED in one.message for one in failed)
    assert len(failed) + len(_done(ended)) == 60
    counts = f"{len(_done(ended))} created, {len(failed)} failed"
    assert ended.results.summary() == f"{counts}, the apply did not come to its end"
    known = ground.known()
    assert known
    assert (len(known.members), known.commit) == (60, "")
    again = ground.carry(ground.plan(*bodies))
    assert again.exit == 0
    assert (len(made(ground)), len(ground.members())) == (60, 60)


def _done(ended: Carried) -> set[str]:
    return {result.ref for result in ended.results.results if result.status == "done"}


def test_a_plug_in_is_asked_again_when_its_token_is_no_longer_taken(ground: Ground, door: Door, tmp_path: Path) -> None:
    printed = tmp_path / "printed.json"
    issue(printed, "first")
    door.takes = {"first"}
    ground = replace(ground, kubeconfig=door.kubeconfig(tmp_path, plugin(tmp_path, str(printed))))
    after(door, 20, {"second"}, first=lambda: issue(printed, "second"))
    carried = ground.carry(ground.plan(*many(ground.namespace)))
    assert carried.exit == 0, carried.output
    assert (len(made(ground)), times(tmp_path)) == (60, 2)


def test_a_token_file_that_is_written_anew_is_read_anew(door: Door, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first")
    door.takes = {"first"}
    kube = Cluster.open("rig", door.kubeconfig(tmp_path, {"tokenFile": str(token)}))
    assert kube.version()
    token.write_text("second")
    door.takes = {"second"}
    assert kube.version()


def test_a_plug_in_whose_token_is_not_taken_is_not_asked_for_every_object(door: Door, tmp_path: Path) -> None:
    printed = tmp_path / "printed.json"
    issue(printed, "ended")
    kube = Cluster.open("rig", door.kubeconfig(tmp_path, plugin(tmp_path, str(printed))))

    def refused(number: int) -> bool:
        with pytest.raises(Refused, match=ENDED):
            kube.version()
        return True

    assert all(kube.map_concurrently(refused, range(40)))
    assert times(tmp_path) == 2


def test_a_plug_in_that_fails_is_said_and_nothing_is_asked_as_nobody(door: Door, tmp_path: Path) -> None:
    user = plugin(tmp_path, str(tmp_path / "nothing.json"))
    with pytest.raises(Refused, match="the credential plug-in in the kubeconfig of cluster rig gave nothing"):
        Cluster.open("rig", door.kubeconfig(tmp_path, user))
    assert not door.asked
