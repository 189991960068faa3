"""deploy/kubernetes.yaml, put before a real API server: it knows each word, and Pod Security lets the pod in."""

import copy
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, dynamic
from kubernetes.client.exceptions import ApiException

from tests.rig.access import Access

MANIFEST = Path(__file__).resolve().parents[2] / "deploy/kubernetes.yaml"
Document = dict[str, Any]
Namespaced = tuple[client.ApiClient, list[Document]]


@pytest.fixture
def deployed(cluster: Access) -> Iterator[Namespaced]:
    """The documents of the manifest, with a namespace of the test's own, which is there with its account."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    documents = list(yaml.safe_load_all(MANIFEST.read_text().replace("namespace: gitops-bot", f"namespace: {name}")))
    [namespace] = [document for document in documents if document["kind"] == "Namespace"]
    [account] = [document for document in documents if document["kind"] == "ServiceAccount"]
    namespace["metadata"]["name"] = name
    with cluster.client() as api:
        core = client.CoreV1Api(api)
        core.create_namespace(namespace, field_validation="Strict")
        core.create_namespaced_service_account(name, account, field_validation="Strict")
        yield api, [document for document in documents if document not in (namespace, account)]
        core.delete_namespace(name)


def test_the_server_knows_each_word_of_the_manifest(deployed: Namespaced) -> None:
    api, documents = deployed
    kinds = dynamic.DynamicClient(api)
    for document in documents:
        resource = kinds.resources.get(api_version=document["apiVersion"], kind=document["kind"])
        kinds.create(
            resource,
            body=document,
            namespace=document["metadata"]["namespace"],
            query_params=[("dryRun", "All"), ("fieldValidation", "Strict")],
        )


def test_pod_security_restricted_admits_the_pod(deployed: Namespaced) -> None:
    create_pod(deployed, lambda spec: None)


@pytest.mark.parametrize(
    "weaken",
    [
        lambda spec: spec["securityContext"].pop("seccompProfile"),
        lambda spec: spec["securityContext"].pop("runAsNonRoot"),
        lambda spec: spec["containers"][0]["securityContext"].pop("capabilities"),
        lambda spec: spec["containers"][0]["securityContext"].pop("allowPrivilegeEscalation"),
    ],
    ids=["seccomp", "root", "capabilities", "escalation"],
)
def test_a_weaker_pod_is_turned_away(deployed: Namespaced, weaken: Callable[[Document], object]) -> None:
    with pytest.raises(ApiException, match="violates PodSecurity"):
        create_pod(deployed, weaken)


def create_pod(deployed: Namespaced, change: Callable[[Document], object]) -> None:
    """Ask for the Deployment's pod, as its controller would; nothing is kept."""
    api, documents = deployed
    [deployment] = [document for document in documents if document["kind"] == "Deployment"]
    template = copy.deepcopy(deployment["spec"]["template"])
    change(template["spec"])
    pod = {**template, "metadata": {**template["metadata"], "name": "gitops-bot"}}
    client.CoreV1Api(api).create_namespaced_pod(deployment["metadata"]["namespace"], pod, dry_run="All")
