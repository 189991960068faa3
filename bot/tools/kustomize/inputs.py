"""Which files of a tree a kustomization is made of: every reference is followed, as kustomize follows it.

Called by the tool. Never runs kustomize; where a file cannot be read as YAML it stops there, and kustomize says why.
"""

from bot.core.errors import Refused
from bot.core.globs import matches
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render import kustomizations
from bot.kube.render.kustomizations import PLUGINS, Reference
from bot.kube.render.paths import Paths


def overlays(tree: Tree) -> list[str]:
    """Directories of kustomizations that no other one refers to; neither components nor parts of a chart."""
    paths = Paths(tree)
    charts = tuple(f"{directory}/" for directory in tree.files.named("Chart.yaml") if directory != ".")
    found = [
        directory
        for directory in kustomizations.directories(tree)
        if not _hidden(directory) and not f"{directory}/".startswith(charts)
    ]
    used = {path for directory in found for path in kustomizations.referred(paths, directory) if path != directory}
    return [one for one in found if one not in used and not kustomizations.is_component(paths, one)]


def inputs(tree: Tree, project: Project, whole: bool = False) -> frozenset[str]:
    """Every file that counts. With `whole`, since plug-ins may read what they like, all below each directory.

    Raises Refused for what is elsewhere, or leaves the repository.
    """
    walk = _Walk(Paths(tree), whole)
    walk.all(project.dir)
    named = {path for pattern in project.inputs for path in tree.files if matches(path, pattern)}
    return frozenset((walk.found | walk.paths.links | named) & tree.files.keys())


class _Walk:
    """From one kustomization to all that it is made of; each is visited once, so circles end."""

    def __init__(self, paths: Paths, whole: bool) -> None:
        self.paths, self.found = paths, set[str]()
        self._whole = whole
        self._todo: list[tuple[str, str | None]] = []
        self._seen: set[tuple[str, str | None]] = set()

    def all(self, directory: str) -> None:
        self._go(self.paths.follow(".", directory, "the project's directory"), None)
        while self._todo:
            self._directory(*self._todo.pop())

    def _go(self, directory: str, plugin_root: str | None) -> None:
        if (directory, plugin_root) not in self._seen:
            self._seen.add((directory, plugin_root))
            self._todo.append((directory, plugin_root))

    def _directory(self, directory: str, plugin_root: str | None) -> None:
        """`plugin_root`: whose plug-ins are configured here, which is what their paths are relative to."""
        file = kustomizations.file_of(self.paths, directory)
        self.found |= {file, self.paths.follow(".", file, "symbolic link")} if file else set()
        self.found |= self.paths.everything(directory) if self._whole else set()
        for reference in kustomizations.references_of(self.paths, file):
            own = directory if reference.key in PLUGINS else plugin_root
            self._reference(directory, reference, own)

    def _reference(self, directory: str, reference: Reference, plugin_root: str | None) -> None:
        path = self._found_at(directory, reference)
        if reference.chart:
            self._chart(path, reference)
        elif self.paths.is_file(path):
            self._file(path, plugin_root)
        elif self.paths.is_directory(path):
            self._go(path, plugin_root)
        elif reference.remote:
            raise _remote(directory, reference)

    def _found_at(self, directory: str, reference: Reference) -> str:
        if "://" in reference.path:
            raise _remote(directory, reference)
        return self.paths.follow(directory, reference.path, f"{directory}: {reference.key}")

    def _file(self, path: str, plugin_root: str | None) -> None:
        if path in self.found and plugin_root is None:
            return
        self.found.add(path)
        if plugin_root is None:
            return
        for reference in kustomizations.references_of(self.paths, path):
            target = self._found_at(plugin_root, reference)
            if reference.chart:
                self._chart(target, reference)
            else:
                self.found.add(target)

    def _chart(self, path: str, reference: Reference) -> None:
        if not self.paths.is_directory(path) and reference.repository:
            raise Refused(f"the chart {reference.repository} cannot be fetched: vendor it at {path}")
        self.found |= self.paths.everything(path)


def _remote(directory: str, reference: Reference) -> Refused:
    return Refused(f"{directory}: {reference.key}: remote base {reference.path} cannot be followed: vendor it")


def _hidden(directory: str) -> bool:
    return any(part.startswith(".") and part != "." for part in directory.split("/"))
