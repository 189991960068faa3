"""What the other projects of a repository declare in the same cluster, rendered when somebody asks. Called by `tool`.

Two projects of one pull request know of each other by this alone: what leaves one of them may have moved to another.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.errors import Refused, ToolFailed
from bot.kube.crds.definition import serves_kind
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.scopes import crd_scopes, group_of
from bot.kube.render.renderer import Renderer
from bot.kube.render.revisions import ClusterTarget, RevisionRenderer
from bot.ports import Neighbour, Site


@dataclass(frozen=True, slots=True)
class Declared:
    """One neighbour's objects; `problem` says why they cannot be told. `affected`: this run plans it too.

    `definitions` are the bodies of its CustomResourceDefinitions.
    """

    name: str
    place: str
    refs: frozenset[ObjectRef] = frozenset()
    definitions: tuple[Body, ...] = ()
    affected: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """A CustomResourceDefinition of another project."""

    project: str
    body: Body


@dataclass
class Neighbourhood:
    """Renders the neighbours at the first question, once. Thread-safe."""

    render_all: Callable[[], Sequence[Declared]] = tuple
    _declared: Sequence[Declared] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def declaring(self, ref: ObjectRef, *, affected: bool = False) -> tuple[str, ...]:
        """Name the projects that declare an object: all of them, or those that this run plans."""
        return tuple(
            declared.name for declared in self._all if ref in declared.refs and (declared.affected or not affected)
        )

    def definition_of(self, api_version: str, kind: str) -> Definition | None:
        """Find the definition of a kind among theirs."""
        definitions = (Definition(declared.name, body) for declared in self._all for body in declared.definitions)
        return next((each for each in definitions if serves_kind(each.body, api_version, kind)), None)

    def has_namespace(self, api_version: str, kind: str) -> bool | None:
        """Tell whether objects of a kind have a namespace, by their definitions; None where none of them says so."""
        definition = self.definition_of(api_version, kind)
        return crd_scopes([definition.body]).get((group_of(api_version), kind)) if definition else None

    @property
    def problems(self) -> tuple[str, ...]:
        """Say of which projects nobody can tell what they declare."""
        return tuple(f"{declared.name}: {declared.problem}" for declared in self._all if declared.problem)

    @property
    def _all(self) -> Sequence[Declared]:
        with self._lock:
            if self._declared is None:
                self._declared = self.render_all()
            return self._declared


def render_neighbours(
    site: Site, target: ClusterTarget, renderers: Mapping[str, Renderer], neighbours: Sequence[Neighbour]
) -> tuple[Declared, ...]:
    """Render each with the renderer of its tool's name; those of other tools have no objects."""
    directories = site.other_dirs | {site.project.dir}
    return tuple(
        _render(
            replace(site, project=neighbour.project, rules=neighbour.rules, other_dirs=directories - {neighbour.dir}),
            target,
            renderers[neighbour.tool.name],
            neighbour,
        )
        for neighbour in neighbours
        if neighbour.tool.name in renderers
    )


def _render(site: Site, target: ClusterTarget, renderer: Renderer, neighbour: Neighbour) -> Declared:
    project = neighbour.project
    declared = Declared(project.name, project.place, affected=neighbour.affected)
    try:
        revision = RevisionRenderer(renderer, site, target, project, "beside").render_at(neighbour.commit)
    except (Refused, ToolFailed) as error:
        return replace(declared, problem=str(error))
    definitions = (kube_object.body for kube_object in revision.objects if kube_object.ref.is_definition)
    refs = frozenset(kube_object.ref for kube_object in revision.objects)
    return replace(declared, refs=refs, definitions=tuple(definitions))
