"""A log's page while the tool is at work: what terraform says is told to the browser before it has ended."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.e2e.acting import approved, begin, bots_comments, propose
from tests.e2e.clustered import TOKEN, WEB, clustered, page
from tests.rig.access import Access
from tests.staging import Stage

SECRET = "correct-horse-battery"
VARIABLE = f'variable "p" {{\n  default   = "{SECRET}"\n  sensitive = true\n}}\n'
EMPTY_STATE = {"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}
READS = 'data "terraform_remote_state" "slow" {{\n  backend = "local"\n  config  = {{ path = "{pipe}" }}\n}}\n'
MAKES = """resource "terraform_data" "slow" {{
  input = var.p
  provisioner "local-exec" {{
    command = "echo '${{nonsensitive(var.p)}}'; until [ -e {go} ]; do sleep 0.1; done"
  }}
}}
"""


MAPS = """\
version: 1
defaults: {cluster: rig}
projects:
  - dir: maps
    tool: manifests
    kubernetes: {namespace: SPACE}
    health: {timeout: 20s, stable: 1s}
"""
NEVER_READY = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\n---\n{WEB}"


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    return stages({"SERVER__TOKEN": TOKEN})


def told(stage: Stage, words: str, project: str = "net") -> str:
    """Wait until the newest log's page tells the words, over its stream of events; all that it told."""

    def look() -> str | None:
        logs = sorted(stage.data.glob(f"logs/*/{project}-*.log"), key=lambda one: one.stat().st_mtime_ns)
        if not logs:
            return None
        query = urlencode({"place": f"{project}:default"})
        lines = page(stage, f"/runs/{logs[-1].parent.name}/log/events?{query}")
        events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
        text = "".join(event["text"] for event in events)
        return text if words in text else None

    return stage.wait_for(words, look)


def test_a_log_tells_what_a_plan_is_at(stage: Stage, tmp_path: Path) -> None:
    pipe = stage.outside / "others.tfstate"
    os.mkfifo(pipe)
    number = propose(stage, begin(stage), {"net/main.tf": READS.format(pipe=pipe) + 'output "o" {\n  value = 1\n}\n'})
    text = told(stage, "data.terraform_remote_state.slow: Re")
    assert "Plan: " not in text
    pipe.write_text(json.dumps(EMPTY_STATE))
    stage.wait_for_comment(number, "What blocks the apply", "1 output")
    assert told(stage, "Outputs: 1").startswith(text)


def test_a_log_tells_what_an_apply_is_at_and_goes_on_after_the_bot_was_killed(stage: Stage, tmp_path: Path) -> None:
    go = stage.outside / "go"
    number = propose(stage, begin(stage), {"net/main.tf": VARIABLE + MAKES.format(go=go)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    text = told(stage, "terraform_data.slow: Provisioning with 'local-exec'...\n")
    stage.kill_bot()
    stage.start_bot()
    assert told(stage, "terraform_data.slow: Provisioning").startswith(text)
    go.touch()
    stage.wait_for_merge(number)
    text = told(stage, "Apply complete! Resources: 1 added")
    assert text.count("terraform_data.slow: Creating...\n") == text.count("Creation complete") == 1
    assert "terraform_data.slow: (local-exec): (sensitive value)\n" in text
    assert not [path for path in stage.data.glob("logs/*/*") if SECRET in path.read_text()]


def test_a_log_tells_of_each_object_while_others_are_waited_for(
    stages: Callable[..., Stage], cluster: Access, namespace: str, tmp_path: Path
) -> None:
    stage = stages(**clustered(cluster, tmp_path))
    clone = begin(stage, {"gitops.yaml": MAPS.replace("SPACE", namespace)})
    number = propose(stage, clone, {"maps/all.yaml": NEVER_READY})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    text = told(stage, "web created: done\n", "maps")
    assert "settings created: done\n" in text
    assert not [body for body in bots_comments(stage, number) if "unhealthy" in body]
    stage.wait_for_comment(number, "unhealthy")
    text = told(stage, "unhealthy", "maps")
    assert text.count("web created: done\n") == 1
