"""What a kustomization says it is made of. Called by the tools' `inputs` and `finds`; never runs kustomize.

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
from bot.kube.objects.documents import Json, documents, folded
from bot.kube.render.paths import Paths

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
GROUP = "kustomize.config.k8s.io/"
PLUGINS = ("generators", "transformers", "validators")
_LISTS = ("resources", "bases", "components", *PLUGINS, "crds", "configurations", "patchesStrategicMerge", "paths")
_WITH_PATH = ("patches", "patchesJson6902", "replacements", "openapi")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_REMOTE = re.compile(r"://|^git@|^git::|\?(ref|version|submodules|timeout)=|github\.com[/:]|\.git(/|$)|/_git/")
_CHART_HOME = "charts"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a kustomization names. `key` is where; `repository` is where a chart would come from were it not there."""

    key: str
    path: str
    chart: bool = False
    repository: str = ""

    @property
    def remote(self) -> bool:
        return bool(_REMOTE.search(self.path))


def file_of(paths: Paths, directory: str) -> str | None:
    """The directory's kustomization, if it has one."""
    candidates = (posixpath.normpath(posixpath.join(directory, name)) for name in NAMES)
    return next((path for path in candidates if paths.is_file(path)), None)


def directories(tree: Tree) -> list[str]:
    """Every directory with a kustomization, readable or not; what bears the name but is of another API is none."""
    paths = Paths(tree)
    named = {directory for name in NAMES for directory in tree.files.named(name)}
    return sorted(one for one in named if _field(paths, one, "apiVersion", GROUP).startswith(GROUP))


def is_component(paths: Paths, directory: str) -> bool:
    return _field(paths, directory, "kind", "") == "Component"


def referred(paths: Paths, directory: str) -> Iterator[str]:
    """Paths that the directory's kustomization names, where they can be followed."""
    with suppress(Refused):
        for reference in references_of(paths, file_of(paths, directory)):
            with suppress(Refused):
                yield paths.follow(directory, reference.path, reference.key)


def references_of(paths: Paths, file: str | None) -> Iterator[Reference]:
    """What the mappings of a file name. Raises Refused where it cannot be read, or must not be."""
    for content in _read(paths, file):
        yield from _references(content)


def _field(paths: Paths, directory: str, name: str, otherwise: str) -> str:
    with suppress(Refused):
        for content in _read(paths, file_of(paths, directory)):
            if value := _get(content, name):
                return str(value)
    return otherwise


def _read(paths: Paths, file: str | None) -> list[Mapping[str, Json]]:
    real = paths.follow(".", file, "symbolic link") if file else ""
    return _mappings(paths.tree.read(real), real) if paths.is_file(real) else []


def _mappings(text: bytes | str, where: str) -> list[Mapping[str, Json]]:
    """Small-lettered: `_get` asks for them."""
    values = [folded(one.value) for one in documents(text, where)]
    return [one for one in values if isinstance(one, dict)]


def _get(content: Mapping[str, Json], key: str) -> Json:
    return content.get(key.casefold())


def _references(content: Mapping[str, Json]) -> Iterator[Reference]:
    for key in _LISTS:
        for item in _strings(_get(content, key)):
            if key in PLUGINS and any(mark in item for mark in ("\n", "{", ": ")):
                yield from _inline(item)
            if "\n" not in item and not item.lstrip().startswith("{"):
                yield Reference(key, item)
    for key in _WITH_PATH:
        for entry in _tables(_get(content, key)):
            yield from _named(key, entry, "path")
    for key in _GENERATORS:
        for entry in _tables(_get(content, key)):
            yield from _sources(key, entry)
    yield from _charts(content)
    yield from _plugin(content)


def _plugin(content: Mapping[str, Json]) -> Iterator[Reference]:
    """What only a plug-in's configuration has; in a kustomization they mean nothing."""
    yield from _sources("generator", content)
    yield from _named("path", content, "path")
    for entry in _tables(_get(content, "items")):
        yield from _references(entry)


def _inline(text: str) -> Iterator[Reference]:
    """A plug-in's configuration that is written in place."""
    for content in _mappings(text, "a plug-in that is written in place"):
        yield from _references(content)


def _sources(key: str, entry: Mapping[str, Json]) -> Iterator[Reference]:
    for item in _strings(_get(entry, "files")):
        name, _, path = item.partition("=")
        yield Reference(f"{key}.files", path or name)
    for item in _strings(_get(entry, "envs")):
        yield Reference(f"{key}.envs", item)
    yield from _named(key, entry, "env")


def _charts(content: Mapping[str, Json]) -> Iterator[Reference]:
    homes = [_get(one, "chartHome") for one in _tables(_get(content, "helmGlobals"))]
    home = str(next((one for one in homes if one), _CHART_HOME))
    for entry in _tables(_get(content, "helmCharts")):
        yield from _chart(entry, home)
    for entry in _tables(_get(content, "helmChartInflationGenerator")):
        names = {"name": "chartName", "repo": "chartRepoUrl", "version": "chartVersion", "valuesfile": "values"}
        renamed = {new: _get(entry, old) for new, old in names.items()}
        yield from _chart(renamed, str(_get(entry, "chartHome") or _CHART_HOME))
    if _get(content, "kind") == "HelmChartInflationGenerator":
        yield from _chart(content, str(_get(content, "chartHome") or _CHART_HOME))


def _chart(entry: Mapping[str, Json], home: str) -> Iterator[Reference]:
    name, version, repository = (str(_get(entry, key) or "") for key in ("name", "version", "repo"))
    yield from _named("helmCharts", entry, "valuesFile")
    for item in _strings(_get(entry, "additionalValuesFiles")):
        yield Reference("helmCharts.additionalValuesFiles", item)
    if name:
        folder = f"{home}/{name}-{version}" if version and repository else home
        yield Reference("helmCharts", f"{folder}/{name}", chart=True, repository=repository)


def _named(key: str, entry: Mapping[str, Json], name: str) -> Iterator[Reference]:
    value = _get(entry, name)
    if isinstance(value, str) and value and "\n" not in value:
        yield Reference(f"{key}.{name}", value)


def _strings(value: Json) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _tables(value: Json) -> list[dict[str, Json]]:
    """Of one or many."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
