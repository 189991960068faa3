"""What an API server answers, as data. `client` makes these; nothing of them may be logged: bodies hold Secrets."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.kube.objects.model import Ref, object_of

AUTHORS_MISTAKE = "failed to create typed patch object"
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class StatusCause:
    """One cause of a refusal: `FieldValueInvalid`, `spec.selector`, "field is immutable"."""

    type: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came. `body` is the object, or a Status when not `ok`."""

    status: int
    body: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        return str(self.body.get("reason") or "")

    @property
    def message(self) -> str:
        """The server's words. May hold an object's values: to be scrubbed before anyone sees it."""
        return str(self.body.get("message") or f"status {self.status}")

    @property
    def causes(self) -> tuple[StatusCause, ...]:
        told = (self.body.get("details") or {}).get("causes") or ()
        return tuple(StatusCause(*(str(one.get(key) or "") for key in ("reason", "field", "message"))) for one in told)

    @property
    def authors_mistake(self) -> bool:
        """A 500 that is no outage: server-side apply answers so to unknown fields and wrong types."""
        return self.status == 500 and AUTHORS_MISTAKE in self.message


@dataclass(frozen=True, slots=True)
class Resource:
    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    listable: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class Meta:
    """An object's metadata as a list gives it, without the object. `generation` is None where a kind has none.

    `owned`: another object made it, and takes it along when it goes.
    """

    ref: Ref
    uid: str
    version: str
    generation: int | None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    owned: bool = False


def meta_of(raw: Mapping[str, Any], api_version: str, kind: str) -> Meta:
    metadata = raw["metadata"]
    ref = object_of({"apiVersion": api_version, "kind": kind, "metadata": metadata}).ref
    return Meta(
        ref=ref,
        uid=str(metadata.get("uid") or ""),
        version=str(metadata.get("resourceVersion") or ""),
        generation=metadata.get("generation"),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        created=str(metadata.get("creationTimestamp") or ""),
        owned=bool(metadata.get("ownerReferences")),
    )


def warnings_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """`299 - "…", 299 - "…"`: several may stand in one header."""
    return tuple(re.sub(r"\\(.)", r"\1", text) for text in _WARNING.findall(headers.get("Warning", "")))


def body_of(raw: bytes) -> Mapping[str, Any]:
    """Raises ValueError where it is no JSON object."""
    read = json.loads(raw) if raw.strip() else {}
    if not isinstance(read, dict):
        raise ValueError("no JSON object")
    return read
