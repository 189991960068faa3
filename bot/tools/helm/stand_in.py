"""Stands in for a cluster while Helm renders: serves the list of its kinds, and remembers what templates look up.

Used by `build`. Helm takes `.Capabilities` from a cluster that it reaches; `--api-versions` only adds to a list of its
own. This answers GET on the loopback interface below a path that only Helm is told, for its libraries show a token to
nobody without TLS. It holds no object, and asks no cluster.
"""

import hmac
import json
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, cast
from urllib.parse import unquote, urlsplit

ADDRESS = "127.0.0.1"
STOP_SECONDS = 0.02
SILENT_SECONDS = 60.0
MAX_LOOKUPS = 1000
OK, NOT_FOUND = 200, 404
GROUP_VERSION = re.compile(r"/apis/([^/]+/[^/]+)")
LOOKUP = re.compile(
    r"(?:/api/[^/]*|/apis/[^/]*/[^/]*)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<kind>[^/]+)(?:/(?P<name>[^/]+))?"
)
NO_OBJECT = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": NOT_FOUND}


class StandIn:
    """Listens within its `with`. `api_versions` are `apps/v1` and `apps/v1/Deployment`, `version` is `v1.36.3`."""

    def __init__(self, version: str, api_versions: Sequence[str]) -> None:
        self._documents = _documents(version, api_versions)
        self._prefix, self._lock = f"/{secrets.token_urlsafe()}", threading.Lock()
        self._lookups: set[str] = set()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(STOP_SECONDS,), daemon=True)

    def __enter__(self) -> "StandIn":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        return int(self._server.server_address[1])

    @property
    def lookups(self) -> tuple[str, ...]:
        """What was looked up, sorted: `Secret shop/door`, `Secret shop/` for a namespace's, `kinds of nobody/v1`."""
        with self._lock:
            return tuple(sorted(self._lookups))

    def write_kubeconfig(self, path: Path) -> None:
        """Write the way here, readable to its owner only."""
        server = f"http://{ADDRESS}:{self._server.server_address[1]}{self._prefix}"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "stand-in", "cluster": {"server": server}}],
            "contexts": [{"name": "stand-in", "context": {"cluster": "stand-in", "user": ""}}],
            "current-context": "stand-in",
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))

    def answer(self, full_path: str) -> tuple[int, Mapping[str, Any]]:
        """Answer a GET: the status and the body."""
        prefix, path = full_path[: len(self._prefix)], full_path[len(self._prefix) :]
        if not hmac.compare_digest(prefix.encode(), self._prefix.encode()):
            return NOT_FOUND, NO_OBJECT
        if path in self._documents:
            return OK, self._documents[path]
        if match := GROUP_VERSION.fullmatch(path):
            self._remember(f"kinds of {match[1]}")
            return OK, _resource_list(match[1], ())
        if match := LOOKUP.fullmatch(path):
            namespace, kind, name = (unquote(match[part] or "") for part in ("namespace", "kind", "name"))
            self._remember(f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}".strip())
        return NOT_FOUND, NO_OBJECT

    def _remember(self, lookup: str) -> None:
        with self._lock:
            if len(self._lookups) < MAX_LOOKUPS:
                self._lookups.add(lookup)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        super().__init__((ADDRESS, 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Helm was ended amid an answer: whoever ended it says so."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENT_SECONDS
    wbufsize = -1  # an answer in one piece: the second of two would wait for the first to be acknowledged

    def do_GET(self) -> None:  # noqa: N802  # as http.server calls it
        """Send what the stand-in answers."""
        status, body = cast(_Server, self.server).stand_in.answer(urlsplit(self.path).path)
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: each question is Helm's own."""


def _documents(version: str, api_versions: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """What a discovery finds, by path."""
    kinds = _kinds_by_version(api_versions)
    groups: dict[str, list[str]] = {}
    for api_version in kinds:
        if "/" in api_version:
            groups.setdefault(api_version.partition("/")[0], []).append(api_version)
    major, minor, *_ = [*version.removeprefix("v").split("."), ""]
    return {
        "/version": {"major": major, "minor": minor, "gitVersion": version},
        "/api": {"kind": "APIVersions", "versions": [name for name in kinds if "/" not in name]},
        "/apis": {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(name, versions) for name, versions in groups.items()],
        },
        **{f"/{_top(name)}/{name}": _resource_list(name, served) for name, served in kinds.items()},
    }


def _top(api_version: str) -> str:
    return "apis" if "/" in api_version else "api"


def _kinds_by_version(api_versions: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """`v1/Pod` is a kind where `v1` is listed; whatever has three parts is one."""
    listed = frozenset(api_versions)
    kinds: dict[str, list[str]] = {}
    for word in api_versions:
        version, _, kind = word.rpartition("/")
        if version in listed or version.count("/"):
            kinds.setdefault(version, []).append(kind)
        else:
            kinds.setdefault(word, [])
    return kinds


def _group(name: str, api_versions: Sequence[str]) -> Mapping[str, Any]:
    versions = [{"groupVersion": word, "version": word.rpartition("/")[2]} for word in api_versions]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(api_version: str, kinds: Sequence[str]) -> Mapping[str, Any]:
    """Each kind under its own name, which a lookup then shows."""
    resources = [
        {"name": kind, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get", "list"]} for kind in kinds
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}
