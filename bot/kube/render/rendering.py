"""What the three Kubernetes tools have in common: a request to render, a child on a leash that does it, and a cache.

Called by `tools/kustomize`, `tools/helm`, `tools/manifests` and by what plans. Never asks a cluster.
"""

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

MB = 1024 * 1024
NOWHERE = "/nonexistent"
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
KLOG = re.compile(r'[EF]\d{4} [\d:.]+ +\d+ \S+\] "command failed" err=(".*")', re.DOTALL)
OUT_OF_MEMORY = ("out of memory", "cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rendering may take, in MB: memory of its process, and output."""

    memory: int = 1024
    output: int = 50


@dataclass(frozen=True, slots=True)
class Options:
    """What a project says of its rendering. `values` are relative to its directory, `flags` the operator's to allow."""

    namespace: str = "default"
    release: str = ""
    values: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One directory to be rendered.

    `root` is the top of a checkout, `project_dir` the project's path in it; `scratch` (0700) is this rendering's alone.
    Of `environment` a tool gets no more than it needs. `timeout` is in seconds. `kube_version` (`v1.36.3`) and
    `api_versions` are the target cluster's, empty when there is none. `stopped()` is true once the run was cancelled.
    `others` are directories of other projects, as for `Renderer.inputs`.
    """

    root: Path
    project_dir: str
    scratch: Path
    environment: Mapping[str, str]
    options: Options = field(default_factory=Options)
    timeout: float = 120.0
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    stopped: Callable[[], bool] | None = None
    others: frozenset[str] = frozenset()

    @property
    def directory(self) -> Path:
        return self.root / self.project_dir


class Renderer(Protocol):
    """A program that makes objects of files."""

    name: str

    def finds(self, tree: Tree) -> Sequence[str]:
        """Directories that are projects of this tool when nobody lists them."""

    def recognises(self, tree: Tree, directory: str) -> int:
        """How surely a directory is this tool's, as `ports.Tool` has it."""

    def inputs(self, tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
        """Every file that can change what is rendered. Raises Refused for what cannot be followed."""

    def version(self, environment: Mapping[str, str]) -> str:
        """The program and its version, as `helm v3.22.0`. Raises Refused when it is missing."""

    def command(self, request: Request) -> tuple[str, ...]:
        """The command line as typed at the top of the checkout: to be shown, and part of a cache's key."""

    def render(self, request: Request) -> bytes:
        """A stream of YAML. Raises Refused for what the author can mend, ToolFailed with the program's words."""


def program(names: Sequence[str], environment: Mapping[str, str]) -> tuple[str, Path]:
    """The first of these programs that there is, with its place. Raises Refused."""
    for name in names:
        if found := shutil.which(name, path=environment.get("PATH", os.defpath)):
            return Path(name).name, Path(found).absolute()
    raise Refused(f"there is no {' and no '.join(names)} here to render with: ask the operator for one")


def home(request: Request) -> dict[str, str]:
    """An environment in which programs find nobody's configuration, and leave theirs in the scratch."""
    scratch = str(request.scratch)
    folders = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "KUSTOMIZE_PLUGIN_HOME")
    return {**dict.fromkeys(folders, scratch), "KUBECONFIG": f"{scratch}/no-kubeconfig"}


def output(request: Request, argv: Sequence[str], own: Mapping[str, str], limits: Limits) -> bytes:
    """What a program prints. It gets `own` for its environment, no network, and ends with its limits or with us."""
    path = request.environment.get("PATH", os.defpath)
    inner = [shutil.which("env", path=path) or "/usr/bin/env", f"PATH={own.get('PATH', NOWHERE)}"]
    done = process.run(
        [*_leash(path, limits.memory), *inner, *argv],
        cwd=request.scratch,
        env={**dict.fromkeys(PROXIES, "http://127.0.0.1:9"), **own, "PATH": path},
        timeout=request.timeout,
        stopped=request.stopped,
        limit=limits.output * MB,
    )
    name, where = Path(argv[0]).name, request.project_dir
    if done.stopped:
        raise ToolFailed(f"{name} was stopped")
    if done.timed_out:
        raise Refused(f"{where}: {name} took more than {request.timeout:g} s to render it")
    if len(done.raw) > limits.output * MB:
        raise Refused(f"{where}: renders to more than {limits.output} MB")
    if done.exit and any(words in done.err for words in OUT_OF_MEMORY):
        raise Refused(f"{where}: {name} needs more than {limits.memory} MB of memory to render it")
    if done.exit:
        raise ToolFailed(f"{name} cannot render {where}", _said(done.err, request))
    return done.raw


def contained(request: Request, directory: Path) -> None:
    """Refuse symbolic links below a directory that lead out of the checkout: tools would read what is there."""
    root = request.root.resolve()
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise Refused(f"symbolic link {path.relative_to(request.root)} leaves the repository")


def digest(root: Path, inputs: Iterable[str], words: Iterable[str]) -> str:
    """What identifies a rendering: its files' names and contents, and whatever else (version, command line) decides."""
    all_of_it = hashlib.sha256()
    for word in words:
        all_of_it.update(hashlib.sha256(word.encode(errors="surrogateescape")).digest())
    for name in sorted(inputs):
        path = root / name
        file = path.read_bytes() if path.is_file() else b""
        content = os.fsencode(os.readlink(path)) if path.is_symlink() else file
        for part in (name.encode(errors="surrogateescape"), content):
            all_of_it.update(hashlib.sha256(part).digest())
    return all_of_it.hexdigest()


def _said(text: str, request: Request) -> str:
    """A program's words without our paths, and without what kubectl's logging puts around them."""
    if match := KLOG.fullmatch(text.strip()):
        with suppress(ValueError):
            text = str(json.loads(match[1]))
    for place in (request.scratch.resolve(), request.scratch, request.root.resolve(), request.root):
        text = text.replace(f"{place}/", "")
    return text.removeprefix("error: ").strip()


def _leash(path: str, memory: int) -> list[str]:
    prlimit = shutil.which("prlimit", path=path)
    return [prlimit, f"--data={memory * MB}", "--"] if prlimit else []
