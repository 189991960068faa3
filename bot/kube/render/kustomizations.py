"""What a kustomization says it is made of. Called by the tools' `inputs` and `discover`; never runs kustomize.

Fields of kustomize v5 and the old ones that it still reads, in letters of either case, as it does; plug-in
configurations are read in the same way.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.core.errors import Refused
from bot.core.tree import Tree
from bot.core.tree_paths import TreePaths
from bot.kube.objects.yaml_reader import Json, casefold_keys, read_documents

KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
API_GROUP = "kustomize.config.k8s.io/"
PLUGIN_KEYS = ("generators", "transformers", "validators")
_PATH_LISTS = (
    "resources",
    "bases",
    "components",
    *PLUGIN_KEYS,
    "crds",
    "configurations",
    "patchesStrategicMerge",
    "paths",
)
_PATH_TABLES = ("patches", "patchesJson6902", "replacements", "openapi")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_REMOTE = re.compile(r"://|^git@|^git::|\?(ref|version|submodules|timeout)=|github\.com[/:]|\.git(/|$)|/_git/")
_CHART_HOME = "charts"


@dataclass(frozen=True, slots=True)
class KustomizeReference:
    """A path or URL that stands under `key`; `repository` is where a chart would come from were it not there."""

    key: str
    path: str
    is_chart: bool = False
    repository: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether the reference leads out of the repository."""
        return bool(_REMOTE.search(self.path))


def kustomization_file(paths: TreePaths, directory: str) -> str | None:
    """Return the path of the directory's kustomization, if it has one."""
    candidates = (posixpath.normpath(posixpath.join(directory, name)) for name in KUSTOMIZATION_FILES)
    return next((path for path in candidates if paths.is_file(path)), None)


def kustomization_directories(tree: Tree) -> list[str]:
    """List every directory with a kustomization, readable or not; a file of that name but another API is none."""
    paths = TreePaths(tree)
    directories = {directory for name in KUSTOMIZATION_FILES for directory in tree.files.directories_with(name)}
    return sorted(
        directory
        for directory in directories
        if _field_text(paths, directory, "apiVersion", API_GROUP).startswith(API_GROUP)
    )


def is_component(paths: TreePaths, directory: str) -> bool:
    """Tell whether the directory's kustomization is a component."""
    return _field_text(paths, directory, "kind", "") == "Component"


def referenced_paths(paths: TreePaths, directory: str) -> Iterator[str]:
    """Yield the paths that the directory's kustomization names, where they can be followed."""
    with suppress(Refused):
        for reference in read_references(paths, kustomization_file(paths, directory)):
            with suppress(Refused):
                yield paths.follow(directory, reference.path, reference.key)


def read_references(paths: TreePaths, file: str | None) -> Iterator[KustomizeReference]:
    """Yield what the mappings of a file name. Raises Refused where it cannot be read, or must not be."""
    for content in _read_mappings(paths, file):
        yield from _references(content)


def _field_text(paths: TreePaths, directory: str, name: str, fallback: str) -> str:
    with suppress(Refused):
        for content in _read_mappings(paths, kustomization_file(paths, directory)):
            if text := _get_field(content, name):
                return str(text)
    return fallback


def _read_mappings(paths: TreePaths, file: str | None) -> list[Mapping[str, Json]]:
    target = paths.follow(".", file, "symbolic link") if file else ""
    return _parse_mappings(paths.tree.read(target), target) if paths.is_file(target) else []


def _parse_mappings(text: bytes | str, source: str) -> list[Mapping[str, Json]]:
    """Keys are in small letters, for `_get_field`."""
    values = [casefold_keys(document.value) for document in read_documents(text, source)]
    return [content for content in values if isinstance(content, dict)]


def _get_field(content: Mapping[str, Json], key: str) -> Json:
    return content.get(key.casefold())


def _references(content: Mapping[str, Json]) -> Iterator[KustomizeReference]:
    for key in _PATH_LISTS:
        for text in _strings(_get_field(content, key)):
            if key in PLUGIN_KEYS and any(mark in text for mark in ("\n", "{", ": ")):
                yield from _inline_plugin_references(text)
            if "\n" not in text and not text.lstrip().startswith("{"):
                yield KustomizeReference(key, text)
    for key in _PATH_TABLES:
        for table in _tables(_get_field(content, key)):
            yield from _reference_in(key, table, "path")
    for key in _GENERATORS:
        for table in _tables(_get_field(content, key)):
            yield from _generator_references(key, table)
    yield from _chart_references(content)
    yield from _plugin_references(content)


def _plugin_references(content: Mapping[str, Json]) -> Iterator[KustomizeReference]:
    """What only a plug-in's configuration has; in a kustomization they mean nothing."""
    yield from _generator_references("generator", content)
    yield from _reference_in("path", content, "path")
    for table in _tables(_get_field(content, "items")):
        yield from _references(table)


def _inline_plugin_references(text: str) -> Iterator[KustomizeReference]:
    """A plug-in's configuration that is written in place."""
    for content in _parse_mappings(text, "a plug-in that is written in place"):
        yield from _references(content)


def _generator_references(key: str, table: Mapping[str, Json]) -> Iterator[KustomizeReference]:
    for text in _strings(_get_field(table, "files")):
        name, _, path = text.partition("=")
        yield KustomizeReference(f"{key}.files", path or name)
    for text in _strings(_get_field(table, "envs")):
        yield KustomizeReference(f"{key}.envs", text)
    yield from _reference_in(key, table, "env")


def _chart_references(content: Mapping[str, Json]) -> Iterator[KustomizeReference]:
    homes = [_get_field(table, "chartHome") for table in _tables(_get_field(content, "helmGlobals"))]
    home = str(next((configured_home for configured_home in homes if configured_home), _CHART_HOME))
    for table in _tables(_get_field(content, "helmCharts")):
        yield from _references_of_chart(table, home)
    for table in _tables(_get_field(content, "helmChartInflationGenerator")):
        names = {"name": "chartName", "repo": "chartRepoUrl", "version": "chartVersion", "valuesfile": "values"}
        chart = {new: _get_field(table, old) for new, old in names.items()}
        yield from _references_of_chart(chart, str(_get_field(table, "chartHome") or _CHART_HOME))
    if _get_field(content, "kind") == "HelmChartInflationGenerator":
        yield from _references_of_chart(content, str(_get_field(content, "chartHome") or _CHART_HOME))


def _references_of_chart(table: Mapping[str, Json], home: str) -> Iterator[KustomizeReference]:
    name, version, repository = (str(_get_field(table, key) or "") for key in ("name", "version", "repo"))
    yield from _reference_in("helmCharts", table, "valuesFile")
    for text in _strings(_get_field(table, "additionalValuesFiles")):
        yield KustomizeReference("helmCharts.additionalValuesFiles", text)
    if name:
        folder = f"{home}/{name}-{version}" if version and repository else home
        yield KustomizeReference("helmCharts", f"{folder}/{name}", is_chart=True, repository=repository)


def _reference_in(key: str, table: Mapping[str, Json], name: str) -> Iterator[KustomizeReference]:
    path = _get_field(table, name)
    if isinstance(path, str) and path and "\n" not in path:
        yield KustomizeReference(f"{key}.{name}", path)


def _strings(node: Json) -> list[str]:
    return [text for text in node if isinstance(text, str) and text] if isinstance(node, list) else []


def _tables(node: Json) -> list[dict[str, Json]]:
    """Of one or many."""
    return [table for table in (node if isinstance(node, list) else [node]) if isinstance(table, dict)]
