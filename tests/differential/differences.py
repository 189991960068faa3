"""What helm or kubectl and the bot leave unequal, each with the reason. A row that nothing needs fails the suite."""

from tests.differential.comparing import Difference
from tests.differential.shapes import every_shape

CHARTS = tuple(shape.name for shape in every_shape() if shape.tool == "helm")
TREES = tuple(shape.name for shape in every_shape() if shape.tool != "helm")
ALWAYS_FIRST = "rendered as the install of revision 1, whatever was applied before"
DRAWN = "drawn anew by each rendering, whoever renders"
WITH_DEPLOYMENTS = tuple(shape.name for shape in every_shape() if shape.name != "message-queue")
WITH_JOBS = ("revisioned-app", "gitops-controller",)
WITH_SETS = ("gitops-controller", "message-queue", "monitoring-stack", "secret-store", "storefront")
UNLABELLED = (
    "certificate-manager",
    "certified-webhook",
    "cluster-dns",
    "event-autoscaler",
    "gitops-controller",
    "looked-up",
    "message-queue",
    "object-store",
    "revisioned-app",
    "single-writer",
    "storefront",
    "whole-platform",
    "written-by-hand",

    "monitoring-stack", "secret-store")

OF_THE_SERVER = (
    Difference("*", "metadata.creationTimestamp", "ours is made after theirs"),
    Difference("*", "metadata.resourceVersion", "counted by each server"),
    Difference("*", "metadata.uid", "given out by each server"),
    Difference("*", "status", "told by controllers, of a moment and of pods"),
    Difference("ConfigMap/*/kube-root-ca.crt", "data", "each server has a certificate of its own"),
    Difference("Service/*", "spec.clusterIP", "given out by each server", CHARTS),
    Difference("Service/*", "spec.clusterIPs", "given out by each server", CHARTS),
    Difference("Service/*", "spec.ports.*.nodePort", "given out by each server", ("object-store",)),
    Difference("Job/*", "spec.selector.matchLabels.batch.kubernetes.io/controller-uid", "its own uid", WITH_JOBS),
    Difference("Job/*", "spec.template.metadata.labels.*controller-uid", "its own uid", WITH_JOBS),
)
OF_CONTROLLERS = (
    Difference("Endpoints/*", "", "made of the Service, with its labels and the moment of a change"),
    Difference("EndpointSlice/*", "", "made of the Service, under a name that is drawn"),
    Difference("Event/*", "", "what happened on the way"),
    Difference("Pod/*", "", "made of their owner, under names that are drawn"),
    Difference("ReplicaSet/*", "", "made of the Deployment, with its annotations", WITH_DEPLOYMENTS),
    Difference("ControllerRevision/*", "metadata.ownerReferences", "whose owner bears an uid of its server", WITH_SETS),
)
OF_THE_TOOLS = (
    Difference("*", "metadata.managedFields", "each names itself as the manager of what it wrote"),
    Difference("*", "metadata.labels.applyset.kubernetes.io/part-of", "how the bot knows what is its own"),
    Difference("ConfigMap/gitops-bot/gitops-bot-*", "", "the bot's record of what it applied"),
    Difference("*", "metadata.annotations.meta.helm.sh/*", "how Helm knows what is its own", CHARTS),
    Difference("Secret/*/sh.helm.release.v1.*", "", "Helm's record of what it installed", CHARTS),
    Difference("*", "metadata.labels.app.kubernetes.io/managed-by", "Helm puts it on whatever lacks it", UNLABELLED),
)
OF_DEFINITIONS = (
    Difference(
        "CustomResourceDefinition/databases.*",
        "*",
        "Helm never looks at crds/ again after the install; the bot applies what is there, and shows it",
        ("database-operator",),
    ),
)
OF_RENDERING = (
    Difference("Secret/*/looked-up-auth", "data.password", DRAWN, ("looked-up",)),
    Difference("Secret/*/event-autoscaler-certs", "data", DRAWN, ("event-autoscaler",)),
    Difference("*/event-autoscaler-admission", "webhooks.0.clientConfig.caBundle", DRAWN, ("event-autoscaler",)),
)
OF_MERGING = (
    Difference(
        "MonitoringServer/*",
        "spec.resources",
        "server-side apply leaves null of a mapping without a schema whose last key goes, a merge patch leaves {}",
        ("monitoring-stack",),
    ),
    Difference(
        "*/cluster-dns",
        "*.ports.3",
        "Helm tells ports apart by their number alone: of UDP and TCP on 853, which come together, it loses one",
        ("cluster-dns",),
    ),
)
FAULTS = (
    Difference("ConfigMap/*/looked-up", "data", "`lookup` finds nothing: what was kept is drawn anew", ("looked-up",), "K5"),
    Difference("*/revisioned-app", "*", ALWAYS_FIRST, ("revisioned-app",), "K5"),
    Difference("Job/*/revisioned-app-migrations-*", "", ALWAYS_FIRST, ("revisioned-app",), "K5"),
)
TABLE = OF_THE_SERVER + OF_CONTROLLERS + OF_THE_TOOLS + OF_DEFINITIONS + OF_RENDERING + OF_MERGING + FAULTS
