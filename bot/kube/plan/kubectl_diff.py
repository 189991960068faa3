"""Asks the real `kubectl diff --server-side` what an apply would make of objects: `differ: kubectl`.

For those who trust that program's answer more than ours. Nothing that it prints is shown or logged: its own masking
leaves values of Secrets in annotations and messages. It compares nothing either, for its `diff` is `external_diff`.
"""

import base64
import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster.clusters import MANAGER
from bot.kube.cluster.kubeconfig_files import kubeconfig_files
from bot.kube.objects.body import Body
from bot.kube.objects.json_encoding import encode_json
from bot.kube.objects.kube_object import KubeObject, ObjectRef, object_of
from bot.kube.objects.masking import Mask, scrub, secret_texts
from bot.kube.objects.object_changes import ObjectChange
from bot.kube.objects.yaml_reader import read_documents
from bot.kube.plan import external_diff
from bot.kube.plan.field_diff import diff_fields
from bot.ports import Cage, NetworkUse, Reach

Pair = tuple[Body | None, Body]

EXTERNAL_DIFF_NAME = "gitops-bot-records"
PROGRAM = Path(external_diff.__file__).resolve()
MAX_MESSAGE_LENGTH = 2_000
PROBE_SECONDS = 30.0
UNCHANGED_MARK = "***"  # instead of a Secret's value that does not change, as kubectl prints it


@dataclass(frozen=True, slots=True)
class KubectlDiffRequest:
    """What is asked about, and how. Objects name their namespace. The folder `scratch` is for this alone.

    `environment` is the whole of the program's, `cage` where it runs; `timeout` is in seconds for all together. Without
    `force`, an object is among the failed where fields of it are someone else's.
    """

    objects: Sequence[KubeObject]
    kubeconfig: Path
    context: str | None
    scratch: Path
    environment: Mapping[str, str]
    cage: Cage
    mask: Mask
    force: bool = True
    manager: str = MANAGER
    timeout: float = 300.0
    stopped: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class KubectlAnswer:
    """The live and the merged body of each object, by `Mask.mask_values`; live is None where there is no object yet.

    `failed` says why nothing can be told of the others, without any value of a Secret that was asked about.
    """

    pairs: Mapping[ObjectRef, Pair] = field(default_factory=dict)
    failed: Mapping[ObjectRef, str] = field(default_factory=dict)


def ask_kubectl(request: KubectlDiffRequest) -> KubectlAnswer:
    """Ask about all at once, and where one object breaks that, about fewer and fewer.

    Raises ToolFailed where there is no kubectl, no answer in time, or no cluster that answers it at all.
    """
    if not request.objects:
        return KubectlAnswer()
    diff_run = _KubectlDiff(request, time.monotonic() + request.timeout, _write_external_diff(request))
    completed = diff_run.diff(request.objects)
    if completed.exit == 0:
        return KubectlAnswer(_parse_pairs(request, completed.stdout_bytes))
    diff_run.probe()
    return diff_run.bisect(request.objects, completed)


def with_kubectl_fields(
    changes: Sequence[ObjectChange], request: KubectlDiffRequest, previous: Mapping[ObjectRef, Body]
) -> tuple[ObjectChange, ...]:
    """Return the changes with the fields that kubectl shows; what is applied, and compared by the apply, stays our own.

    `previous` are the bodies that were applied last. Of what kubectl cannot tell, a note says so, and why.
    Raises ToolFailed as `ask_kubectl` does.
    """
    sent_objects = [object_of(change.send) for change in changes if change.send is not None]
    answer = ask_kubectl(replace(request, objects=sent_objects))
    return tuple(_with_kubectl_fields(change, answer, request.mask, previous.get(change.ref)) for change in changes)


def _with_kubectl_fields(
    change: ObjectChange, answer: KubectlAnswer, mask: Mask, previous: Body | None
) -> ObjectChange:
    if reason := answer.failed.get(change.ref):
        return replace(change, notes=(*change.notes, f"kubectl diff cannot tell: {reason}"))
    if change.send is None or change.ref not in answer.pairs:
        return change
    live, merged = answer.pairs[change.ref]
    previous_masked = mask.mask_values(previous) if previous is not None and live is not None else None
    fields = diff_fields(previous_masked, mask.mask_values(change.send), live, merged, MANAGER)
    return replace(change, fields=fields or change.fields)


@dataclass(frozen=True, slots=True)
class _KubectlDiff:
    """The runs of kubectl for one request, until its `deadline` (monotonic seconds)."""

    request: KubectlDiffRequest
    deadline: float
    environment: Mapping[str, str]

    def diff(self, objects: Sequence[KubeObject]) -> process.Completed:
        """Run `kubectl diff` on these objects. Raises ToolFailed when it is stopped or takes too long."""
        object_list = {"apiVersion": "v1", "kind": "List", "items": [kube_object.body for kube_object in objects]}
        arguments = ["diff", "--server-side", f"--field-manager={self.request.manager}", "--show-managed-fields"]
        force_flags = ["--force-conflicts"] if self.request.force else []
        return self._run(
            [*arguments, *force_flags, "-f", "-"], encode_json(object_list), self.deadline - time.monotonic()
        )

    def probe(self) -> None:
        """Raises ToolFailed where it is not the objects that kubectl stumbles over."""
        completed = self._run(["get", "--raw", "/version"], b"", PROBE_SECONDS)
        if completed.exit != 0:
            raise ToolFailed("kubectl does not reach the cluster", self._clean_message(completed, ()))

    def bisect(self, objects: Sequence[KubeObject], completed: process.Completed) -> KubectlAnswer:
        """Ask about the halves of objects that cannot be asked about together; `completed` is their failed run."""
        if len(objects) == 1:
            return KubectlAnswer(failed={objects[0].ref: self._clean_message(completed, objects)})
        middle = len(objects) // 2
        halves = [self._diff_half(objects[:middle]), self._diff_half(objects[middle:])]
        return KubectlAnswer(
            {ref: pair for half in halves for ref, pair in half.pairs.items()},
            {ref: reason for half in halves for ref, reason in half.failed.items()},
        )

    def _diff_half(self, objects: Sequence[KubeObject]) -> KubectlAnswer:
        completed = self.diff(objects)
        return (
            KubectlAnswer(_parse_pairs(self.request, completed.stdout_bytes))
            if completed.exit == 0
            else self.bisect(objects, completed)
        )

    def _run(self, arguments: Sequence[str], stdin: bytes, seconds: float) -> process.Completed:
        request = self.request
        context_flags = [f"--context={request.context}"] if request.context else []
        connection_flags = [
            f"--kubeconfig={request.kubeconfig}",
            *context_flags,
            f"--cache-dir={request.scratch}/cache",
        ]
        reach = Reach(
            read=(*kubeconfig_files(request.kubeconfig), PROGRAM), write=(request.scratch,), network=NetworkUse.OPEN
        )
        with TemporaryDirectory(
            dir=request.scratch
        ) as folder:  # where kubectl writes objects, and leaves them if it ends
            completed = process.run(
                ["kubectl", *connection_flags, *arguments],
                confinement=request.cage.confine(reach),
                cwd=request.scratch,
                env={**self.environment, "TMPDIR": folder},
                timeout=max(seconds, 0.0),
                stopped=request.stopped,
                stdin=stdin,
            )
        if completed.stopped or completed.timed_out:
            reason = "was stopped" if completed.stopped else f"took more than {request.timeout:g} s"
            raise ToolFailed(f"kubectl {arguments[0]} {reason}")
        completed.require_whole()
        return completed

    def _clean_message(self, completed: process.Completed, objects: Sequence[KubeObject]) -> str:
        """Its words, which may repeat what is to be applied."""
        message = (
            completed.stderr.replace(f"{self.request.scratch}/", "").strip() or f"kubectl ended with {completed.exit}"
        )
        return scrub(message, secret_texts(kube_object.body for kube_object in objects))[
            :MAX_MESSAGE_LENGTH
        ].removeprefix("error: ")


def _write_external_diff(request: KubectlDiffRequest) -> dict[str, str]:
    """Write the program that kubectl takes for `diff`; the environment in which kubectl finds it and no one's wishes.

    It is found by its name, for kubectl splits what it is told at spaces.
    """
    folder = request.scratch / "bin"
    folder.mkdir(mode=0o700, exist_ok=True)
    program = folder / EXTERNAL_DIFF_NAME
    command = shlex.join([os.path.realpath(sys.executable), "-I", "-S", str(PROGRAM)])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o700)
    environment = {"HOME": str(request.scratch), **request.environment}
    search_path = f"{folder.resolve()}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return {
        **environment,
        "PATH": search_path,
        "KUBECTL_EXTERNAL_DIFF": EXTERNAL_DIFF_NAME,
        "KUBERC": "off",
        "KUBECTL_KUBERC": "false",
    }


def _parse_pairs(request: KubectlDiffRequest, output: bytes) -> dict[ObjectRef, Pair]:
    sent = {kube_object.ref: kube_object.body for kube_object in request.objects}
    pairs_by_ref: dict[ObjectRef, Pair] = {}
    for texts in external_diff.read_records(output):
        live, merged = (_parse_body(text) for text in texts)
        if merged is None:
            raise ToolFailed("kubectl diff tells of an object without saying what becomes of it")
        ref = object_of(merged).ref
        live, merged = _restore_values(live, merged, sent.get(ref, {}))
        pairs_by_ref[ref] = (request.mask.mask_values(live) if live else None, request.mask.mask_values(merged))
    return pairs_by_ref


def _parse_body(text: str) -> Body | None:
    try:
        documents = [document.value for document in read_documents(text, "kubectl diff")]
    except Refused as error:
        raise ToolFailed(str(error)) from error
    return documents[0] if documents and isinstance(documents[0], dict) else None


def _restore_values(live: Body | None, merged: Body, sent: Body) -> tuple[Body | None, Body]:
    """A Secret's own values in place of kubectl's stars, so that they have the fingerprints that they have elsewhere.

    Only those that are sent are known; of a value that changes, the old one stays a star.
    """
    if merged.get("kind") != "Secret":
        return live, merged
    sent_values = _secret_values(sent)
    merged_data = {key: sent_values.get(key, encoded) for key, encoded in _secret_table(merged, "data").items()}
    if live is None:
        return None, {**merged, "data": merged_data}
    live_data = {
        key: merged_data.get(key, encoded) if encoded == UNCHANGED_MARK else encoded
        for key, encoded in _secret_table(live, "data").items()
    }
    return {**live, "data": live_data}, {**merged, "data": merged_data}


def _secret_values(secret: Body) -> dict[str, Any]:
    """As the server has them: `stringData` is written into `data`."""
    texts = {key: str(value).encode() for key, value in _secret_table(secret, "stringData").items()}
    return {**_secret_table(secret, "data"), **{key: base64.b64encode(text).decode() for key, text in texts.items()}}


def _secret_table(secret: Body, name: str) -> Body:
    table = secret.get(name)
    return table if isinstance(table, Mapping) else {}
