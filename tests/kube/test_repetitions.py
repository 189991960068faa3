"""What is there twice in a chart and Helm takes: the last one counts, or the first definition, and it is said."""

import pytest

from bot.core.errors import Refused
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from tests.kube.trees import config_map

KEYED_TWICE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  labels:
    app: one
    app: two
data: {x: "1", x: "2"}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  imagePullSecrets: [{name: door}, {name: door}]
  initContainers: [{name: first, env: [{name: A, value: "1"}]}]
  containers:
  - name: web
    env: [{name: LEVEL, value: info}, {name: URL, value: "$(LEVEL)"}, {name: LEVEL, value: debug}]
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: walls.x.example}
spec: {group: x.example, scope: Cluster, names: {kind: Wall, plural: SERVED}}
"""


def rendered(text: str) -> tuple[KubeObject, ...]:
    """As a chart's stream is read."""
    return parse_objects(text, "web", "default", is_namespaced, takes_duplicates=True)


def from_chart(path: str, text: str) -> str:
    return f"---\n# Source: {path}\n{text}"


def test_of_a_key_that_is_there_twice_the_last_counts_and_each_is_said_with_its_place() -> None:
    (only, other) = rendered(from_chart("web/templates/a.yaml", KEYED_TWICE) + "---\n" + config_map("b"))
    assert only.metadata["labels"] == {"app": "two"}
    assert only.body["data"] == {"x": "2"}
    assert only.warnings == (
        "web/templates/a.yaml:7: the key app is there twice: the last one counts",
        "web/templates/a.yaml:8: the key x is there twice: the last one counts",
    )
    assert other.warnings == ()


def test_whoever_writes_manifests_by_hand_is_told_to_write_a_key_once() -> None:
    with pytest.raises(Refused, match="the key app is there twice"):
        parse_objects(KEYED_TWICE, "a.yaml", "default", is_namespaced)


def test_a_thousand_repeated_keys_make_few_warnings() -> None:
    (only,) = rendered(config_map("a").replace("{}", "") + "".join(f'  a: "{n}"\n' for n in range(1000)))
    assert only.body["data"] == {"a": "999"}
    assert len(only.warnings) == 20


def test_of_a_variable_that_is_there_twice_the_last_value_stays_where_the_first_stood() -> None:
    (pod,) = rendered(POD)
    assert pod.body["spec"]["containers"][0]["env"] == [
        {"name": "LEVEL", "value": "debug"},
        {"name": "URL", "value": "$(LEVEL)"},
    ]
    assert pod.body["spec"]["imagePullSecrets"] == [{"name": "door"}]
    assert pod.warnings == (
        "imagePullSecrets: door is there more than once: the last one counts",
        "env of container web: LEVEL is there more than once: the last one counts",
    )


def test_a_variable_in_a_cron_jobs_container_is_found_too() -> None:
    indented = "".join(f"          {line}\n" for line in POD.partition("spec:\n")[2].splitlines())
    text = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec:\n  jobTemplate:\n    spec:\n"
    (job,) = rendered(f"{text}      template:\n        spec:\n{indented}")
    container = job.body["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert [row["name"] for row in container["env"]] == ["LEVEL", "URL"]


def test_one_definition_that_two_charts_bring_is_installed_once_the_first_of_them() -> None:
    blue, green = "shop/charts/blue/crds/walls.yaml", "shop/charts/green/crds/walls.yaml"
    definition, other = DEFINITION.replace("SERVED", "walls"), DEFINITION.replace("SERVED", "wallz")
    (only,) = rendered(from_chart(blue, definition) + from_chart(green, definition))
    assert (only.where, only.warnings) == (f"{blue}:1", ())
    (first,) = rendered(from_chart(blue, definition) + from_chart(green, other))
    assert first.body["spec"]["names"]["plural"] == "walls"
    assert first.warnings == (f"{green}:1 has another definition of the same name: Helm installs the first alone",)


@pytest.mark.parametrize(
    "path", ["shop/templates/crds/walls.yaml", "crds/walls.yaml", "shop/charts/a/templates/b.yaml"]
)
def test_a_definition_that_is_rendered_beside_another_is_refused_as_helm_refuses_it(path: str) -> None:
    definition = DEFINITION.replace("SERVED", "walls")
    with pytest.raises(Refused, match="walls.x.example is there twice"):
        rendered(from_chart("shop/crds/walls.yaml", definition) + from_chart(path, definition))


def test_an_object_that_is_no_hook_is_refused_a_second_time_in_a_chart_too() -> None:
    with pytest.raises(Refused, match="ConfigMap default/a is there twice"):
        rendered(config_map("a") + "---\n" + config_map("a"))


def test_hooks_may_share_a_name_with_each_other_and_with_an_object() -> None:
    hooked = config_map("a").replace("name: a", 'name: a\n  annotations: {helm.sh/hook: "pre-install"}')
    assert [one.is_hook for one in rendered("---\n".join([hooked, config_map("a"), hooked]))] == [True, False, True]
