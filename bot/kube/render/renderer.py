"""What the three Kubernetes tools have in common: a request to render, and a limited child process that does it.

Called by `tools/kustomize`, `tools/helm`, `tools/manifests` and by what plans. Never asks a cluster.
"""

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.tree import Tree
from bot.ports import Cage, Reach

MB = 1024 * 1024
NO_SEARCH_PATH = "/nonexistent"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
KLOG_FATAL_LINE = re.compile(r'[EF]\d{4} [\d:.]+ +\d+ \S+\] "command failed" err=(".*")', re.DOTALL)
OUT_OF_MEMORY_PHRASES = ("out of memory", "cannot allocate memory")


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """What a rendering may take, in MB: memory of its process, and output."""

    memory: int = 1024
    output: int = 50


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What a project says of its rendering. `values` are relative to its directory, `flags` the operator's to allow."""

    namespace: str = "default"
    release: str = ""
    values: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One directory to be rendered.

    `root` is the top of a checkout, `project_dir` the project's path in it; `scratch` (0700) is this rendering's alone.
    Of `environment` a tool gets no more than it needs. `timeout` is in seconds. `kube_version` (`v1.36.3`) and
    `api_versions` are the target cluster's, empty when there is none. `stopped()` is true once the run was cancelled.
    `cage` is where programs run; `ports` are those of ours on loopback that they may talk to.
    `other_dirs` are directories of other projects, as for `Renderer.inputs`.
    """

    root: Path
    project_dir: str
    scratch: Path
    environment: Mapping[str, str]
    cage: Cage
    options: RenderOptions = field(default_factory=RenderOptions)
    timeout: float = 120.0
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    stopped: Callable[[], bool] | None = None
    other_dirs: frozenset[str] = frozenset()
    ports: tuple[int, ...] = ()

    @property
    def directory(self) -> Path:
        """The project's directory in the checkout."""
        return self.root / self.project_dir


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rendering that is not to be applied.

    `lookups` are what templates asked a cluster for, as people name it, and `release_facts` what they ask of a history
    (`.Release.Revision`): of neither anything is found.
    """

    stream: bytes
    lookups: tuple[str, ...] = ()
    release_facts: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """Dump for `from_json`."""
        stored = {"lookups": self.lookups, "release_facts": self.release_facts}
        return json.dumps(stored | {"stream": base64.b64encode(self.stream).decode()}).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Rehearsal":
        """Load what `to_json` dumped."""
        stored = json.loads(text)
        facts = tuple(stored["release_facts"])
        return cls(base64.b64decode(stored["stream"]), tuple(stored["lookups"]), facts)


class Renderer(Protocol):
    """A program that makes objects of files.

    `takes_duplicates`: of a key that is there twice it takes the last. `draws`: what it makes of the same files may
    come out otherwise, by chance, by the clock or by a look into a cluster.
    """

    name: str
    takes_duplicates: bool
    draws: bool

    def discover(self, tree: Tree) -> Sequence[str]:
        """List the directories that are projects of this tool when nobody lists them."""

    def recognises(self, tree: Tree, directory: str) -> int:
        """Rate how surely a directory is this tool's, as `ports.Tool` has it."""

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        """Return every file that can change what is rendered. Raises Refused for what cannot be followed."""

    def version(self, environment: Mapping[str, str]) -> str:
        """Return the program and its version, as `helm v3.22.0`. Raises Refused when it is missing."""

    def command(self, request: RenderRequest) -> tuple[str, ...]:
        """Return the command line as typed at the top of the checkout: to be shown, and part of a cache's key."""

    def render(self, request: RenderRequest) -> bytes:
        """Return a stream of YAML. Raises Refused for what the author can mend, ToolFailed with the program's words."""

    def rehearse(self, request: RenderRequest) -> Rehearsal:
        """Render once more, where the clock shows another hour. Raises as `render`."""


def find_program(names: Sequence[str], environment: Mapping[str, str]) -> tuple[str, Path]:
    """Find the first of these programs that there is; its name and path. Raises Refused when there is none."""
    for name in names:
        if path := shutil.which(name, path=environment.get("PATH", os.defpath)):
            return Path(name).name, Path(path).absolute()
    raise Refused(f"there is no {' and no '.join(names)} here to render with: ask the operator for one")


def isolated_environment(request: RenderRequest) -> dict[str, str]:
    """Return an environment in which programs find nobody's configuration, and leave theirs in the scratch."""
    scratch = str(request.scratch)
    folders = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "KUSTOMIZE_PLUGIN_HOME")
    return {
        **dict.fromkeys(folders, scratch),
        "KUBECONFIG": f"{scratch}/no-kubeconfig",
        "HELM_PLUGINS": NO_SEARCH_PATH,  # which a kustomization's `configHome` would name otherwise
    }


def run_program(
    request: RenderRequest,
    argv: Sequence[str],
    environment: Mapping[str, str],
    limits: RenderLimits,
    programs: Sequence[Path] = (),
) -> bytes:
    """Return what a program prints. It gets `environment` and no network, and ends with its limits or with us.

    `argv` begins with its path; `programs` are those that it starts, where PATH does not lead to them.

    Raises Refused beyond a limit, ToolFailed when it was stopped or failed.
    """
    search_path = request.environment.get("PATH", os.defpath)
    inner = [shutil.which("env", path=search_path) or "/usr/bin/env", f"PATH={environment.get('PATH', NO_SEARCH_PATH)}"]
    reach = Reach(read=(request.root, Path(argv[0]), *programs), write=(request.scratch,), ports=request.ports)
    completed = process.run(
        [*_limit_memory(search_path, limits.memory), *inner, *argv],
        confinement=request.cage.confine(reach),
        cwd=request.scratch,
        env={**dict.fromkeys(PROXY_VARIABLES, "http://127.0.0.1:9"), **environment, "PATH": search_path},
        timeout=request.timeout,
        stopped=request.stopped,
        limit=limits.output * MB,
    )
    name, directory = Path(argv[0]).name, request.project_dir
    if completed.stopped:
        raise ToolFailed(f"{name} was stopped")
    if completed.overrun:
        raise Refused(f"{directory}: {name}: {completed.overrun}")
    if completed.timed_out:
        raise Refused(f"{directory}: {name} took more than {request.timeout:g} s to render it")
    if completed.loss:
        raise Refused(f"{directory}: renders to more than {limits.output} MB")
    if completed.exit and any(phrase in completed.stderr for phrase in OUT_OF_MEMORY_PHRASES):
        raise Refused(f"{directory}: {name} needs more than {limits.memory} MB of memory to render it")
    if completed.exit:
        raise ToolFailed(f"{name} cannot render {directory}", _clean_message(completed.stderr, request))
    return completed.stdout_bytes


def refuse_escaping_links(request: RenderRequest, directory: Path) -> None:
    """Raises Refused when a symbolic link below a directory leaves the checkout: tools would read what is there."""
    root = request.root.resolve()
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise Refused(f"symbolic link {path.relative_to(request.root)} leaves the repository")


def rendering_digest(root: Path, inputs: Iterable[str], texts: Iterable[str]) -> str:
    """Digest what identifies a rendering: its files' names and contents, and other texts (version, command line)."""
    hasher = hashlib.sha256()
    for text in texts:
        hasher.update(hashlib.sha256(text.encode(errors="surrogateescape")).digest())
    for name in sorted(inputs):
        path = root / name
        file = path.read_bytes() if path.is_file() else b""
        content = os.fsencode(os.readlink(path)) if path.is_symlink() else file
        for chunk in (name.encode(errors="surrogateescape"), content):
            hasher.update(hashlib.sha256(chunk).digest())
    return hasher.hexdigest()


def _clean_message(text: str, request: RenderRequest) -> str:
    """A program's words without our paths, and without what kubectl's logging puts around them."""
    if match := KLOG_FATAL_LINE.fullmatch(text.strip()):
        with suppress(ValueError):
            text = str(json.loads(match[1]))
    for folder in (request.scratch.resolve(), request.scratch, request.root.resolve(), request.root):
        text = text.replace(f"{folder}/", "")
    return text.removeprefix("error: ").strip()


def _limit_memory(path: str, memory: int) -> list[str]:
    prlimit = shutil.which("prlimit", path=path)
    return [prlimit, f"--data={memory * MB}", "--"] if prlimit else []
