"""Gives Helm a chart with all that it depends on. Called before each rendering; fetches nothing.

Charts in `charts/` are vendored. Those named by `file://` are put there in a copy made of links, as
`helm dependency build` would in the checkout.
"""

import os
from pathlib import Path

from bot.core.errors import Refused
from bot.kube.render.charts import CHART_FILE, REQUIREMENTS_FILE, Chart, ChartDependency, read_chart
from bot.kube.render.renderer import RenderRequest, refuse_escaping_links

DEEPEST = 10
VENDORED = "charts"


def stage_chart(request: RenderRequest) -> Path:
    """The chart's directory, or a copy in the scratch that has its local dependencies. Raises Refused."""
    refuse_escaping_links(request, request.directory)
    return _ChartStager(request).stage(request.directory, request.scratch / "chart", 0)


class _ChartStager:
    """Stages the chart of one request."""

    def __init__(self, request: RenderRequest) -> None:
        self._request, self._root = request, request.root.resolve()

    def stage(self, directory: Path, target: Path, depth: int) -> Path:
        """The chart's directory, or the copy at `target` with what it lacks. Raises Refused without a dependency."""
        if depth > DEEPEST:
            raise Refused(f"{self._relative(directory)}: depends on itself")
        missing = self._missing_dependencies(directory, self._read_chart(directory))
        if not missing:
            return directory
        target.mkdir(parents=True)
        _link(directory, target, except_name=VENDORED)
        (target / VENDORED).mkdir()
        if (directory / VENDORED).is_dir():
            _link(directory / VENDORED, target / VENDORED)
        for name, source in missing.items():
            dependency_target = target / VENDORED / name
            staged = self.stage(source, dependency_target, depth + 1)
            if staged != dependency_target:
                dependency_target.symlink_to(staged, target_is_directory=True)
        return target

    def _missing_dependencies(self, directory: Path, chart: Chart) -> dict[str, Path]:
        """Where the local dependencies are that are not vendored."""
        vendored = self._vendored_names(directory / VENDORED)
        return {
            dependency.name: self._local_chart(directory, dependency)
            for dependency in chart.dependencies
            if not _is_vendored(vendored, dependency)
        }

    def _local_chart(self, directory: Path, dependency: ChartDependency) -> Path:
        if dependency.local_path is None:
            raise Refused(
                f"{self._relative(directory)}: needs the chart {dependency.name} {dependency.version} "
                f"({dependency.repository or 'no repository'}), which is not in {VENDORED}/: "
                "run `helm dependency build` and commit what it puts there"
            )
        path = (directory / dependency.local_path).resolve()
        if not path.is_relative_to(self._root):
            raise Refused(f"{self._relative(directory)}: dependency {dependency.name} leaves the repository")
        if not (path / CHART_FILE).is_file():
            raise Refused(
                f"{self._relative(directory)}: there is no chart {dependency.name} at {dependency.repository}"
            )
        refuse_escaping_links(self._request, path)
        return path

    def _vendored_names(self, folder: Path) -> frozenset[str]:
        """Names of the charts in a folder, and of archives, which start with their chart's."""
        names: set[str] = set()
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.suffix == ".tgz":
                names.add(path.name)
            elif (path / CHART_FILE).is_file():
                names.add(self._read_chart(path).name)
        return frozenset(names)

    def _read_chart(self, directory: Path) -> Chart:
        file, old_dependencies = directory / CHART_FILE, directory / REQUIREMENTS_FILE
        if not file.is_file():
            raise Refused(f"{self._relative(directory)}: has no {CHART_FILE}")
        return read_chart(
            file.read_bytes(),
            self._relative(file),
            old_dependencies.read_bytes() if old_dependencies.is_file() else None,
        )

    def _relative(self, path: Path) -> str:
        return os.path.relpath(path.resolve(), self._root)


def _is_vendored(vendored: frozenset[str], dependency: ChartDependency) -> bool:
    prefix = f"{dependency.name}-"
    return any(name == dependency.name or (name.startswith(prefix) and name.endswith(".tgz")) for name in vendored)


def _link(directory: Path, target: Path, except_name: str = "") -> None:
    for path in directory.iterdir():
        if path.name != except_name:
            (target / path.name).symlink_to(path.resolve())
