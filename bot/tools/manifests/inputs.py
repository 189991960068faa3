"""Which files of a directory are manifests. Called with a commit's tree and with a checkout, which must agree."""

import posixpath
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from bot.core.project import Project
from bot.core.tree import Tree, is_below
from bot.core.tree_paths import TreePaths
from bot.kube.render.kustomizations import KUSTOMIZATION_FILES

SUFFIXES = (".yaml", ".yml", ".json")
HIDDEN = re.compile(r"(^|/)\.[^/]")


def inputs(tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
    """Every file that counts, with what links among them lead to. Raises Refused where one leaves the repository."""
    paths = TreePaths(tree)
    directory = paths.follow(".", project.dir, "the project's directory")
    files = set(select_manifests(paths.below(directory), directory, other_dirs))
    files |= {paths.follow(".", path, "symbolic link") for path in set(files)}
    files |= paths.listed_files(project.inputs)
    return frozenset((files | paths.links) & tree.files.keys())


def select_manifests(files: Iterable[str], directory: str, other_dirs: frozenset[str]) -> list[str]:
    """Of the files below a directory, those that are manifests: neither hidden, nor another project's."""
    excluded = tuple(
        f"{project_dir}/"
        for project_dir in other_dirs
        if project_dir not in (directory, ".") and is_below(project_dir, directory)
    )
    return sorted(
        path
        for path in files
        if path.endswith(SUFFIXES)
        and is_below(path, directory)
        and not path.startswith(excluded)
        and posixpath.basename(path) not in KUSTOMIZATION_FILES
        and path != "gitops.yaml"
        and not HIDDEN.search(str(PurePosixPath(path).relative_to(directory)))
    )
