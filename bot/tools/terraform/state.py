"""Where state is kept: as the backend says, or, where it would go with the checkout, in the place's own folder."""

import itertools
import json
import os
import posixpath
import shutil
import tempfile
from pathlib import Path

from bot.core.errors import Refused
from bot.ports import Site
from bot.tools.terraform import hcl
from bot.tools.terraform.inputs import CONFIGURATION

OVERRIDE = "zzzz_gitops_bot_override.tf"
ERRORED = "errored.tfstate"
COPIES = 10
NOTE = "This project has no backend: its state is kept on the bot's disk."


def prepare(site: Site) -> tuple[str, ...]:
    """Give a project without a lasting backend a local one under `site.kept`. Returns what people should know of it."""
    if _has_lasting_backend(site):
        return ()
    kept = json.dumps(str(site.kept)).replace("${", "$${").replace("%{", "%%{")[1:-1]
    text = (
        'terraform {\n  backend "local" {\n'
        f'    path          = "{posixpath.join(kept, "terraform.tfstate")}"\n'
        f'    workspace_dir = "{posixpath.join(kept, "workspaces")}"\n'
        "  }\n}\n"
    )
    put(site.directory / OVERRIDE, text.encode())
    return (NOTE,)


def check(site: Site, initialised: Path) -> None:
    """Refuse to go on where init did not put the state where `prepare` meant it: what Terraform read is what counts.

    `initialised` is TF_DATA_DIR, in which init leaves the backend that it chose.
    """
    kept = (site.directory / OVERRIDE).exists()
    try:
        chosen = json.loads((initialised / "terraform.tfstate").read_text())["backend"]
        path = str(chosen["config"].get("path") or "") if chosen["type"] == "local" else None
    except (OSError, ValueError, KeyError):
        path = ""
    if path == str(site.kept / "terraform.tfstate") if kept else path is None or path.startswith("/"):
        return
    raise Refused(f"{site.project.name}: its state would not be kept; write its `backend` block plainly, in a .tf file")


def put(target: Path, content: bytes) -> None:
    """Put our file there, whatever the pull request has put there: a link is replaced, never followed."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as aside:
        aside.write(content)
    os.replace(aside.name, target)


def back_up(site: Site) -> None:
    """Copy the kept state aside, the newest few copies staying."""
    current = site.kept / "terraform.tfstate"
    if site.project.workspace != "default":
        current = site.kept / "workspaces" / site.project.workspace / "terraform.tfstate"
    if not current.exists():
        return
    copies = site.kept / "copies" / site.project.workspace
    copies.mkdir(parents=True, exist_ok=True, mode=0o700)
    serial = json.loads(current.read_text()).get("serial", 0)
    shutil.copy2(current, copies / f"{int(serial):08}.tfstate")
    for old in sorted(copies.iterdir())[:-COPIES]:
        old.unlink()


def keep_errored(site: Site, lost: Path) -> Path:
    """Move what an apply could not save out of the checkout, which goes with the run. Nothing is written over."""
    kept = site.kept / ERRORED
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = (kept / f"{site.project.workspace}-{number:04}.tfstate" for number in itertools.count())
    target = next(path for path in names if not path.exists())
    shutil.move(lost, target)
    return target


def _has_lasting_backend(site: Site) -> bool:
    """A remote backend, a cloud block, or a local one at an absolute path.

    Where the state is ours to keep, nothing of the pull request may lead it elsewhere: Refused.
    """
    found: list[str] = []
    for path in sorted(path for path in site.directory.iterdir() if path.name.endswith(CONFIGURATION)):
        if path.name == OVERRIDE or not path.is_file():
            continue
        blocks = hcl.backends(path.name, path.read_bytes())
        if blocks and "override." in path.name:
            raise Refused(
                f"{site.project.name}: a backend in {path.name} overrides where the state is; put it elsewhere"
            )
        found += blocks
    lasting = any(not hcl.is_ours(block) for block in found)
    if not lasting and site.project.terraform.backend_config:
        raise Refused(f"{site.project.name}: `backend_config` without a backend to configure")
    return lasting
