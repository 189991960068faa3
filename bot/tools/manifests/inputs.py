"""Which files of a directory are manifests. Called with a commit's tree and with a checkout, which must agree."""

import posixpath
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from bot.core.globs import matches
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render.kustomizations import NAMES
from bot.kube.render.paths import Paths

SUFFIXES = (".yaml", ".yml", ".json")
HIDDEN = re.compile(r"(^|/)\.[^/]")


def inputs(tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
    """Every file that counts, with what links among them lead to. Raises Refused where one leaves the repository."""
    paths = Paths(tree)
    directory = paths.follow(".", project.dir, "the project's directory")
    found = set(chosen(paths.below(directory), directory, others))
    found |= {paths.follow(".", path, "symbolic link") for path in set(found)}
    found |= {path for pattern in project.inputs for path in tree.files if matches(path, pattern)}
    return frozenset((found | paths.links) & tree.files.keys())


def chosen(files: Iterable[str], directory: str, others: frozenset[str]) -> list[str]:
    """Of the files below a directory, those that are manifests: neither hidden, nor another project's."""
    apart = tuple(f"{other}/" for other in others if other not in (directory, ".") and _below(other, directory))
    return sorted(
        path
        for path in files
        if path.endswith(SUFFIXES)
        and _below(path, directory)
        and not path.startswith(apart)
        and posixpath.basename(path) not in NAMES
        and path != "gitops.yaml"
        and not HIDDEN.search(str(PurePosixPath(path).relative_to(directory)))
    )


def _below(path: str, directory: str) -> bool:
    return directory == "." or path.startswith(f"{directory}/")
