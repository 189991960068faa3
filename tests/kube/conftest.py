"""The tests of `bot.kube` and of the Kubernetes tools have a real API server."""

import time

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.masking import Mask
from bot.kube.options import KubernetesRules
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.planning import LABEL
from tests.rig.access import Access


@pytest.fixture
def api(cluster: Access) -> Cluster:
    return Cluster.open("rig", cluster.kubeconfig)


@pytest.fixture
def question(api: Cluster) -> PlanRequest:
    return PlanRequest(api, Mask(b"k" * 32), LABEL, KubernetesRules(cluster="rig"), time.time())
