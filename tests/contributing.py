"""What CONTRIBUTING.md tells to write, put literally into a copy of the tree, and a stage whose bot runs from there."""

import re
import shutil
from pathlib import Path

from tests.docs.reading import TOP
from tests.staging import Stage

PAGE = TOP / "CONTRIBUTING.md"
SHOWN_FILE = re.compile(r"`(\w[\w/.]*)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(heading: str) -> dict[str, str]:
    """The files that a section shows, by path: code blocks after a line that ends with the path and a colon."""
    _, _, rest = PAGE.read_text().partition(f"\n## {heading}\n")
    section, *_ = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)
    return dict(SHOWN_FILE.findall(section))


def copy_tree(directory: Path, files: dict[str, str]) -> Path:
    """Copy the program and add these files, none of which it has yet; the copy."""
    shutil.copytree(TOP / "bot", directory / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(text)
    return directory


class StageFromCopy(Stage):
    """A stage whose bot runs from a copy of the tree."""

    def __init__(self, directory: Path, settings: dict[str, str], tree: Path) -> None:
        super().__init__(directory, settings)
        self._tree = tree

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": str(self._tree)}
