"""Checkouts for the tests of rendering: files written to a folder, and that folder as a commit's tree."""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from bot.core.tree import Files, TreeEntry
from bot.kube.render.renderer import RenderOptions, RenderRequest
from tests.caging import strongest_cage

EXAMPLES = Path(__file__).parents[2] / "examples" / "kubernetes"
PATH = {"PATH": os.environ["PATH"]}


class Folder:
    """A folder as a `Tree`; links are links."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def files(self) -> Files:
        found = Files()
        for folder, folders, files in os.walk(self.root):
            for name in (*(one for one in folders if Path(folder, one).is_symlink()), *files):
                path = Path(folder, name)
                mode = "120000" if stat.S_ISLNK(path.lstat().st_mode) else "100644"
                found[path.relative_to(self.root).as_posix()] = TreeEntry(mode, self._id(path))
        return found

    def read(self, path: str) -> bytes:
        place = self.root / path
        if place.is_symlink():
            return os.fsencode(os.readlink(place))
        try:
            return place.read_bytes()
        except (FileNotFoundError, IsADirectoryError) as why:
            raise KeyError(path) from why

    def _id(self, path: Path) -> str:
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        return hashlib.sha256(content).hexdigest()


def written(root: Path, files: Mapping[str, str | bytes]) -> Folder:
    """A checkout with these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Folder(root)


def request(root: Path, directory: str, scratch: Path, **options: object) -> RenderRequest:
    """To render a directory of a checkout; `options` are those of the project."""
    scratch.mkdir(parents=True, exist_ok=True)
    return RenderRequest(root, directory, scratch, PATH, strongest_cage(), RenderOptions(**options))  # type: ignore[arg-type]


def config_map(name: str, **data: str) -> str:
    lines = "".join(f"\n  {key}: {value}" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:{lines or ' {}'}\n"
