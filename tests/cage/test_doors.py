"""What a program can connect to, by what the operator lists."""

from pathlib import Path

import pytest

from bot import process
from bot.cage.cages import Cages, ProjectRule, find_kind
from bot.cage.policy import NetworkMode, Policy
from bot.core.errors import Refused
from bot.core.project import Project
from bot.ports import NetworkUse, Reach

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
KINDS = ("bubblewrap", "landlock")


def run(kind: str, tmp_path: Path, script: str, *hosts: str) -> process.Completed:
    cage = Cages(find_kind(kind), tmp_path, Policy(hosts=hosts)).of("acme/infra", Project("net", "net"), "run")
    argv = ["/usr/bin/env", "sh", "-c", script]
    reach = Reach(network=NetworkUse.RULED)
    return process.run(argv, confinement=cage.confine(reach), cwd=Path("/"), env=ENV, timeout=30)


@pytest.mark.parametrize("kind", KINDS)
def test_a_listed_port_of_this_machine_is_reached_and_no_other(kind: str, tmp_path: Path, port: int) -> None:
    script = f"exec 3<>/dev/tcp/127.0.0.1/{port} && head -c 5 <&3"
    asks = f"bash -c '{script}'"
    assert run(kind, tmp_path, asks, f"localhost:{port}", f"127.0.0.1:{port}").stdout == "hello"
    assert run(kind, tmp_path, asks, "127.0.0.1:1025").exit != 0


@pytest.mark.parametrize("kind", KINDS)
def test_other_listed_ports_are_forwarded_and_a_variable_names_where(kind: str, tmp_path: Path) -> None:
    listed = ("db.internal:5432", "127.0.0.1:443")
    printed = run(kind, tmp_path, "env | grep GITOPS_BOT_FORWARD | sort", *listed).stdout.splitlines()
    names = [line.partition("=")[0] for line in printed]
    assert names == ["GITOPS_BOT_FORWARD_127_0_0_1_443", "GITOPS_BOT_FORWARD_DB_INTERNAL_5432"]
    assert all(line.partition("=")[2].startswith("127.0.0.1:") for line in printed)


@pytest.mark.parametrize("hosts", [("http://x",), ("a:b:c",), tuple(f"h{number}:1" for number in range(33))])
def test_hosts_that_cannot_be_meant_are_refused_at_the_start(hosts: tuple[str, ...]) -> None:
    for cages in (
        Cages("none", Path("/"), Policy(hosts=hosts)),
        Cages("none", Path("/"), Policy(), (ProjectRule("*", {"hosts": hosts}),)),
    ):
        with pytest.raises(Refused, match="CAGE__HOSTS"):
            cages.verify()


def test_the_last_rule_that_matches_decides_and_what_it_leaves_out_stays() -> None:
    rules = (
        ProjectRule("acme/*:*", {"network": NetworkMode.OPEN, "memory": 64}),
        ProjectRule("*:net", {"memory": 128}),
    )
    policy = Cages("none", Path("/"), Policy(), rules).of("acme/infra", Project("net", "net"), "run").policy
    assert (policy.network, policy.memory, policy.disk) == (NetworkMode.OPEN, 128, Policy().disk)
