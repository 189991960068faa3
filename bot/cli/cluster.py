"""`gitops-bot cluster planner|applier|check`: the two identities of a cluster: their manifests, and their proof."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.call import Call
from bot.cli.check.finding import Finding, passed, problem
from bot.cli.usage import Subcommands, Usage
from bot.core.errors import Refused, ToolFailed, Transient

if TYPE_CHECKING:
    from bot.kube.access.proof import Proof
    from bot.kube.access.rbac_manifests import Identities, Manifest
    from bot.kube.cluster.clusters import Clusters

NAMESPACE = "gitops-bot"
USAGE = Usage(
    summary="a cluster's two identities: make them, and prove them",
    text="""
    `planner` prints the manifests of an identity that plans and that the API server keeps from writing;
    `applier` those of the identity that applies. With --apply they are applied, by the credentials of
    --kubeconfig (an admin's) and of nothing else. `check NAME` tries, with the credentials that the settings
    have for the cluster NAME, every way around: a line with ✗ is to be mended. It leaves nothing behind.
    """,
    exits={
        0: "printed, applied, or everything proved",
        1: "something was let through (a line with ✗), or the cluster refused or did not answer",
        3: "the settings have no such cluster, or a name or kubeconfig cannot be used",
    },
    example="gitops-bot cluster planner --group cert-manager.io --apply --kubeconfig ~/.kube/config --context prod",
)


def declare(commands: Subcommands) -> None:
    """Add the command and its parts."""
    options = commands.add("cluster", USAGE)
    choices = options.add_subparsers(dest="part", required=True, metavar="PART", help="planner, applier or check")
    for name, whose in (("planner", "plans"), ("applier", "applies")):
        _declare_manifests(choices.add_parser(name, help=f"manifests of the identity that {whose}"), name)
    check = choices.add_parser("check", help="try what the planner must not be able to do")
    check.add_argument("cluster", metavar="NAME", help="the cluster, as the settings name it")
    _add_namespace(check)
    check.add_argument("--json", action="store_true", help="for programs: mark, what, words")


def _declare_manifests(parser: argparse.ArgumentParser, name: str) -> None:
    _add_namespace(parser)
    parser.add_argument(
        "--group", action="append", default=[], metavar="GROUP", help="an API group of custom resources (repeatable)"
    )
    if name == "planner":
        parser.add_argument(
            "--secrets",
            action="append",
            default=[],
            metavar="NAMESPACE",
            help="plan, and so read, the Secrets of a namespace, or of all with `*` (repeatable)",
        )
    parser.add_argument("--apply", action="store_true", help="apply them instead of printing them")
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="with --apply: credentials of an admin")
    parser.add_argument("--context", metavar="NAME", help="with --apply: the context in it (default: its current)")


def _add_namespace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--namespace", default=NAMESPACE, metavar="NAME", help=f"where both accounts live (default: {NAMESPACE})"
    )


def run(call: Call) -> int:
    """Print, apply or try; the exit status. Raises Refused and ToolFailed as the cluster answers."""
    if call.options["part"] == "check":
        return _check(call)
    manifests = _manifests(call)
    if call.options["apply"]:
        _apply(call, manifests)
    else:
        import yaml

        call.say(yaml.safe_dump_all(manifests, sort_keys=False, explicit_start=True, width=120).rstrip())
    return 0


def _identities(call: Call) -> "Identities":
    from bot.kube.access.rbac_manifests import Identities

    options = call.options
    return Identities(options["namespace"], tuple(options.get("group") or ()), tuple(options.get("secrets") or ()))


def _manifests(call: Call) -> "tuple[Manifest, ...]":
    from bot.kube.access.rbac_manifests import applier_manifests, planner_manifests

    make = planner_manifests if call.options["part"] == "planner" else applier_manifests
    return make(_identities(call))


def _apply(call: Call, manifests: "tuple[Manifest, ...]") -> None:
    """In their order, ending at the first that is refused: a policy that is not there is followed by no right."""
    from bot.kube.access.audit import aggregated_groups
    from bot.kube.cluster.client import Cluster
    from bot.kube.objects.kube_object import object_of

    if call.options["kubeconfig"] is None:
        raise Refused("--apply needs --kubeconfig FILE: the credentials of an admin of the cluster")
    context = call.options["context"]
    cluster = Cluster.open(context or "of the kubeconfig", call.options["kubeconfig"].expanduser(), context)
    foreign = aggregated_groups(cluster).intersection(call.options["group"]) if call.options["group"] else ()
    if foreign:
        raise Refused(
            f"another server answers for {', '.join(sorted(foreign))}: no policy guards what is written there"
        )
    for manifest in manifests:
        ref = object_of(manifest).ref
        response = cluster.apply(manifest, dry_run=False)
        if not response.ok:
            raise ToolFailed(f"{ref} was refused; what comes after it was not applied", response.message)
        call.say(f"{ref} applied")


def _check(call: Call) -> int:
    from bot.kube.cluster.clusters import Clusters

    clusters = Clusters.of(call.settings.section("kubernetes"))
    findings = list(prove_identities(clusters, call.options["cluster"], _identities(call)))
    if call.options["json"]:
        call.table(("mark", "what", "words"), [(f.mark, f.subject, f.message) for f in findings])
    else:
        for finding in findings:
            call.say(str(finding))
    return max(finding.status for finding in findings)


def prove_identities(clusters: "Clusters", name: str, identities: "Identities") -> Iterator[Finding]:
    """What came of each attempt with the credentials of a cluster."""
    from bot.kube.access.proof import prove_applier, prove_planner
    from bot.kube.cluster.client import Cluster
    from bot.kube.cluster.transport import Transport

    cluster, planner = clusters.settings(name), clusters.planning_client(name)
    transport = Transport.open(name, cluster.kubeconfig, cluster.context, cluster.timeout, 1)
    yield from (_finding("planner", proof) for proof in prove_planner(planner, transport.send, identities))
    try:
        access = clusters.apply_identity(name)
        applier = Cluster.open(name, access.kubeconfig, access.context, cluster.timeout)
        yield from (_finding("applier", proof) for proof in prove_applier(applier, planner, identities))
    except (Refused, Transient, ToolFailed) as error:
        yield problem("applier", str(error))


def _finding(who: str, proof: "Proof") -> Finding:
    return (passed if proof.holds else problem)(f"{who}: {proof.claim}", proof.evidence)
