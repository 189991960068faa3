"""What init looks at, as one key: while it stays the same, what init made may be used again.

It may hold too much, for then init only runs once more. Should it hold too little, Terraform itself says so at the
plan: it compares backend, modules, requirements and packages with what was initialised. What it cannot compare, the
values that configure a backend and where providers come from, stands in the key in full.
"""

import hashlib
import hmac
import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.ports import Site
from bot.tools.terraform import hcl
from bot.tools.terraform.configuration import is_configuration
from bot.tools.terraform.keys import OPTIONS
from bot.tools.terraform.sources import module_sources

LOCK = ".terraform.lock.hcl"
SIGNATURE = b"# Not in Git: written by init for this run; "
RUN_VARIABLES = frozenset({"HOME"})
MOST_MODULES = 1_000


def fingerprint(site: Site, secret: bytes, tool: Mapping[str, str]) -> str:
    """`tool`: the program, its version and whatever else of ours decides. Nobody without the secret can guess at it."""
    parts = {
        "tool": dict(tool),
        "dir": site.project.dir,
        "kept": str(site.state_dir),
        "environment": {name: value for name, value in site.environment.items() if name not in RUN_VARIABLES},
        "lock": _text(site.directory / LOCK) if is_tracked(site) else None,
        "backend": [(file, _text(site.directory / file)) for file in OPTIONS.of(site.project).backend_config],
        "variables": [_text(path) for path in _variable_files(site)],
        "configuration": [(str(path.relative_to(site.root)), text) for path, text in _initialised_text(site)],
    }
    return hmac.digest(secret, json.dumps(parts, sort_keys=True).encode(), hashlib.sha256).hex()


def is_tracked(site: Site) -> bool:
    """The lock file is Git's: not one that a run on another workspace of this directory left in the checkout."""
    path = site.directory / LOCK
    if site.pull_cache is None or not path.is_file():
        return path.exists()
    content = path.read_bytes()
    return content != sign_lock(content, site.pull_cache.secret)


def sign_lock(lock: bytes, secret: bytes) -> bytes:
    """The lock file with a last line that nobody else can write."""
    bare = lock.rpartition(SIGNATURE)[0] or lock
    return bare + SIGNATURE + hmac.digest(secret, bare, hashlib.sha256).hex().encode() + b"\n"


def _initialised_text(site: Site) -> Iterator[tuple[Path, str]]:
    """Every file of the project and of its local modules, as far as init reads it."""
    for path, text in local_configuration(site):
        yield path, hcl.strip_bodies(path.name, text).decode(errors="surrogateescape")


def local_configuration(site: Site) -> Iterator[tuple[Path, bytes]]:
    """Every file of the project and of its local modules, as far as those can be told."""
    pending, seen = [site.directory], set[Path]()
    while pending and len(seen) < MOST_MODULES:
        directory = pending.pop()
        if directory in seen or not directory.is_dir():
            continue
        seen.add(directory)
        paths = sorted(path for path in directory.iterdir() if is_configuration(path.name) and path.is_file())
        texts = {str(path): path.read_bytes() for path in paths}
        yield from zip(paths, texts.values(), strict=True)
        for source in module_sources(texts):
            module = Path(posixpath.normpath(directory / source.path))
            if source.is_local and module.is_relative_to(site.root):
                pending.append(module)


def _variable_files(site: Site) -> list[Path]:
    """OpenTofu may read them for a backend or a module's source."""
    automatic = [path for path in site.directory.iterdir() if path.name.endswith((".tfvars", ".tfvars.json"))]
    return [*sorted(automatic), *(site.directory / file for file in OPTIONS.of(site.project).var_files)]


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode(errors="surrogateescape") if path.is_file() else None
    except (OSError, ValueError):
        return None
