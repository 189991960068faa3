"""What a Chart.yaml says of its chart: its name, and what it depends on. Called by the Helm tool; never runs Helm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.errors import Refused
from bot.kube.objects.yaml_reader import Json, casefold_keys, read_documents

CHART_FILE = "Chart.yaml"
REQUIREMENTS_FILE = "requirements.yaml"
LOCAL_SCHEME = "file://"


@dataclass(frozen=True, slots=True)
class ChartDependency:
    """A chart that a chart needs, as it is written."""

    name: str
    version: str
    repository: str

    @property
    def local_path(self) -> str | None:
        """Its directory relative to the chart's, where it is not fetched from elsewhere."""
        return self.repository.removeprefix(LOCAL_SCHEME) if self.repository.startswith(LOCAL_SCHEME) else None


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. A library has nothing of its own to render."""

    name: str
    is_library: bool
    dependencies: tuple[ChartDependency, ...]


def read_chart(text: bytes, source: str, requirements: bytes | None = None) -> Chart:
    """Read a Chart.yaml, and the requirements.yaml that old charts have beside it. Raises Refused for no mapping."""
    content = _read_mapping(text, source)
    dependencies = content.get("dependencies")
    if requirements is not None and not dependencies:
        dependencies = _read_mapping(requirements, source.replace(CHART_FILE, REQUIREMENTS_FILE)).get("dependencies")
    return Chart(
        str(content.get("name") or ""), content.get("type") == "library", tuple(_parse_dependencies(dependencies))
    )


def _parse_dependencies(declared: Json) -> Sequence[ChartDependency]:
    return [
        ChartDependency(
            str(dependency["name"]), str(dependency.get("version") or ""), str(dependency.get("repository") or "")
        )
        for dependency in (declared if isinstance(declared, list) else [])
        if isinstance(dependency, dict) and dependency.get("name")
    ]


def _read_mapping(text: bytes, source: str) -> Mapping[str, Json]:
    for document in read_documents(text, source):
        if isinstance(content := casefold_keys(document.value), dict):
            return content
    raise Refused(f"{source}: is not a mapping")
