"""Values of Secrets, planted wherever an object can hold them, are found nowhere that the bot writes or says."""

import base64
import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.acting import approved, begin, bots_comments, left, propose, pull_main
from tests.e2e.clustered import TOKEN, clustered
from tests.rig.access import Access
from tests.staging import Stage

VALUES = {
    word: f"planted-{word}-7f3e"
    for word in ("live", "sent", "text", "pruned", "newer", "wrong", "listed", "noted", "hooked", "drifted")
}
CONFIGURATION = """\
version: 1
defaults: {cluster: rig, prune: {most: 100}}
projects:
  - dir: doors
    tool: manifests
    kubernetes: {namespace: SPACE}
    health: {timeout: 20s, stable: 1s}
"""


def coded(word: str) -> str:
    return base64.b64encode(VALUES[word].encode()).decode()


def secret(name: str, **more: object) -> str:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    return json.dumps(body | more)


def forms() -> Iterator[str]:
    """Plain, in base64, and in base64 amid something else."""
    for word, value in VALUES.items():
        yield value
        yield coded(word).rstrip("=")[:-1]
        yield base64.b64encode(json.dumps({"a": value}).encode()).decode()[12:24]


@pytest.fixture
def stage(stages: Callable[..., Stage], cluster: Access, tmp_path: Path) -> Stage:
    return stages(**clustered(cluster, tmp_path))


def test_planted_values_are_found_nowhere(stage: Stage, cluster: Access, namespace: str) -> None:
    _by_hand(cluster, namespace, secret("door", data={"password": coded("live")}))
    clone = begin(stage, {"gitops.yaml": CONFIGURATION.replace("SPACE", namespace)})
    noted = {"metadata": {"name": "noted", "annotations": {"note": f"it is {VALUES['noted']}"}}}
    listed = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [json.loads(secret("one", stringData={"a": VALUES["listed"]}))],
    }
    first = {
        "doors/door.json": secret("door", data={"password": coded("sent")}),
        "doors/text.json": secret("text", stringData={"url": f"https://me:{VALUES['text']}@db"}),
        "doors/gone.json": secret("gone", data={"password": coded("pruned")}),
        "doors/fixed.json": secret("fixed", data={"password": coded("hooked")}, immutable=True),
        "doors/noted.json": secret("noted", stringData={"a": VALUES["noted"]}, **noted),
        "doors/list.json": json.dumps(listed),
    }
    one = propose(stage, clone, first, "bring-up")
    approved(stage, one)
    stage.alice.comment(stage.repo, one, "/apply")
    stage.wait_for_merge(one)
    pull_main(stage, clone)
    _by_hand(cluster, namespace, secret("text", stringData={"url": VALUES["drifted"]}))
    second: dict[str, str | None] = {
        "doors/door.json": secret("door", data={"password": coded("newer")}),
        "doors/gone.json": None,
        "doors/fixed.json": secret("fixed", data={"password": coded("wrong")}, immutable=True),
    }
    two = propose(stage, clone, second, "newer")
    approved(stage, two)
    stage.alice.comment(stage.repo, two, "/apply")
    stage.wait_for_comment(two, "was not carried out")
    _nowhere(stage, (one, two))


def _by_hand(cluster: Access, namespace: str, body: str) -> None:
    """As `kubectl apply` does it: with the whole object in an annotation."""
    words = ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "-n", namespace, "apply", "-f", "-"]
    subprocess.run(words, input=body, text=True, check=True, capture_output=True)


def _nowhere(stage: Stage, numbers: tuple[int, ...]) -> None:
    said = [body for number in numbers for body in bots_comments(stage, number)]
    for number in numbers:
        sha = stage.alice.pull(stage.repo, number)["head"]["sha"]
        said += [json.dumps(stage.alice.api("GET", f"/repos/{stage.repo}/commits/{sha}/statuses"))]
    pages = {link for body in said for link in _links(body, stage.bot_url)}
    assert pages
    said += [_page(page) for page in pages]
    files = {path: content for path, content in left(stage).items() if not {"mirrors", "checkouts"} & set(path.parts)}
    log = stage.directory / "bot.log"
    kept = [(str(path), content) for path, content in (files | {log: log.read_bytes()}).items()]
    for form in forms():
        assert not any(form in text for text in said), form
        assert [name for name, content in kept if form.encode() in content] == [], form


def _page(url: str) -> str:
    request = urllib.request.Request(url.partition("?")[0], headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def _links(text: str, url: str) -> list[str]:
    return [part.partition(")")[0] for part in text.split("](")[1:] if part.startswith(url)]
