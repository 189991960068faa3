"""The tests of `bot.kube` and of the Kubernetes tools have a real API server."""

import time
from collections.abc import Iterator

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.masking import Mask
from bot.kube.options import KubernetesRules
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.identities import Account, made, new_names
from tests.kube.planning import LABEL
from tests.rig.access import Access


@pytest.fixture
def api(cluster: Access) -> Cluster:
    return Cluster.open("rig", cluster.kubeconfig)


@pytest.fixture(scope="session")
def planner_account(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The planner that `gitops-bot cluster planner --secrets '*'` makes."""
    with made(cluster, tmp_path_factory.mktemp("planner"), new_names(secrets=("*",))) as account:
        yield account


@pytest.fixture
def planning(planner_account: Account) -> PlanRequest:
    """What the planner is asked; `question` is asked of an admin."""
    client = planner_account.cluster.with_deadline(60, lambda: False)
    return PlanRequest(client, Mask(b"k" * 32), LABEL, KubernetesRules(cluster="rig"), time.time())


@pytest.fixture
def question(api: Cluster) -> PlanRequest:
    return PlanRequest(api, Mask(b"k" * 32), LABEL, KubernetesRules(cluster="rig"), time.time())
