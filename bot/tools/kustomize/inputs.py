"""Which files of a tree a kustomization is made of: every reference is followed, as kustomize follows it.

Called by the tool. Never runs kustomize; where a file cannot be read as YAML it stops there, and kustomize says why.
"""

from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.tree import Tree, is_hidden
from bot.core.tree_paths import TreePaths
from bot.kube.render import kustomizations
from bot.kube.render.charts import CHART_FILE
from bot.kube.render.kustomizations import PLUGIN_KEYS, KustomizeReference


def overlays(tree: Tree) -> list[str]:
    """Directories of kustomizations that no other one refers to; neither components nor parts of a chart."""
    paths = TreePaths(tree)
    charts = tuple(f"{directory}/" for directory in tree.files.directories_with(CHART_FILE) if directory != ".")
    directories = [
        directory
        for directory in kustomizations.kustomization_directories(tree)
        if not is_hidden(directory) and not f"{directory}/".startswith(charts)
    ]
    used = {
        path
        for directory in directories
        for path in kustomizations.referenced_paths(paths, directory)
        if path != directory
    }
    return [
        directory
        for directory in directories
        if directory not in used and not kustomizations.is_component(paths, directory)
    ]


def inputs(tree: Tree, project: Project, whole_directories: bool = False) -> frozenset[str]:
    """Every file that counts. With `whole_directories`, since plug-ins may read what they like, all below each one.

    Raises Refused for what is elsewhere, or leaves the repository.
    """
    walk = _Walk(TreePaths(tree), whole_directories)
    walk.visit_all(project.dir)
    listed = walk.paths.listed_files(project.inputs)
    return frozenset((walk.files | walk.paths.links | listed) & tree.files.keys())


class _Walk:
    """From one kustomization to all that it is made of; each is visited once, so circles end."""

    def __init__(self, paths: TreePaths, whole_directories: bool) -> None:
        self.paths, self.files = paths, set[str]()
        self._whole_directories = whole_directories
        self._pending: list[tuple[str, str | None]] = []
        self._seen: set[tuple[str, str | None]] = set()

    def visit_all(self, directory: str) -> None:
        """Collect the files of a kustomization and of all that it refers to. Raises Refused."""
        self._enqueue(self.paths.follow(".", directory, "the project's directory"), None)
        while self._pending:
            self._visit_directory(*self._pending.pop())

    def _enqueue(self, directory: str, plugin_root: str | None) -> None:
        if (directory, plugin_root) not in self._seen:
            self._seen.add((directory, plugin_root))
            self._pending.append((directory, plugin_root))

    def _visit_directory(self, directory: str, plugin_root: str | None) -> None:
        """`plugin_root`: whose plug-ins are configured here, which is what their paths are relative to."""
        file = kustomizations.kustomization_file(self.paths, directory)
        self.files |= {file, self.paths.follow(".", file, "symbolic link")} if file else set()
        self.files |= self.paths.reachable_files(directory) if self._whole_directories else set()
        for reference in kustomizations.read_references(self.paths, file):
            reference_root = directory if reference.key in PLUGIN_KEYS else plugin_root
            self._visit_reference(directory, reference, reference_root)

    def _visit_reference(self, directory: str, reference: KustomizeReference, plugin_root: str | None) -> None:
        path = self._resolve(directory, reference)
        if reference.is_chart:
            self._visit_chart(path, reference)
        elif self.paths.is_file(path):
            self._visit_file(path, plugin_root)
        elif self.paths.is_directory(path):
            self._enqueue(path, plugin_root)
        elif reference.is_remote:
            raise _remote_refusal(directory, reference)

    def _resolve(self, directory: str, reference: KustomizeReference) -> str:
        if "://" in reference.path:
            raise _remote_refusal(directory, reference)
        return self.paths.follow(directory, reference.path, f"{directory}: {reference.key}")

    def _visit_file(self, path: str, plugin_root: str | None) -> None:
        if path in self.files and plugin_root is None:
            return
        self.files.add(path)
        if plugin_root is None:
            return
        for reference in kustomizations.read_references(self.paths, path):
            target = self._resolve(plugin_root, reference)
            if reference.is_chart:
                self._visit_chart(target, reference)
            else:
                self.files.add(target)

    def _visit_chart(self, path: str, reference: KustomizeReference) -> None:
        if not self.paths.is_directory(path) and reference.repository:
            raise Refused(f"the chart {reference.repository} cannot be fetched: vendor it at {path}")
        self.files |= self.paths.reachable_files(path)


def _remote_refusal(directory: str, reference: KustomizeReference) -> Refused:
    return Refused(f"{directory}: {reference.key}: remote base {reference.path} cannot be followed: vendor it")
