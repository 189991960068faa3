"""Which files of a tree a chart is rendered from: all of its own, its local dependencies' and the values files.

Called by the tool. Never runs Helm; where a Chart.yaml cannot be read it stops there, and Helm says why.
"""

import posixpath
from collections.abc import Iterator
from contextlib import suppress

from bot.core.errors import Refused
from bot.core.globs import matches
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render import kustomizations
from bot.kube.render.charts import FILE, OLD_DEPENDENCIES, Chart, chart_of
from bot.kube.render.paths import Paths


def charts(tree: Tree) -> list[str]:
    """Directories of charts that stand by themselves: no library, not in another chart, and of use to no other."""
    paths = Paths(tree)
    found = set(tree.files.named(FILE))
    outer = {one for one in found if not _within(one, found) and not _hidden(one)}
    used = {path for one in outer for path in _local(paths, one)}
    for directory in kustomizations.directories(tree):
        used |= set(kustomizations.referred(paths, directory))
    return sorted(one for one in outer - used if not _library(paths, one))


def inputs(tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
    """Every file that counts. Raises Refused where a path leaves the repository."""
    paths = Paths(tree)
    directory = paths.follow(".", project.dir, "the project's directory")
    apart = tuple(f"{other}/" for other in others if _below(other, directory))
    found = {path for path in paths.everything(directory) if not path.startswith(apart)}
    todo, seen = [directory], {directory}
    while todo:
        for needed in _local(paths, todo.pop()):
            if needed not in seen:
                seen.add(needed)
                todo.append(needed)
                found |= paths.everything(needed)
    for values in project.kubernetes.values:
        found.add(paths.follow(project.dir, values, f"{project.name}: helm values"))
    found |= {path for pattern in project.inputs for path in tree.files if matches(path, pattern)}
    return frozenset((found | paths.links) & tree.files.keys())


def _local(paths: Paths, directory: str) -> Iterator[str]:
    chart = _chart(paths, directory)
    for dependency in chart.dependencies if chart else ():
        if dependency.local is not None:
            yield paths.follow(directory, dependency.local, f"{directory}: dependency {dependency.name}")


def _chart(paths: Paths, directory: str) -> Chart | None:
    with suppress(Refused, KeyError):
        file = paths.follow(directory, FILE, "symbolic link")
        old = posixpath.normpath(posixpath.join(directory, OLD_DEPENDENCIES))
        return chart_of(paths.tree.read(file), file, paths.tree.read(old) if paths.is_file(old) else None)
    return None


def _library(paths: Paths, directory: str) -> bool:
    chart = _chart(paths, directory)
    return chart is not None and chart.library


def _within(directory: str, others: set[str]) -> bool:
    return any(_below(directory, other) for other in others)


def _below(path: str, directory: str) -> bool:
    return path != directory and (directory == "." or path.startswith(f"{directory}/"))


def _hidden(directory: str) -> bool:
    return any(part.startswith(".") and part != "." for part in directory.split("/"))
