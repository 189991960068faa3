"""What a program needs of the machine itself, whatever it is for: libraries, certificates, names, programs on PATH.

Used by the kinds of cage. A look at the file system only: nothing of ours is known here. Never `/proc`, no private
keys, and of home directories only what PATH names.
"""

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

CODE = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
CERTIFICATES = (
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/crypto-policies",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/openssl.cnf",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/var/lib/ca-certificates",
)
NAMES = (
    "/etc/alternatives",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/timezone",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PACKAGES = "/opt/"


def system_paths(path: str) -> tuple[Path, ...]:
    """Return what a program whose PATH is `path` reads or runs of the machine: what is there of it, no device.

    Links among them, such as `/lib`, are for the caller to follow. None lies beneath another.
    """
    folders = [folder for folder in path.split(os.pathsep) if os.path.isabs(folder) and os.path.isdir(folder)]
    return _existing(tuple((folder, os.stat(folder).st_mtime_ns) for folder in folders))


def device_paths() -> tuple[Path, ...]:
    """Return the devices that every program reads and writes."""
    return tuple(Path(device) for device in DEVICES if os.path.exists(device))


def covering(directory: Path, path: str) -> Path | None:
    """Return the system path beneath which the directory lies, for what it holds could be read by every program."""
    real = directory.resolve()
    return next((place for place in system_paths(path) if real.is_relative_to(place.resolve())), None)


@lru_cache(maxsize=16)
def _existing(folders: tuple[tuple[str, int], ...]) -> tuple[Path, ...]:
    """The paths for directories of PATH, each with its time of change: what is installed or removed changes that."""
    searched = {_package(place) for folder, _ in folders for place in (folder, *_outside_targets(folder))}
    places = {place for place in (*CODE, *CERTIFICATES, *NAMES, sys.base_prefix, *searched) if os.path.exists(place)}
    return tuple(Path(place) for place in sorted(places) if not _is_beneath(place, places - {place}))


def _outside_targets(folder: str) -> Iterator[str]:
    """Where links to programs lead, if that is out of their directory and of the machine's own code."""
    with os.scandir(folder) as files:
        links = [file.path for file in files if file.is_symlink() and "/" in os.readlink(file.path)]
    return (target for target in map(os.path.realpath, links) if not _is_beneath(target, {folder, *CODE}))


def _package(place: str) -> str:
    """What programs are a part of: a package in `/opt`, a virtual environment, or nothing else."""
    if place.startswith(PACKAGES):
        return PACKAGES + place.removeprefix(PACKAGES).partition("/")[0]
    parent = os.path.dirname(place)
    return parent if os.path.exists(os.path.join(parent, "pyvenv.cfg")) else place


def _is_beneath(place: str, folders: set[str]) -> bool:
    return any(place.startswith(f"{folder.rstrip('/')}/") for folder in folders)
