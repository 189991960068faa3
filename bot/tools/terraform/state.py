"""Where state is kept: as the backend says, or, where it would go with the checkout, in the place's own folder."""

import itertools
import json
import os
import posixpath
import shutil
from pathlib import Path

from bot.atomic_file import replace_file
from bot.core.errors import Refused
from bot.ports import Site
from bot.tools.terraform.backends import Backend, read_backends
from bot.tools.terraform.configuration import is_configuration, names_read
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.keys import OPTIONS

OVERRIDE = "zzzz_gitops_bot_override.tf"
STATE, ERRORED = "terraform.tfstate", "errored.tfstate"
COPIES = 10
NOTE = "No backend: the state is kept on the bot's disk."


def prepare(site: Site, program: str) -> bool:
    """Give a project without a lasting backend a local one under `site.state_dir`; tell whether it has its state there.

    Raises Refused where that would not be the state that people mean.
    """
    if _has_lasting_backend(site, program):
        return False
    committed = [name for name in (STATE, f"{STATE}.d") if (site.directory / name).exists()]
    if committed and not any(site.state_dir.iterdir()):
        raise Refused(
            f"{site.project.name}: {committed[0]} is in Git, and this project has no backend: its state is kept by the "
            f"bot. Take it out of Git; to go on with it, its operator copies it to {site.state_dir / STATE}"
        )
    state_dir = json.dumps(str(site.state_dir)).replace("${", "$${").replace("%{", "%%{")[1:-1]
    text = (
        'terraform {\n  backend "local" {\n'
        f'    path          = "{posixpath.join(state_dir, "terraform.tfstate")}"\n'
        f'    workspace_dir = "{posixpath.join(state_dir, "workspaces")}"\n'
        "  }\n}\n"
    )
    replace_file(site.directory / OVERRIDE, text.encode())
    if site.project.workspace != "default":
        (site.state_dir / "workspaces" / site.project.workspace).mkdir(mode=0o700, parents=True, exist_ok=True)
    return True


def is_kept(site: Site) -> bool:
    """Tell whether the state is in the place's own folder, as `prepare` had it."""
    return (site.directory / OVERRIDE).exists()


def verify_backend(site: Site, tf_data_dir: Path) -> None:
    """Refuse to go on where init did not put the state where `prepare` meant it: what Terraform read is what counts.

    `tf_data_dir` is TF_DATA_DIR, in which init leaves the backend that it chose. Raises Refused.
    """
    overridden = (site.directory / OVERRIDE).exists()
    try:
        backend = json.loads((tf_data_dir / "terraform.tfstate").read_text())["backend"]
        config = backend["config"] if backend["type"] == "local" else None
    except (OSError, ValueError, KeyError):
        config = {}
    path = None if config is None else str(config.get("path") or "")
    if overridden and path == str(site.state_dir / "terraform.tfstate"):
        return
    if overridden or not (path is None or path.startswith("/")):
        raise Refused(
            f"{site.project.name}: its state would not be kept; write its `backend` block plainly, in a .tf file"
        )
    for location in (path, str((config or {}).get("workspace_dir") or "")):
        _refuse_own_directory(site, location)
        _refuse_lost(site, location)


def _refuse_own_directory(site: Site, location: str | None) -> None:
    """What the bot keeps is led to by nothing that a pull request says: it may be another project's state."""
    parts = (site.root, site.state_dir, site.log.parent)
    top = Path(os.path.commonpath(parts))
    own = {top.resolve(), *((top / part.relative_to(top).parts[0]).resolve() for part in parts if part != top)}
    if location and any((site.directory / location).resolve().is_relative_to(directory) for directory in own):
        raise Refused(
            f"{site.project.name}: its backend leads into the bot's own directory; put its state elsewhere, "
            "or take the `backend` block out, and the bot keeps it"
        )


def _refuse_lost(site: Site, location: str | None) -> None:
    """A state that the cage does not let out would be gone after the apply."""
    if location and not site.cage.keeps(site.directory / location):
        raise Refused(
            f"{site.project.name}: its state is at {location}, where the cage lets nothing be written; its operator "
            "adds the directory to CAGE__WRITE"
        )


def back_up(site: Site) -> None:
    """Copy the kept state aside, the newest few copies staying."""
    state_file = site.state_dir / "terraform.tfstate"
    if site.project.workspace != "default":
        state_file = site.state_dir / "workspaces" / site.project.workspace / "terraform.tfstate"
    if not state_file.exists():
        return
    copies = site.state_dir / "copies" / site.project.workspace
    copies.mkdir(parents=True, exist_ok=True, mode=0o700)
    serial = Document(state_file, "the kept state").piece("serial") or 0
    shutil.copy2(state_file, copies / f"{int(serial):08}.tfstate")
    for old in sorted(copies.iterdir())[:-COPIES]:
        old.unlink()


def archive_errored(site: Site, errored_state: Path) -> Path:
    """Move what an apply could not save out of the checkout, which goes with the run. Nothing is written over."""
    archive = site.state_dir / ERRORED
    archive.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = (archive / f"{site.project.workspace}-{number:04}.tfstate" for number in itertools.count())
    target = next(path for path in names if not path.exists())
    shutil.move(errored_state, target)
    return target


def _refuse_unread_backend(site: Site, program: str) -> None:
    """A backend in a file that only the other program reads is meant, and would be passed over."""
    names = {path.name for path in site.directory.iterdir() if path.is_file() and is_configuration(path.name)}
    for name in sorted(names.difference(names_read(names, program))):
        if any(not backend.is_relative_local for backend in read_backends(name, (site.directory / name).read_bytes())):
            raise Refused(
                f"{site.project.name}: its state would not be kept: {program} does not read {name}, where its "
                "`backend` is; set `binary`, or write the block in a .tf file"
            )


def _has_lasting_backend(site: Site, program: str) -> bool:
    """A remote backend, a cloud block, or a local one at an absolute path.

    Where the state is ours to keep, nothing of the pull request may lead it elsewhere: Refused.
    """
    backends: list[Backend] = []
    for name in names_read((path.name for path in site.directory.iterdir()), program):
        path = site.directory / name
        if name == OVERRIDE or not path.is_file():
            continue
        blocks = read_backends(name, path.read_bytes())
        if blocks and "override." in path.name:
            raise Refused(
                f"{site.project.name}: a backend in {path.name} overrides where the state is; put it elsewhere"
            )
        backends += blocks
    lasting = any(not backend.is_relative_local for backend in backends)
    if not lasting:
        _refuse_unread_backend(site, program)
    if not lasting and OPTIONS.of(site.project).backend_config:
        raise Refused(f"{site.project.name}: `backend_config` without a backend to configure")
    return lasting
