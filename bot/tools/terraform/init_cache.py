"""What init made, kept for the pull request's next plan and its apply (docs/decisions/0005).

Backend and modules go into a sealed blob, for a backend's passwords are among them and nothing else checks a module.
Packages of providers are too large for that: they stay in a folder, where Terraform compares each with the lock
file's `h1:` before it runs it. So what the lock file has no `h1:` for is not kept.
"""

import filecmp
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.ports import Prepared, Site
from bot.tools.terraform.init_fingerprint import LOCK, marked
from bot.tools.terraform.state import put

MOST_BYTES = 64 << 20
ENTRY = re.compile(r'^provider\s+"([^"]+)"\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL)
VERSION = re.compile(r'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
PACKAGE = "*/*/*/*/*"  # host/namespace/name/version/platform
FIXED = re.compile(r"[?&]ref=(?:[0-9a-f]{40}|v?\d+\.\d+\.\d+(?:[+-][\w.+-]*)?)(?:&|$)")


def bring(site: Site, prepared: Prepared, key: str, into: Path) -> bool:
    """Lay out what was kept by that key as if init had just run; whether there was any."""
    blob = prepared.saved(key)
    if blob is None:
        return False
    shutil.rmtree(into, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(blob)) as kept:
        members = kept.getmembers()
        kept.extractall(into, [one for one in members if one.name != LOCK], filter="fully_trusted")
        for lock in (kept.extractfile(one) for one in members if one.name == LOCK):
            put(site.directory / LOCK, lock.read() if lock else b"")
    return True


def keep(site: Site, prepared: Prepared, key: str, made: Path, own_lock: bool) -> None:
    """Keep what init has just made, before anything else ran. `own_lock`: init wrote the lock file, which is marked."""
    lock = site.directory / LOCK
    if own_lock and lock.is_file():
        put(lock, marked(lock.read_bytes(), prepared.secret))
    locked = lock.read_text(errors="replace") if lock.is_file() else ""
    packages = _packages(made)
    if not _fixed(made) or not all(_checked(package, locked) for package in packages):
        return
    for package in packages:
        _put_away(package, prepared.folder)
    size = sum(path.lstat().st_size for path in made.rglob("*"))
    if size > MOST_BYTES:
        return
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w") as kept:
        kept.add(made, ".")
        if own_lock and lock.is_file():
            kept.add(lock, LOCK)
    prepared.save(key, blob.getvalue())


def detach(made: Path, cache: Path) -> None:
    """Copy what is only linked to in a plug-in cache, for another init may write over it there."""
    for package in _packages(made):
        if package.is_symlink() and package.resolve().is_relative_to(cache.resolve()):
            original = package.resolve()
            package.unlink()
            shutil.copytree(original, package)


def wipe(site: Site, made: Path, own_lock: bool) -> None:
    """Forget an initialisation, and the lock file that is its own. Packages are only linked to."""
    shutil.rmtree(made, ignore_errors=True)
    if own_lock:
        (site.directory / LOCK).unlink(missing_ok=True)


def _packages(made: Path) -> list[Path]:
    return [path for path in sorted(made.joinpath("providers").glob(PACKAGE)) if path.is_dir()]


def _fixed(made: Path) -> bool:
    """Every module is here, or of a registry, or at a commit or version: not at a branch, which moves."""
    try:
        modules = json.loads((made / "modules" / "modules.json").read_text())["Modules"]
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError):
        return False
    return all(
        module.get("Version")
        or not module.get("Source")
        or module["Source"].startswith(("./", "../"))
        or FIXED.search(module["Source"])
        for module in modules
    )


def _checked(package: Path, locked: str) -> bool:
    """The lock file has an `h1:` of this provider in this version."""
    address, version = "/".join(package.parts[-5:-2]), package.parts[-2]
    entry = next((body for name, body in ENTRY.findall(locked) if name == address), "")
    named = VERSION.search(entry)
    return named is not None and named[1] == version and '"h1:' in entry


def _put_away(package: Path, folder: Path) -> None:
    """Move a package to the folder of the pull request, and link to it. One that is there and equal serves as well.

    What is already linked (to a plug-in cache, a mirror) stays so.
    """
    if package.is_symlink():
        return
    name = "-".join(package.parts[-5:])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    if place.is_dir() and not _equal(place, package):
        place = Path(tempfile.mkdtemp(dir=folder, prefix=f"{place.name}-")) / "package"
    if not place.exists():
        with suppress(OSError):  # another project of the pull request was first
            os.rename(package, place)
    elif package.exists():
        shutil.rmtree(package)
    if package.exists():
        return
    package.symlink_to(place)


def _equal(one: Path, other: Path) -> bool:
    names = [sorted(path.relative_to(top) for path in top.rglob("*")) for top in (one, other)]
    return names[0] == names[1] and all(
        (one / name).is_dir() or filecmp.cmp(one / name, other / name, shallow=False) for name in names[0]
    )
