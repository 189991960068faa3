"""Gives Helm a chart with all that it depends on. Called before each rendering; fetches nothing.

Charts in `charts/` are vendored. Those named by `file://` are put there in a copy made of links, as
`helm dependency build` would in the checkout.
"""

import os
from pathlib import Path

from bot.core.errors import Refused
from bot.kube.render.charts import FILE, OLD_DEPENDENCIES, Chart, Dependency, chart_of
from bot.kube.render.rendering import Request, contained

DEEPEST = 10
VENDORED = "charts"


def staged(request: Request) -> Path:
    """The chart's directory, or a copy in the scratch that has its local dependencies. Raises Refused."""
    contained(request, request.directory)
    return _Staging(request).chart(request.directory, request.scratch / "chart", 0)


class _Staging:
    """One request's."""

    def __init__(self, request: Request) -> None:
        self._request, self._root = request, request.root.resolve()

    def chart(self, directory: Path, into: Path, depth: int) -> Path:
        if depth > DEEPEST:
            raise Refused(f"{self._words(directory)}: depends on itself")
        absent = self._absent(directory, self._read(directory))
        if not absent:
            return directory
        into.mkdir(parents=True)
        _link(directory, into, but=VENDORED)
        (into / VENDORED).mkdir()
        if (directory / VENDORED).is_dir():
            _link(directory / VENDORED, into / VENDORED)
        for name, place in absent.items():
            target = into / VENDORED / name
            made = self.chart(place, target, depth + 1)
            if made != target:
                target.symlink_to(made, target_is_directory=True)
        return into

    def _absent(self, directory: Path, chart: Chart) -> dict[str, Path]:
        """Where the local dependencies are that are not vendored."""
        vendored = self._vendored(directory / VENDORED)
        return {one.name: self._local(directory, one) for one in chart.dependencies if not _has(vendored, one)}

    def _local(self, directory: Path, dependency: Dependency) -> Path:
        if dependency.local is None:
            raise Refused(
                f"{self._words(directory)}: needs the chart {dependency.name} {dependency.version} "
                f"({dependency.repository or 'no repository'}), which is not in {VENDORED}/: "
                "run `helm dependency build` and commit what it puts there"
            )
        place = (directory / dependency.local).resolve()
        if not place.is_relative_to(self._root):
            raise Refused(f"{self._words(directory)}: dependency {dependency.name} leaves the repository")
        if not (place / FILE).is_file():
            raise Refused(f"{self._words(directory)}: there is no chart {dependency.name} at {dependency.repository}")
        contained(self._request, place)
        return place

    def _vendored(self, folder: Path) -> frozenset[str]:
        """Names of the charts in a folder, and of archives, which start with their chart's."""
        found: set[str] = set()
        for entry in folder.iterdir() if folder.is_dir() else ():
            if entry.suffix == ".tgz":
                found.add(entry.name)
            elif (entry / FILE).is_file():
                found.add(self._read(entry).name)
        return frozenset(found)

    def _read(self, directory: Path) -> Chart:
        file, old = directory / FILE, directory / OLD_DEPENDENCIES
        if not file.is_file():
            raise Refused(f"{self._words(directory)}: has no {FILE}")
        return chart_of(file.read_bytes(), self._words(file), old.read_bytes() if old.is_file() else None)

    def _words(self, path: Path) -> str:
        return os.path.relpath(path.resolve(), self._root)


def _has(vendored: frozenset[str], dependency: Dependency) -> bool:
    start = f"{dependency.name}-"
    return any(one == dependency.name or (one.startswith(start) and one.endswith(".tgz")) for one in vendored)


def _link(directory: Path, into: Path, but: str = "") -> None:
    for entry in directory.iterdir():
        if entry.name != but:
            (into / entry.name).symlink_to(entry.resolve())
