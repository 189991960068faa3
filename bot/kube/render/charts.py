"""What a Chart.yaml says of its chart: its name, and what it depends on. Called by the Helm tool; never runs Helm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.errors import Refused
from bot.kube.objects.documents import Json, documents, folded

FILE = "Chart.yaml"
OLD_DEPENDENCIES = "requirements.yaml"
LOCAL = "file://"


@dataclass(frozen=True, slots=True)
class Dependency:
    """A chart that a chart needs, as it is written."""

    name: str
    version: str
    repository: str

    @property
    def local(self) -> str | None:
        """Its directory relative to the chart's, where it is not fetched from elsewhere."""
        return self.repository.removeprefix(LOCAL) if self.repository.startswith(LOCAL) else None


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. A library has nothing of its own to render."""

    name: str
    library: bool
    dependencies: tuple[Dependency, ...]


def chart_of(text: bytes, where: str, requirements: bytes | None = None) -> Chart:
    """Read a Chart.yaml, and the requirements.yaml that old charts have beside it. Raises Refused."""
    content = _mapping(text, where)
    listed = content.get("dependencies")
    if requirements is not None and not listed:
        listed = _mapping(requirements, where.replace(FILE, OLD_DEPENDENCIES)).get("dependencies")
    return Chart(str(content.get("name") or ""), content.get("type") == "library", tuple(_dependencies(listed)))


def _dependencies(listed: Json) -> Sequence[Dependency]:
    return [
        Dependency(str(one["name"]), str(one.get("version") or ""), str(one.get("repository") or ""))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("name")
    ]


def _mapping(text: bytes, where: str) -> Mapping[str, Json]:
    for document in documents(text, where):
        if isinstance(value := folded(document.value), dict):
            return value
    raise Refused(f"{where}: is not a mapping")
