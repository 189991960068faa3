"""What an API server answers, as data. `client` makes these; nothing of them may be logged: bodies hold Secrets."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.kube.objects.kube_object import ObjectRef, object_of

# What a server says when it is the object that it cannot take: the object in parentheses, or what was not done with it.
_FAULTY_OBJECT = re.compile(
    r"\([^()]*; [^()]*, Kind=\w+\)|\b(?:conver(?:t|ting|sion)|decod(?:e|ing)|unmarshal|validat(?:e|ing|ion))\b"
    r"|admission webhook|failed calling webhook",
    re.IGNORECASE,
)
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class StatusCause:
    """One cause of a refusal: `FieldValueInvalid`, `spec.selector`, "field is immutable"."""

    type: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer that came. `body` is the object, or a Status when not `ok`."""

    status: int
    body: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """The server did what it was asked for."""
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """The server's one word for a refusal, such as `NotFound`; empty where it gives none."""
        return str(self.body.get("reason") or "")

    @property
    def message(self) -> str:
        """The server's words. May hold an object's values: to be scrubbed before anyone sees it."""
        return str(self.body.get("message") or f"status {self.status}")

    @property
    def causes(self) -> tuple[StatusCause, ...]:
        """Which fields a refusal is about."""
        causes = (self.body.get("details") or {}).get("causes") or ()
        keys = ("reason", "field", "message")
        return tuple(StatusCause(*(str(cause.get(key) or "") for key in keys)) for cause in causes)

    def renamed(self, name: str, own_name: str) -> "ApiResponse":
        """Return the same with another name in every word of it."""
        document = json.dumps(self.body).replace(name, json.dumps(own_name)[1:-1])
        return ApiResponse(
            self.status, json.loads(document), tuple(text.replace(name, own_name) for text in self.warnings)
        )

    def moved(self, namespace: str, own_namespace: str) -> "ApiResponse":
        """Return the same with another namespace where its words name one: `default/web`, `namespace "default"`."""
        place = re.compile(rf'(?<![\w./-]){re.escape(namespace)}(?=/\w)|(?<=namespace "){re.escape(namespace)}(?=")')
        return ApiResponse(self.status, {**self.body, "message": place.sub(own_namespace, self.message)}, self.warnings)

    @property
    def is_unserved(self) -> bool:
        """A 404 of no object: the server has nothing at that path, as of a kind whose definition is gone."""
        return self.status == 404 and not (self.body.get("details") or {}).get("name")

    @property
    def is_about_object(self) -> bool:
        """A 500 that is no outage: the object could not be converted, decoded, validated or admitted."""
        is_status = self.body.get("kind") == "Status"
        return self.status == 500 and is_status and _FAULTY_OBJECT.search(self.message) is not None


@dataclass(frozen=True, slots=True)
class ApiResource:
    """How a server serves a kind; `has_status`: its status is written apart from the rest."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    listable: bool = True
    has_status: bool = False

    @property
    def api_version(self) -> str:
        """As in a manifest: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version


def parse_resources(rows: Sequence[Mapping[str, Any]], group: str, version: str) -> dict[str, ApiResource]:
    """Pick how kinds are served, by kind, from the rows of their API version's list."""
    names = {row["name"] for row in rows}
    return {
        row["kind"]: ApiResource(
            group,
            version,
            row["kind"],
            row["name"],
            bool(row["namespaced"]),
            listable="list" in (row.get("verbs") or ()),
            has_status=f"{row['name']}/status" in names,
        )
        for row in rows
        if "/" not in row["name"]
    }


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """An object's metadata as a list gives it, without the object. `generation` is None where a kind has none.

    `owned`: another object made it, and takes it along when it goes.
    """

    ref: ObjectRef
    uid: str
    version: str
    generation: int | None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    owned: bool = False


def parse_meta(raw: Mapping[str, Any], api_version: str, kind: str) -> ObjectMeta:
    """Pick an object's metadata from a row of a list, which does not repeat API version and kind."""
    metadata = raw["metadata"]
    ref = object_of({"apiVersion": api_version, "kind": kind, "metadata": metadata}).ref
    return ObjectMeta(
        ref=ref,
        uid=str(metadata.get("uid") or ""),
        version=str(metadata.get("resourceVersion") or ""),
        generation=metadata.get("generation"),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        created=str(metadata.get("creationTimestamp") or ""),
        owned=bool(metadata.get("ownerReferences")),
    )


def parse_warnings(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Read the `Warning` header: `299 - "…", 299 - "…"`, several may stand in one."""
    return tuple(re.sub(r"\\(.)", r"\1", text) for text in _WARNING.findall(headers.get("Warning", "")))


def parse_body(raw: bytes) -> Mapping[str, Any]:
    """Read a JSON object, `{}` from an empty body. Raises ValueError where it is none."""
    parsed = json.loads(raw) if raw.strip() else {}
    if not isinstance(parsed, dict):
        raise ValueError("no JSON object")
    return parsed
