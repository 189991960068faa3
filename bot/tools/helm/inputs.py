"""Which files of a tree a chart is rendered from: all of its own, its local dependencies' and the values files.

Called by the tool. Never runs Helm; where a Chart.yaml cannot be read it stops there, and Helm says why.
"""

import posixpath
from collections.abc import Iterator
from contextlib import suppress

from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.tree import Tree, is_below, is_hidden
from bot.core.tree_paths import TreePaths
from bot.kube.keys import OPTIONS
from bot.kube.render import kustomizations
from bot.kube.render.charts import CHART_FILE, REQUIREMENTS_FILE, Chart, read_chart


def charts(tree: Tree) -> list[str]:
    """Directories of charts that stand by themselves: no library, not in another chart, and of use to no other."""
    paths = TreePaths(tree)
    directories = set(tree.files.directories_with(CHART_FILE))
    outer = {
        directory
        for directory in directories
        if not _is_within_any(directory, directories) and not is_hidden(directory)
    }
    used = {path for directory in outer for path in _local_dependencies(paths, directory)}
    for directory in kustomizations.kustomization_directories(tree):
        used |= set(kustomizations.referenced_paths(paths, directory))
    return sorted(directory for directory in outer - used if not _is_library(paths, directory))


def inputs(tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
    """Every file that counts. Raises Refused where a path leaves the repository."""
    paths = TreePaths(tree)
    directory = paths.follow(".", project.dir, "the project's directory")
    excluded = tuple(f"{project_dir}/" for project_dir in other_dirs if is_below(project_dir, directory))
    files = {path for path in paths.reachable_files(directory) if not path.startswith(excluded)}
    pending, seen = [directory], {directory}
    while pending:
        for dependency in _local_dependencies(paths, pending.pop()):
            if dependency not in seen:
                seen.add(dependency)
                pending.append(dependency)
                files |= paths.reachable_files(dependency)
    for values in OPTIONS.of(project).values:
        files.add(paths.follow(project.dir, values, f"{project.name}: helm values"))
    files |= paths.listed_files(project.inputs)
    return frozenset((files | paths.links) & tree.files.keys())


def _local_dependencies(paths: TreePaths, directory: str) -> Iterator[str]:
    chart = _read_chart(paths, directory)
    for dependency in chart.dependencies if chart else ():
        if dependency.local_path is not None:
            yield paths.follow(directory, dependency.local_path, f"{directory}: dependency {dependency.name}")


def _read_chart(paths: TreePaths, directory: str) -> Chart | None:
    with suppress(Refused, KeyError):
        file = paths.follow(directory, CHART_FILE, "symbolic link")
        old_dependencies = posixpath.normpath(posixpath.join(directory, REQUIREMENTS_FILE))
        return read_chart(
            paths.tree.read(file), file, paths.tree.read(old_dependencies) if paths.is_file(old_dependencies) else None
        )
    return None


def _is_library(paths: TreePaths, directory: str) -> bool:
    chart = _read_chart(paths, directory)
    return chart is not None and chart.is_library


def _is_within_any(directory: str, directories: set[str]) -> bool:
    return any(is_below(directory, outer) for outer in directories)
