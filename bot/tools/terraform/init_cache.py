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

from bot.atomic_file import replace_file
from bot.ports import PullCache, Site
from bot.tools.terraform.init_fingerprint import LOCK, sign_lock

MOST_BYTES = 64 << 20
PROVIDER_BLOCK = re.compile(r'^provider\s+"([^"]+)"\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL)
VERSION = re.compile(r'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
PACKAGE = "*/*/*/*/*"  # host/namespace/name/version/platform
PINNED_REF = re.compile(r"[?&]ref=(?:[0-9a-f]{40}|v?\d+\.\d+\.\d+(?:[+-][\w.+-]*)?)(?:&|$)")


def restore(site: Site, prepared: PullCache, fingerprint: str, tf_data_dir: Path) -> bool:
    """Lay out what was kept by that fingerprint as if init had just run; whether there was any."""
    blob = prepared.load(fingerprint)
    if blob is None:
        return False
    shutil.rmtree(tf_data_dir, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        members = archive.getmembers()
        archive.extraction_filter = lambda member, path: member  # sealed by us; before 3.11.4 `filter=` is not known
        archive.extractall(tf_data_dir, [member for member in members if member.name != LOCK])
        for lock in (archive.extractfile(member) for member in members if member.name == LOCK):
            replace_file(site.directory / LOCK, lock.read() if lock else b"")
    return True


def save(site: Site, prepared: PullCache, fingerprint: str, tf_data_dir: Path, own_lock: bool) -> None:
    """Keep what init has just made, before anything else ran. `own_lock`: init wrote the lock file, which is marked."""
    lock = site.directory / LOCK
    if own_lock and lock.is_file():
        replace_file(lock, sign_lock(lock.read_bytes(), prepared.secret))
    lock_text = lock.read_text(errors="replace") if lock.is_file() else ""
    packages = _packages(tf_data_dir)
    if not _modules_pinned(tf_data_dir) or not all(_has_hash(package, lock_text) for package in packages):
        return
    for package in packages:
        _share_package(package, prepared.folder)
    size = sum(path.lstat().st_size for path in tf_data_dir.rglob("*"))
    if size > MOST_BYTES:
        return
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w") as archive:
        archive.add(tf_data_dir, ".")
        if own_lock and lock.is_file():
            archive.add(lock, LOCK)
    prepared.save(fingerprint, blob.getvalue())


def detach(tf_data_dir: Path, cache: Path) -> None:
    """Copy what is only linked to in a plug-in cache, for another init may write over it there."""
    for package in _packages(tf_data_dir):
        if package.is_symlink() and package.resolve().is_relative_to(cache.resolve()):
            original = package.resolve()
            package.unlink()
            shutil.copytree(original, package)


def wipe(site: Site, tf_data_dir: Path, own_lock: bool) -> None:
    """Forget an initialisation, and the lock file that is its own. Packages are only linked to."""
    shutil.rmtree(tf_data_dir, ignore_errors=True)
    tf_data_dir.mkdir()
    if own_lock:
        (site.directory / LOCK).unlink(missing_ok=True)


def _packages(tf_data_dir: Path) -> list[Path]:
    return [path for path in sorted(tf_data_dir.joinpath("providers").glob(PACKAGE)) if path.is_dir()]


def _modules_pinned(tf_data_dir: Path) -> bool:
    """Every module is here, or of a registry, or at a commit or version: not at a branch, which moves."""
    try:
        modules = json.loads((tf_data_dir / "modules" / "modules.json").read_text())["Modules"]
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError):
        return False
    return all(
        module.get("Version")
        or not module.get("Source")
        or module["Source"].startswith(("./", "../"))
        or PINNED_REF.search(module["Source"])
        for module in modules
    )


def _has_hash(package: Path, lock_text: str) -> bool:
    """The lock file has an `h1:` of this provider in this version."""
    address, version = "/".join(package.parts[-5:-2]), package.parts[-2]
    provider_block = next((body for name, body in PROVIDER_BLOCK.findall(lock_text) if name == address), "")
    version_match = VERSION.search(provider_block)
    return version_match is not None and version_match[1] == version and '"h1:' in provider_block


def _share_package(package: Path, folder: Path) -> None:
    """Move a package to the folder of the pull request, and link to it. One that is there and equal serves as well.

    What is already linked (to a plug-in cache, a mirror) stays so.
    """
    if package.is_symlink():
        return
    name = "-".join(package.parts[-5:])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    if target.is_dir() and not _equal(target, package):
        target = Path(tempfile.mkdtemp(dir=folder, prefix=f"{target.name}-")) / "package"
    if not target.exists():
        with suppress(OSError):  # another project of the pull request was first
            os.rename(package, target)
    elif package.exists():
        shutil.rmtree(package)
    if package.exists():
        return
    package.symlink_to(target)


def _equal(package: Path, copy: Path) -> bool:
    names = [sorted(path.relative_to(top) for path in top.rglob("*")) for top in (package, copy)]
    return names[0] == names[1] and all(
        (package / name).is_dir() or filecmp.cmp(package / name, copy / name, shallow=False) for name in names[0]
    )
