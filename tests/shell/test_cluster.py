"""`gitops-bot cluster`, run as a program, against a real API server."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from bot.kube.access.rbac_manifests import APPLIER, PLANNER, planner_manifests
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.identities import kubeconfig_of, made, new_names, remove
from tests.rig.access import Access
from tests.sandbox.running import until
from tests.shell.calling import environment, gitops_bot

PREFIX = "KUBERNETES__CLUSTERS__PROD__"


def test_the_planners_manifests_are_printed_in_the_order_of_their_application(here: Path) -> None:
    done = gitops_bot("cluster", "planner", "--namespace", "bot", "--group", "cert-manager.io", cwd=here)
    assert done.returncode == 0, done.stderr
    printed = list(yaml.safe_load_all(done.stdout))
    kinds = [one["kind"] for one in printed]
    assert kinds.index("ValidatingAdmissionPolicyBinding") < kinds.index("ClusterRoleBinding")
    assert {one["metadata"]["name"] for one in printed} == {"bot", "planner", "bot-planner"}
    role = next(one for one in printed if one["kind"] == "ClusterRole")
    assert role["rules"][-1]["apiGroups"] == ["cert-manager.io"]
    assert "secrets" not in done.stdout


def test_the_appliers_manifests_are_apart_and_without_a_policy(here: Path) -> None:
    done = gitops_bot("cluster", "applier", cwd=here)
    kinds = [one["kind"] for one in yaml.safe_load_all(done.stdout)]
    assert kinds == ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"]


def test_printing_imports_no_client_of_kubernetes(here: Path) -> None:
    code = "import sys; from bot.cli import main\ntry: main(['cluster', 'planner'])\n"
    code += "except SystemExit: pass\nsys.exit('kubernetes' in sys.modules)"
    env = environment(here.parent / "home")
    done = subprocess.run([sys.executable, "-c", code], cwd=here, env=env, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"ValidatingAdmissionPolicy" in done.stdout


def test_they_are_applied_again_and_again_with_an_admins_kubeconfig(cluster: Access, here: Path) -> None:
    names = new_names()
    words = ("cluster", "planner", "--namespace", names.namespace, "--apply", "--kubeconfig", str(cluster.kubeconfig))
    admin = Cluster.open("rig", cluster.kubeconfig)
    try:
        for _ in range(2):
            done = gitops_bot(*words, "--context", "admin", cwd=here)
            assert done.returncode == 0, done.stderr
            assert f"ValidatingAdmissionPolicyBinding {names.planner} applied" in done.stdout
        assert admin.get("v1", ObjectRef("", "ServiceAccount", names.namespace, PLANNER)).ok
    finally:
        for manifest in reversed(planner_manifests(names)):
            remove(admin, manifest)


def test_who_may_not_apply_them_is_told_which_was_refused(cluster: Access, here: Path) -> None:
    words = ("--apply", "--kubeconfig", str(cluster.kubeconfig), "--context", "stranger")
    done = gitops_bot("cluster", "planner", *words, cwd=here)
    assert done.returncode == 1
    assert "Namespace gitops-bot was refused; what comes after it was not applied" in done.stderr
    assert "forbidden" in done.stderr


def test_what_cannot_be_meant_is_refused(here: Path) -> None:
    for words, said in (
        (("planner", "--apply"), "--apply needs --kubeconfig"),
        (("planner", "--apply", "--kubeconfig", "none"), "cannot be used"),
        (("planner", "--namespace", "A'"), "is no namespace"),
        (("applier", "--group", "*"), "no group of custom resources"),
        (("check", "prod"), "no cluster is configured"),
        ((), "required: PART"),
    ):
        done = gitops_bot("cluster", *words, cwd=here)
        assert (done.returncode, said in done.stderr) == (3, True), done.stderr
        assert done.stdout == ""


def test_check_proves_both_identities_of_a_cluster(cluster: Access, here: Path, tmp_path: Path) -> None:
    with made(cluster, tmp_path, new_names()) as account:
        names = account.names
        applier = kubeconfig_of(cluster, names, APPLIER, tmp_path)
        settings = {f"{PREFIX}KUBECONFIG": str(account.kubeconfig), f"{PREFIX}APPLY_KUBECONFIG": str(applier)}
        words = ("cluster", "check", "prod", "--namespace", names.namespace)
        done = gitops_bot(*words, cwd=here, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "✗" not in done.stdout
        assert "✓ planner: it cannot delete the policy's binding: forbidden" in done.stdout
        assert f"✓ applier: another identity than the planner: is {names.user(APPLIER)}" in done.stdout
        remove(account.admin, planner_manifests(names)[3])
        until(lambda: "was let through" in gitops_bot(*words, cwd=here, **settings).stdout)
        done = gitops_bot(*words, "--json", cwd=here, **settings)
        assert done.returncode == 1
        marks = {row["what"]: row["mark"] for row in json.loads(done.stdout)}
        assert (marks["planner: it cannot create"], marks["planner: it cannot be somebody else"]) == ("✗", "✓")


def test_check_finds_a_policy_whose_expression_fails_on_what_charts_are_made_of(
    cluster: Access, here: Path, tmp_path: Path
) -> None:
    with made(cluster, tmp_path, new_names()) as account:
        settings = {f"{PREFIX}KUBECONFIG": str(account.kubeconfig)}
        words = ("cluster", "check", "prod", "--namespace", account.names.namespace)
        claim = "it can try what charts are made of"
        assert f"✓ planner: {claim}" in gitops_bot(*words, cwd=here, **settings).stdout
        policy = json.dumps(planner_manifests(account.names)[2])
        broken = json.loads(policy.replace("has(request.subResource) && ", ""))
        assert account.admin.apply(broken, dry_run=False).ok
        done = until(lambda: _with_words(gitops_bot(*words, cwd=here, **settings), f"✗ planner: {claim}"))
        assert done.returncode == 1
        (line,) = (line for line in done.stdout.splitlines() if claim in line)
        assert "ServiceAccount: " in line
        assert "ConfigMap: " not in line
        assert "apply the manifests of `gitops-bot cluster planner` again" in line


def _with_words(done: "subprocess.CompletedProcess[str]", words: str) -> "subprocess.CompletedProcess[str] | None":
    return done if words in done.stdout else None


def test_check_without_credentials_that_apply_says_what_to_set(cluster: Access, here: Path) -> None:
    done = gitops_bot("cluster", "check", "prod", cwd=here, **{f"{PREFIX}KUBECONFIG": str(cluster.kubeconfig)})
    assert done.returncode == 1
    assert "✗ planner: it is the planner: is admin, not system:serviceaccount:gitops-bot:planner" in done.stdout
    assert f"✗ applier: nothing can be applied to cluster prod: set {PREFIX}APPLY_KUBECONFIG" in done.stdout
