"""Which kinds the `crds/` of a chart and its subcharts bring. Called by `build`.

Helm installs these before it asks a cluster which kinds that serves, so that templates find them at the first install.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.kube.objects.yaml_reader import read_documents

CRD_KIND = "CustomResourceDefinition"
FIRST_TEMPLATE = re.compile(rb"^---\n# Source: (?![^/\n]+(?:/charts/[^/\n]+)*/crds/)", re.MULTILINE)


def own_kinds(stream: bytes, where: str) -> tuple[str, ...]:
    """List `x.example/v1` and `x.example/v1/Wall` of what a rendered stream begins with. Raises Refused for no YAML."""
    first_template = FIRST_TEMPLATE.search(stream)
    definitions = stream[: first_template.start()] if first_template else stream
    bodies = (document.value for document in read_documents(definitions, where, on_duplicate=lambda *_: None))
    return tuple(word for body in bodies if isinstance(body, Mapping) for word in _served_kinds(body))


def _served_kinds(body: Mapping[str, Any]) -> Iterator[str]:
    spec = body.get("spec")
    if body.get("kind") != CRD_KIND or not isinstance(spec, Mapping):
        return
    names, versions = spec.get("names"), spec.get("versions")
    for version in versions if isinstance(versions, list) else ():
        if isinstance(names, Mapping) and isinstance(version, Mapping) and version.get("served"):
            api_version = f"{spec.get('group')}/{version.get('name')}"
            yield from (api_version, f"{api_version}/{names.get('kind')}")
