"""Reads what a shape left on a server: all of its namespaces, and whatever bears its name elsewhere."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml

from tests.rig.access import Access
from tests.sandbox.running import until

Body = Mapping[str, Any]
Objects = Mapping[str, Body]
GONE, BUSY = 404, 429
THREADS = 8
PATIENCE_SECONDS = 120


def left(access: Access, name: str) -> Objects:
    """By `Kind/namespace/name` or `Kind/name`, once nothing is being deleted, rolled out or bound any more."""
    door = _Door(access)

    def at_rest() -> Objects | None:
        found = _objects(door, name)
        return found if all(_rests(body) for body in found.values()) else None

    return until(at_rest, PATIENCE_SECONDS)


class _Door:
    """The API server's answers to GET."""

    def __init__(self, access: Access) -> None:
        kubeconfig = yaml.safe_load(access.kubeconfig.read_text())
        authority = kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"]
        trust = ssl.create_default_context(cadata=base64.b64decode(authority).decode())
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        self._open, self._access = urllib.request.build_opener(*handlers), access

    def get(self, path: str) -> Any:
        """Empty where another test has just taken the definition away."""
        (body,) = until(lambda: self._answer(path))
        return body

    def _answer(self, path: str) -> tuple[Any] | None:
        """None while the server makes room for a new definition."""
        headers = {"Authorization": f"Bearer {self._access.token}"}
        try:
            with self._open.open(urllib.request.Request(self._access.url + path, headers=headers)) as answer:
                return (json.load(answer),)
        except urllib.error.HTTPError as why:
            with why:
                if why.code not in (GONE, BUSY):
                    raise
            return ({},) if why.code == GONE else None


def _objects(door: _Door, name: str) -> Objects:
    with ThreadPoolExecutor(THREADS) as pool:
        lists = pool.map(lambda kind: _listed(door, *kind), list(_kinds(door)))
        return {_key(body): body for bodies in lists for body in bodies if belongs(body["metadata"], name)}


def _kinds(door: _Door) -> Iterator[tuple[str, str, str]]:
    """Every kind that can be listed, with its API version and path, in the version that its group prefers."""
    groups = door.get("/apis")["groups"]
    for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
        top = f"/apis/{version}" if "/" in version else f"/api/{version}"
        for kind in door.get(top).get("resources", ()):
            if "list" in kind["verbs"] and "/" not in kind["name"]:
                yield version, kind["kind"], f"{top}/{kind['name']}"


def _listed(door: _Door, version: str, kind: str, path: str) -> list[Body]:
    items = door.get(path).get("items") or ()
    return [{"apiVersion": version, "kind": kind, **item} for item in items]


def belongs(metadata: Body, name: str) -> bool:
    """Whether an object is the shape's, by its own name or its namespace's."""
    return name in metadata.get("namespace", "") or name in metadata["name"]


def _key(body: Body) -> str:
    metadata = body["metadata"]
    return "/".join(part for part in (body["kind"], metadata.get("namespace"), metadata["name"]) if part)


def _rests(body: Body) -> bool:
    metadata, status = body["metadata"], body.get("status") or {}
    seen = status.get("observedGeneration", metadata.get("generation"))
    unbound = body["kind"] == "PersistentVolumeClaim" and status.get("phase") != "Bound"
    return "deletionTimestamp" not in metadata and seen == metadata.get("generation") and not unbound
