"""What a checkout must have for the tool to run as in every other, and what it may lack. Called by `terraform.py`."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot.core.errors import Refused
from bot.core.plan import Notice, Severity
from bot.core.sentences import join_names
from bot.ports import Site
from bot.tools.terraform.configuration import CONFIGURATION

DATA_DIR, LINKS = "terraform", ".gitops-bot"
LFS_POINTER, LARGEST_POINTER = b"version https://git-lfs.github.com/spec/", 1024
SUBMODULE_PATH = re.compile(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)
VARIABLES = (".tfvars", ".tfvars.json")


def link_data_dir(site: Site) -> str:
    """Link TF_DATA_DIR, which is in the scratch, from the checkout; its path as seen from the project's directory.

    Paths of downloaded modules (`path.module`) begin with it and are stored in plans, so it is the same for every
    checkout of the project. Raises Refused where the repository has something in its place.
    """
    directory, root = site.directory.resolve(), site.root.resolve()
    name = hashlib.sha256(f"{site.project.dir}\0{site.project.workspace}".encode()).hexdigest()[:12]
    link = root / LINKS / name
    (site.scratch / DATA_DIR).mkdir(exist_ok=True)
    if root.is_dir():
        try:
            if link.parent.is_symlink():
                raise NotADirectoryError(link.parent)
            link.parent.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=link.parent) as aside:
                os.symlink(site.scratch / DATA_DIR, f"{aside}/link")
                os.replace(f"{aside}/link", link)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise Refused(f"the repository has a {LINKS} of its own, a name that the bot uses: rename it") from error
    return os.path.relpath(link, directory)


def checkout_notices(site: Site) -> Iterator[Notice]:
    """Warn of files that are not what they seem. Raises Refused where the tool would take one for configuration."""
    pointers = [path.relative_to(site.root).as_posix() for path in sorted(_files(site)) if _is_pointer(path)]
    if read := [name for name in pointers if name.endswith((*CONFIGURATION, *VARIABLES))]:
        raise Refused(f"{join_names(read)}: in Git LFS, from which nothing is fetched here; keep it in Git itself")
    if pointers:
        yield Notice(
            Severity.WARNING,
            f"Git LFS has the content of {join_names(pointers)}",
            "It is not fetched here: the plan sees pointers in its place. Keep in Git itself what a plan reads.",
        )
    if submodules := [path for path in _submodules(site.root) if _is_near(path, site.project.dir)]:
        yield Notice(
            Severity.WARNING,
            f"Submodules are not fetched: {join_names(submodules)} is empty here",
            'A module can be had from its own repository: `source = "git::https://…?ref=…"`.',
        )


def names_file(site: Site, text: str) -> bool:
    """Whether a value is the path of a file in the checkout, or leads to a directory: its provider may read that."""
    path = Path(os.path.normpath(site.directory / text))
    return path.is_relative_to(site.root) and (path.is_file() or ("/" in text and path.is_dir()))


def _files(site: Site) -> Iterator[Path]:
    for folder, folders, names in os.walk(site.directory):
        folders[:] = [name for name in folders if name not in (".git", LINKS)]
        yield from (Path(folder, name) for name in names)


def _is_pointer(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_POINTER:
        return False
    return path.read_bytes().startswith(LFS_POINTER)


def _submodules(root: Path) -> list[str]:
    """Paths of submodules that are not there: a checkout leaves an empty directory."""
    modules = root / ".gitmodules"
    if modules.is_symlink() or not modules.is_file():
        return []
    paths = SUBMODULE_PATH.findall(modules.read_text(errors="replace"))
    return [path for path in paths if ".." not in path.split("/") and not any(_children(root / path))]


def _children(directory: Path) -> Iterator[Path]:
    if directory.is_dir():
        yield from directory.iterdir()


def _is_near(path: str, directory: str) -> bool:
    """Within the project, or around it."""
    return directory == "." or f"{path}/".startswith(f"{directory}/") or f"{directory}/".startswith(f"{path}/")
