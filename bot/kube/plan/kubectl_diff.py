"""Asks the real `kubectl diff --server-side` what an apply would make of objects: `differ: kubectl`.

For those who trust that program's answer more than ours. Nothing that it prints is shown or logged: its own masking
leaves values of Secrets in annotations and messages. It compares nothing either, for its `diff` is `records`.
"""

import base64
import json
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
from bot.kube.objects.documents import documents
from bot.kube.objects.masking import Mask, scrub, secrets_of
from bot.kube.objects.model import Object, Ref, object_of
from bot.kube.objects.outcomes import Outcome
from bot.kube.plan import records
from bot.kube.plan.fields import compare

Body = Mapping[str, Any]
Pair = tuple[Body | None, Body]

PROGRAM = "gitops-bot-records"
SAID = 2_000
PROBE_SECONDS = 30.0
SAME = "***"  # instead of a Secret's value that does not change, as kubectl prints it


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked about, and how. Objects name their namespace. The folder `scratch` is for this alone.

    `environment` is the whole of the program's; `timeout` is in seconds for all together. Without `force`, an object
    is among the failed where fields of it are someone else's.
    """

    objects: Sequence[Object]
    kubeconfig: Path
    context: str | None
    scratch: Path
    environment: Mapping[str, str]
    mask: Mask
    force: bool = True
    manager: str = MANAGER
    timeout: float = 300.0
    stopped: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The live and the merged body of each object, by `Mask.comparable`; live is None where there is no object yet.

    `failed` says why nothing can be told of the others, without any value of a Secret that was asked about.
    """

    pairs: Mapping[Ref, Pair] = field(default_factory=dict)
    failed: Mapping[Ref, str] = field(default_factory=dict)


def pairs(request: Request) -> Told:
    """Ask about all at once, and where one object breaks that, about fewer and fewer.

    Raises ToolFailed where there is no kubectl, no answer in time, or no cluster that answers it at all.
    """
    if not request.objects:
        return Told()
    asking = _Asking(request, time.monotonic() + request.timeout, _programs(request))
    done = asking.diff(request.objects)
    if done.exit == 0:
        return Told(_pairs(request, done.raw))
    asking.probe()
    return asking.narrowed(request.objects, done)


def as_shown(outcomes: Sequence[Outcome], request: Request, before: Mapping[Ref, Body]) -> tuple[Outcome, ...]:
    """The outcomes with the fields that kubectl shows; what is applied, and what that is held to, stays our own.

    `before` are the bodies that were applied last. Of what kubectl cannot tell, a note says so, and why.
    """
    asked = [object_of(one.send) for one in outcomes if one.send is not None]
    told = pairs(replace(request, objects=asked))
    return tuple(_as_shown(one, told, request.mask, before.get(one.ref)) for one in outcomes)


def _as_shown(one: Outcome, told: Told, mask: Mask, before: Body | None) -> Outcome:
    if why := told.failed.get(one.ref):
        return replace(one, notes=(*one.notes, f"kubectl diff cannot tell: {why}"))
    if one.send is None or one.ref not in told.pairs:
        return one
    live, merged = told.pairs[one.ref]
    old = mask.comparable(before) if before is not None and live is not None else None
    return replace(one, fields=compare(old, mask.comparable(one.send), live, merged, MANAGER))


@dataclass(frozen=True, slots=True)
class _Asking:
    request: Request
    until: float
    environment: Mapping[str, str]

    def diff(self, objects: Sequence[Object]) -> process.Completed:
        listed = {"apiVersion": "v1", "kind": "List", "items": [one.body for one in objects]}
        words = ["diff", "--server-side", f"--field-manager={self.request.manager}", "--show-managed-fields"]
        force = ["--force-conflicts"] if self.request.force else []
        return self._run([*words, *force, "-f", "-"], json.dumps(listed).encode(), self.until - time.monotonic())

    def probe(self) -> None:
        """Raises ToolFailed where it is not the objects that kubectl stumbles over."""
        done = self._run(["get", "--raw", "/version"], b"", PROBE_SECONDS)
        if done.exit != 0:
            raise ToolFailed("kubectl does not reach the cluster", self._said(done, ()))

    def narrowed(self, objects: Sequence[Object], done: process.Completed) -> Told:
        """Of objects that cannot be asked about together."""
        if len(objects) == 1:
            return Told(failed={objects[0].ref: self._said(done, objects)})
        middle = len(objects) // 2
        halves = [self._half(objects[:middle]), self._half(objects[middle:])]
        return Told(
            {ref: pair for half in halves for ref, pair in half.pairs.items()},
            {ref: why for half in halves for ref, why in half.failed.items()},
        )

    def _half(self, objects: Sequence[Object]) -> Told:
        done = self.diff(objects)
        return Told(_pairs(self.request, done.raw)) if done.exit == 0 else self.narrowed(objects, done)

    def _run(self, words: Sequence[str], stdin: bytes, seconds: float) -> process.Completed:
        its = self.request
        context = [f"--context={its.context}"] if its.context else []
        place = [f"--kubeconfig={its.kubeconfig}", *context, f"--cache-dir={its.scratch}/cache"]
        with TemporaryDirectory(dir=its.scratch) as folder:  # where kubectl writes objects, and leaves them if it ends
            done = process.run(
                ["kubectl", *place, *words],
                cwd=its.scratch,
                env={**self.environment, "TMPDIR": folder},
                timeout=max(seconds, 0.0),
                stopped=its.stopped,
                stdin=stdin,
            )
        if done.stopped or done.timed_out:
            why = "was stopped" if done.stopped else f"took more than {its.timeout:g} s"
            raise ToolFailed(f"kubectl {words[0]} {why}")
        if len(done.raw) > process.LIMIT:
            raise ToolFailed(f"kubectl {words[0]} prints more than {process.LIMIT // 1024 // 1024} MB")
        return done

    def _said(self, done: process.Completed, objects: Sequence[Object]) -> str:
        """Its words, which may repeat what is to be applied."""
        words = done.err.replace(f"{self.request.scratch}/", "").strip() or f"kubectl ended with {done.exit}"
        return scrub(words, secrets_of(one.body for one in objects))[:SAID].removeprefix("error: ")


def _programs(request: Request) -> dict[str, str]:
    """Write the program that kubectl takes for `diff`; the environment in which kubectl finds it and no one's wishes.

    It is found by its name, for kubectl splits what it is told at spaces.
    """
    folder = request.scratch / "bin"
    folder.mkdir(mode=0o700, exist_ok=True)
    program = folder / PROGRAM
    command = shlex.join([sys.executable, "-I", "-S", str(Path(records.__file__).resolve())])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o700)
    its = {"HOME": str(request.scratch), **request.environment}
    path = f"{folder.resolve()}{os.pathsep}{its.get('PATH', os.defpath)}"
    return {**its, "PATH": path, "KUBECTL_EXTERNAL_DIFF": PROGRAM, "KUBERC": "off", "KUBECTL_KUBERC": "false"}


def _pairs(request: Request, printed: bytes) -> dict[Ref, Pair]:
    sent = {one.ref: one.body for one in request.objects}
    found: dict[Ref, Pair] = {}
    for texts in records.read(printed):
        live, merged = (_body(text) for text in texts)
        if merged is None:
            raise ToolFailed("kubectl diff tells of an object without saying what becomes of it")
        ref = object_of(merged).ref
        before, after = _with_values(live, merged, sent.get(ref, {}))
        found[ref] = (request.mask.comparable(before) if before else None, request.mask.comparable(after))
    return found


def _body(text: str) -> Body | None:
    try:
        read = [one.value for one in documents(text, "kubectl diff")]
    except Refused as why:
        raise ToolFailed(str(why)) from why
    return read[0] if read and isinstance(read[0], dict) else None


def _with_values(live: Body | None, merged: Body, sent: Body) -> tuple[Body | None, Body]:
    """A Secret's own values in place of kubectl's stars, so that they have the fingerprints that they have elsewhere.

    Only those that are sent are known; of a value that changes, the old one stays a star.
    """
    if merged.get("kind") != "Secret":
        return live, merged
    known = _values(sent)
    after = {key: known.get(key, value) for key, value in _table(merged, "data").items()}
    if live is None:
        return None, {**merged, "data": after}
    there = _table(live, "data").items()
    before = {key: after.get(key, value) if value == SAME else value for key, value in there}
    return {**live, "data": before}, {**merged, "data": after}


def _values(secret: Body) -> dict[str, Any]:
    """As the server has them: `stringData` is written into `data`."""
    texts = {key: str(value).encode() for key, value in _table(secret, "stringData").items()}
    return {**_table(secret, "data"), **{key: base64.b64encode(text).decode() for key, text in texts.items()}}


def _table(secret: Body, name: str) -> Body:
    table = secret.get(name)
    return table if isinstance(table, Mapping) else {}
