"""What helm or kubectl and the bot leave unequal, each with the reason. A row that nothing needs fails the suite."""

from tests.differential.comparing import Difference
from tests.differential.shapes import every_shape

CHARTS = tuple(shape.name for shape in every_shape() if shape.tool == "helm")
PRUNED = tuple(shape.name for shape in every_shape() if shape.tool != "helm" and not shape.removed)
WITH_DEPLOYMENTS = tuple(shape.name for shape in every_shape() if shape.name != "message-queue")
WITH_JOBS = ("gitops-controller", "revisioned-app")
WITH_NODE_PORTS = ("ingress-controller", "object-store", "plain-shop")
WITH_SETS = ("gitops-controller", "message-queue", "monitoring-stack", "plain-shop", "secret-store", "storefront")
LABELLED = ("database-operator", "ingress-controller", "library-user", "mesh-control-plane")

OF_THE_SERVER = (
    Difference("*", "metadata.creationTimestamp", "one is made after the other", drawn=True),
    Difference("*", "metadata.resourceVersion", "counted by each server", drawn=True),
    Difference("*", "metadata.uid", "given out by each server", drawn=True),
    Difference("*", "status", "told by controllers, of a moment and of pods", drawn=True),
    Difference("ConfigMap/*/kube-root-ca.crt", "data", "each server has a certificate of its own"),
    Difference("Service/*", "spec.clusterIP", "given out by each server", drawn=True),
    Difference("Service/*", "spec.clusterIPs", "given out by each server", drawn=True),
    Difference("Service/*", "spec.healthCheckNodePort", "given out by each", ("ingress-controller",), drawn=True),
    Difference("Service/*", "spec.ports.*.nodePort", "given out by each server", WITH_NODE_PORTS, drawn=True),
    Difference("Job/*", "spec.selector.matchLabels.batch.kubernetes.io/controller-uid", "its own uid", WITH_JOBS),
    Difference("Job/*", "spec.template.metadata.labels.*controller-uid", "its own uid", WITH_JOBS),
)
OF_CONTROLLERS = (
    Difference("Endpoints/*", "", "made of the Service, with its labels and the moment of a change"),
    Difference("EndpointSlice/*", "", "made of the Service, under a name that is drawn"),
    Difference("Event/*", "", "what happened on the way"),
    Difference("Pod/*", "", "made of their owner, under names that are drawn"),
    Difference("ReplicaSet/*", "", "made of the Deployment, with its annotations", WITH_DEPLOYMENTS),
    Difference("ControllerRevision/*", "metadata.ownerReferences", "the owner's uid is its server's", WITH_SETS),
)
OF_THE_TOOLS = (
    Difference("*", "metadata.managedFields", "each names itself as the manager of what it wrote"),
    Difference("*", "metadata.labels.applyset.kubernetes.io/part-of", "by which each knows what is its own"),
    Difference("ConfigMap/gitops-bot/gitops-bot-*", "", "the bot's record of what it applied"),
    Difference("ConfigMap/*/*-applied", "", "kubectl's record of what it applied", PRUNED),
    Difference("Secret/*/sh.helm.release.v1.*", "", "Helm's record of what it installed", CHARTS),
    Difference("*", "metadata.annotations.meta.helm.sh/*", "by which Helm knows what is its own", CHARTS),
    Difference(
        "*",
        "metadata.labels.app.kubernetes.io/managed-by",
        "Helm puts it on whatever lacks it",
        tuple(name for name in CHARTS if name not in LABELLED),
    ),
)

DRAWN = "drawn anew by each rendering, whoever renders"
OF_RENDERING = (
    Difference("Secret/*/event-autoscaler-certs", "data", DRAWN, ("event-autoscaler",)),
    Difference("*/event-autoscaler-admission", "webhooks.0.clientConfig.caBundle", DRAWN, ("event-autoscaler",)),
    Difference("Secret/*/looked-up-auth", "data.password", DRAWN, ("looked-up",)),
)

KEPT = "Helm never looks at crds/ again after the install; the bot applies what is there, and shows it"
OF_DEFINITIONS = tuple(
    Difference("CustomResourceDefinition/databases.*", field, KEPT, ("database-operator",))
    for field in ("metadata.annotations.controller-gen*", "metadata.generation", "spec.versions")
)

EMPTIED = "server-side apply leaves null of a mapping without a schema whose last key goes, a merge patch leaves {}"
LEFT_BEHIND = "a key that leaves stringData stays in the live Secret with helm and kubectl; the bot takes it away"
MERGED = "Helm tells ports apart by their number alone: of UDP and TCP on 853, which come together, it loses one"
LAST = "a server-side apply takes a variable's name once; of two the last counts, as in the container"
STAYS = "Helm sends all again; what a controller wrote where the upgrade changes nothing, the bot leaves and shows"
OF_MERGING = (
    Difference("*/doubled-environment*", "*containers.0.env", LAST, ("doubled-environment",)),
    Difference("MonitoringServer/*", "spec.resources", EMPTIED, ("monitoring-stack",)),
    Difference("Secret/*", "data.*password", LEFT_BEHIND, ("message-queue", "plain-shop")),
    Difference("*/cluster-dns", "*.ports.3", MERGED, ("cluster-dns",)),
    Difference("*/certified-webhook", "metadata.generation", STAYS, ("certified-webhook",)),
    Difference("*/certified-webhook", "webhooks.0.clientConfig.caBundle", STAYS, ("certified-webhook",)),
)

ALWAYS_FIRST = "one commit renders to one thing, an install's: what counts its own upgrades would never come to rest"
BLIND = "`lookup` finds nothing, for a plan shows what templates make of it; the plan says what was looked up"
OF_COMMITS = (
    Difference("ConfigMap/*/looked-up", "data", BLIND, ("looked-up",)),
    Difference("ConfigMap/*/revisioned-app", "data", ALWAYS_FIRST, ("revisioned-app",)),
    Difference("Deployment/*", "spec.template.metadata.annotations", ALWAYS_FIRST, ("revisioned-app",)),
    Difference("Job/*/revisioned-app-migrations-*", "", ALWAYS_FIRST, ("revisioned-app",)),
)
TABLE = OF_THE_SERVER + OF_CONTROLLERS + OF_THE_TOOLS + OF_RENDERING + OF_DEFINITIONS + OF_MERGING + OF_COMMITS
