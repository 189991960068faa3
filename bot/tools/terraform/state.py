"""Where state is kept: as the backend says, or, where it would go with the checkout, in the place's own folder."""

import itertools
import json
import posixpath
import shutil
from pathlib import Path

from bot.atomic_file import replace_file
from bot.core.errors import Refused
from bot.ports import Site
from bot.tools.terraform import hcl
from bot.tools.terraform.inputs import CONFIGURATION
from bot.tools.terraform.keys import OPTIONS

OVERRIDE = "zzzz_gitops_bot_override.tf"
ERRORED = "errored.tfstate"
COPIES = 10
NOTE = "This project has no backend: its state is kept on the bot's disk."


def prepare(site: Site) -> tuple[str, ...]:
    """Give a project without a lasting backend a local one under `site.state_dir`. Returns what people should know."""
    if _has_lasting_backend(site):
        return ()
    state_dir = json.dumps(str(site.state_dir)).replace("${", "$${").replace("%{", "%%{")[1:-1]
    text = (
        'terraform {\n  backend "local" {\n'
        f'    path          = "{posixpath.join(state_dir, "terraform.tfstate")}"\n'
        f'    workspace_dir = "{posixpath.join(state_dir, "workspaces")}"\n'
        "  }\n}\n"
    )
    replace_file(site.directory / OVERRIDE, text.encode())
    return (NOTE,)


def verify_backend(site: Site, tf_data_dir: Path) -> None:
    """Refuse to go on where init did not put the state where `prepare` meant it: what Terraform read is what counts.

    `tf_data_dir` is TF_DATA_DIR, in which init leaves the backend that it chose. Raises Refused.
    """
    overridden = (site.directory / OVERRIDE).exists()
    try:
        backend = json.loads((tf_data_dir / "terraform.tfstate").read_text())["backend"]
        path = str(backend["config"].get("path") or "") if backend["type"] == "local" else None
    except (OSError, ValueError, KeyError):
        path = ""
    if path == str(site.state_dir / "terraform.tfstate") if overridden else path is None or path.startswith("/"):
        return
    raise Refused(f"{site.project.name}: its state would not be kept; write its `backend` block plainly, in a .tf file")


def back_up(site: Site) -> None:
    """Copy the kept state aside, the newest few copies staying."""
    state_file = site.state_dir / "terraform.tfstate"
    if site.project.workspace != "default":
        state_file = site.state_dir / "workspaces" / site.project.workspace / "terraform.tfstate"
    if not state_file.exists():
        return
    copies = site.state_dir / "copies" / site.project.workspace
    copies.mkdir(parents=True, exist_ok=True, mode=0o700)
    serial = json.loads(state_file.read_text()).get("serial", 0)
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


def _has_lasting_backend(site: Site) -> bool:
    """A remote backend, a cloud block, or a local one at an absolute path.

    Where the state is ours to keep, nothing of the pull request may lead it elsewhere: Refused.
    """
    backends: list[str] = []
    for path in sorted(path for path in site.directory.iterdir() if path.name.endswith(CONFIGURATION)):
        if path.name == OVERRIDE or not path.is_file():
            continue
        blocks = hcl.backends(path.name, path.read_bytes())
        if blocks and "override." in path.name:
            raise Refused(
                f"{site.project.name}: a backend in {path.name} overrides where the state is; put it elsewhere"
            )
        backends += blocks
    lasting = any(not hcl.is_relative_local(block) for block in backends)
    if not lasting and OPTIONS.of(site.project).backend_config:
        raise Refused(f"{site.project.name}: `backend_config` without a backend to configure")
    return lasting
