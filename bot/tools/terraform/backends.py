"""Where a project's state lives: every backend of its files with what configures it, as values and not as text.

`state_key` tells whether a pull request moves the state, so it takes in all that may matter. `state_locations` tell
whether two projects have one state, so they take in only what names it: whoever copies a backend may add to it.
"""

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.project import Project
from bot.core.tree import Tree
from bot.core.tree_paths import TreePaths
from bot.tools.terraform import hcl, json_syntax
from bot.tools.terraform.configuration import file_texts
from bot.tools.terraform.keys import OPTIONS

BACKEND = re.compile(rb'\b(?:backend\s*("(?:\\.|[^"\\])*"|[\w-]+)|cloud)\s*\{')
REFERENCE = re.compile(rb"\b(?:var|local)\.")
CLOUD, EXPRESSION = "cloud", "="
NAMES_OF_STATE = {
    "azurerm": ("storage_account_name", "container_name", "key"),
    "consul": ("address", "path"),
    "cos": ("bucket", "prefix", "key"),
    "gcs": ("bucket", "prefix"),
    "http": ("address",),
    "kubernetes": ("host", "config_context", "namespace", "secret_suffix"),
    "local": ("path", "workspace_dir"),
    "oss": ("bucket", "prefix", "key"),
    "pg": ("conn_str", "schema_name"),
    "s3": ("bucket", "key", "workspace_key_prefix"),
}


@dataclass(frozen=True, slots=True)
class Backend:
    """A `backend` or `cloud` block. `text` is all of it; in `attributes` what is plain is JSON, the rest follows a `=`.

    The `type` is empty where a file cannot be read, and all of it counts.
    """

    type: str
    text: str
    attributes: Mapping[str, str]

    def word(self, name: str) -> str | None:
        """A plain string among the attributes."""
        text = self.attributes.get(name, "")
        return str(json.loads(text)) if text.startswith('"') else None

    @property
    def is_relative_local(self) -> bool:
        """A local backend at a relative path would go with the checkout, so we keep its state."""
        path = self.word("path")
        start = self.attributes.get("path", "").lstrip(EXPRESSION + '("') if path is None else path
        return self.type == "local" and not start.startswith("/")


def read_backends(path: str, text: bytes) -> list[Backend]:
    """Every `backend` and `cloud` block of a file."""
    if path.endswith(".json"):
        return _read_json(text)
    if b"backend" not in text and b"cloud" not in text:
        return []
    bare, blanked = hcl.scan(text)
    return [
        _read_block(match[1], bare[match.end() : hcl.block_end(blanked, match.end() - 1)])
        for match in BACKEND.finditer(bare)
        if blanked[match.start()] == bare[match.start()]
    ]


def state_key(tree: Tree, project: Project) -> str:
    """Every backend in all files, and what configures it; empty when the state is ours to keep."""
    paths = TreePaths(tree)
    texts = file_texts(paths, project.dir)
    backends = [backend for path, text in texts.items() for backend in read_backends(path, text)]
    lasting = [backend.text for backend in backends if not backend.is_relative_local]
    if not lasting:
        return ""
    options = [f"{option}={_option_text(paths, project, option)}" for option in OPTIONS.of(project).backend_config]
    values = [_evaluated(paths, project, texts)] if any(REFERENCE.search(text.encode()) for text in lasting) else []
    return "\n".join([*lasting, *options, *values])


def state_locations(tree: Tree, project: Project) -> frozenset[str]:
    """Names of the states that the project may have, each the same for whoever has it; none where it is ours to keep.

    There is more than one where several files have a backend.
    """
    paths = TreePaths(tree)
    texts = file_texts(paths, project.dir)
    backends = [backend for path, text in texts.items() for backend in read_backends(path, text)]
    configured = [_configure(paths, project, backend) for backend in backends]
    return frozenset(_location(backend, project.workspace) for backend in configured if not backend.is_relative_local)


def _configure(paths: TreePaths, project: Project, backend: Backend) -> Backend:
    """The backend with what `backend_config` says, the later over the earlier."""
    attributes = dict(backend.attributes)
    for option in OPTIONS.of(project).backend_config:
        name, separator, text = option.partition("=")
        if separator:
            attributes[name.strip()] = json.dumps(text)
        elif (content := _read_option(paths, project, option)) is not None:
            attributes |= {name: _canonical(text) for name, text in hcl.attributes(content).items()}
    return replace(backend, attributes=attributes)


def _location(backend: Backend, workspace: str) -> str:
    """The name of the state. Where a workspace's is, each backend has its own rule for."""
    names = NAMES_OF_STATE.get(backend.type)
    if names is None:
        return f"{backend.type} {backend.text} {workspace}"
    words = {name: _word(backend, name) for name in names}
    if backend.type == "s3":
        prefix = words.pop("workspace_key_prefix") or "env:"
        words["key"] = words["key"] if workspace == "default" else f"{prefix}/{workspace}/{words['key']}"
        return f"s3 {words['bucket']} {words['key'].lstrip('/')}"
    if backend.type == "local":
        path = posixpath.join(words["workspace_dir"] or "terraform.tfstate.d", workspace, "terraform.tfstate")
        return f"local {posixpath.normpath(words['path'] if workspace == 'default' else path)}"
    return " ".join([backend.type, *words.values(), workspace])


def _word(backend: Backend, name: str) -> str:
    word = backend.word(name)
    return backend.attributes.get(name, "") if word is None else word


def _option_text(paths: TreePaths, project: Project, option: str) -> str:
    """Of a file all that it says, wherever it is; of `key=value` nothing more."""
    content = _read_option(paths, project, option)
    return hcl.squeeze(content).decode(errors="replace") if content is not None else ""


def _read_option(paths: TreePaths, project: Project, option: str) -> bytes | None:
    """The file that the option names. Raises Refused where it leaves the repository."""
    if "=" in option:
        return None
    path = paths.follow(project.dir, option, f"{project.name}: backend_config")
    return paths.tree.read(path) if paths.is_file(path) else None


def _evaluated(paths: TreePaths, project: Project, texts: Mapping[str, bytes]) -> str:
    """All that a backend's expression may rest on (OpenTofu evaluates them): locals, variables and their values."""
    blocks = [
        hcl.squeeze(block.body)
        for text in texts.values()
        for block in hcl.blocks(text)
        if block.keyword in (b"locals", b"variable")
    ]
    automatic = [path for path in paths.tree.files.within(project.dir) if path.endswith((".tfvars", ".tfvars.json"))]
    listed = [paths.follow(project.dir, file, f"{project.name}: var_files") for file in OPTIONS.of(project).var_files]
    values = [paths.read(path) for path in (*automatic, *listed) if paths.is_file(path)]
    return b"\n".join([*blocks, *values]).decode(errors="replace")


def _read_block(label: bytes | None, body: bytes) -> Backend:
    type = CLOUD if label is None else hcl.decode(label.strip(b'"'))
    start = "cloud{" if label is None else f'backend"{type}"{{'
    attributes = {name: _canonical(expression) for name, expression in hcl.attributes(body).items()}
    return Backend(type, f"{start}{hcl.squeeze(body).decode(errors='replace')}}}", attributes)


def _canonical(expression: bytes) -> str:
    literal = hcl.string_literal(expression)
    return EXPRESSION + hcl.squeeze(expression).decode(errors="replace") if literal is None else json.dumps(literal)


def _read_json(text: bytes) -> list[Backend]:
    """Keys may stand there twice, and lists of objects for an object. Of what cannot be read, everything counts."""
    try:
        document = json_syntax.parse(text)
    except (ValueError, RecursionError):
        return [Backend("", text.decode(errors="replace"), {})]
    settings = list(json_syntax.children(document, "terraform"))
    blocks = [
        (type, body)
        for setting in settings
        for node in json_syntax.children(setting, "backend")
        for type, body in json_syntax.pairs(node)
    ]
    clouds = [(CLOUD, body) for setting in settings for body in json_syntax.children(setting, "cloud")]
    return [_json_backend(str(type), body) for type, body in (*blocks, *clouds)]


def _json_backend(type: str, body: Any) -> Backend:
    attributes = {
        name: json.dumps(json_syntax.to_builtin(child), sort_keys=True) for name, child in json_syntax.pairs(body)
    }
    text = json.dumps({type: json_syntax.to_builtin(body)}, sort_keys=True, separators=(",", ":"))
    return Backend(type, text, attributes)
