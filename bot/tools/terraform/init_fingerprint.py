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
from bot.tools.terraform.inputs import CONFIGURATION, SOURCE

LOCK = ".terraform.lock.hcl"
OURS = b"# Not in Git: written by init for this run; "
RUNS_OWN = frozenset({"HOME"})
MOST_MODULES = 1_000


def key(site: Site, secret: bytes, tool: Mapping[str, str]) -> str:
    """`tool`: the program, its version and whatever else of ours decides. Nobody without the secret can guess at it."""
    parts = {
        "tool": dict(tool),
        "dir": site.project.dir,
        "kept": str(site.kept),
        "environment": {name: value for name, value in site.environment.items() if name not in RUNS_OWN},
        "lock": _text(site.directory / LOCK) if tracked(site) else None,
        "backend": [(word, _text(site.directory / word)) for word in site.project.terraform.backend_config],
        "variables": [_text(path) for path in _variables(site)],
        "configuration": [(str(path.relative_to(site.root)), seen) for path, seen in _configuration(site)],
    }
    return hmac.digest(secret, json.dumps(parts, sort_keys=True).encode(), hashlib.sha256).hex()


def tracked(site: Site) -> bool:
    """The lock file is Git's: not one that a run on another workspace of this directory left in the checkout."""
    path = site.directory / LOCK
    if site.prepared is None or not path.is_file():
        return path.exists()
    content = path.read_bytes()
    return content != marked(content, site.prepared.secret)


def marked(lock: bytes, secret: bytes) -> bytes:
    """The lock file with a last line that nobody else can write."""
    bare = lock.rpartition(OURS)[0] or lock
    return bare + OURS + hmac.digest(secret, bare, hashlib.sha256).hex().encode() + b"\n"


def _configuration(site: Site) -> Iterator[tuple[Path, str]]:
    """Every file of the project and of its local modules, as far as init reads it."""
    todo, seen = [site.directory], set[Path]()
    while todo and len(seen) < MOST_MODULES:
        directory = todo.pop()
        if directory in seen or not directory.is_dir():
            continue
        seen.add(directory)
        for path in sorted(entry for entry in directory.iterdir() if entry.name.endswith(CONFIGURATION)):
            if not path.is_file():
                continue
            text = path.read_bytes()
            yield path, hcl.without_bodies(path.name, text).decode(errors="surrogateescape")
            for source in SOURCE.findall(hcl.without_comments(text)):
                module = Path(posixpath.normpath(directory / source.decode(errors="surrogateescape")))
                if module.is_relative_to(site.root):
                    todo.append(module)


def _variables(site: Site) -> list[Path]:
    """OpenTofu may read them for a backend or a module's source."""
    own = [path for path in site.directory.iterdir() if path.name.endswith((".tfvars", ".tfvars.json"))]
    return [*sorted(own), *(site.directory / file for file in site.project.terraform.var_files)]


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode(errors="surrogateescape") if path.is_file() else None
    except (OSError, ValueError):
        return None
