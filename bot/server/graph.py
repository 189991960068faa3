"""A run's projects as a picture: what depends on what, from left to right. Pure; places and lines, no words or colours.

Projects that nothing connects are not drawn: they stand in the list below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.run import RunProject

WIDTH, HEIGHT = 230, 46
COLUMN_GAP, ROW_GAP, MARGIN = 64, 14, 6


@dataclass(frozen=True, slots=True)
class Node:
    """A project and the corner where its box begins; `number` is its place in the run, from 1."""

    row: RunProject
    number: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Graph:
    """`edges` are paths from what is depended on; `width` and `height` hold all of it."""

    nodes: tuple[Node, ...]
    edges: tuple[str, ...]
    width: int
    height: int


def graph(rows: Sequence[RunProject]) -> Graph | None:
    """None where no project of the run depends on another of it."""
    numbers = {row.project.name: number for number, row in enumerate(rows)}
    requirements = _reduce_transitively(
        {name: _dependencies(rows[number], numbers) for name, number in numbers.items()}
    )
    connected = {name for name, required in requirements.items() if required}.union(*requirements.values())
    if not connected:
        return None
    columns: dict[int, list[str]] = {}
    depths = _depths(requirements)
    for name in (name for name in numbers if name in connected):
        columns.setdefault(depths[name], []).append(name)
    nodes = _place_nodes(columns, requirements, rows, numbers)
    edges = tuple(_edge_path(nodes[required], nodes[name]) for name in nodes for required in sorted(requirements[name]))
    right = max(node.x for node in nodes.values()) + WIDTH + MARGIN
    bottom = max(node.y for node in nodes.values()) + HEIGHT + MARGIN
    return Graph(tuple(nodes.values()), edges, right, bottom)


def _dependencies(row: RunProject, names: Mapping[str, int]) -> frozenset[str]:
    return frozenset(
        dependency for dependency in row.project.depends_on if dependency in names and dependency != row.project.name
    )


def _reduce_transitively(requirements: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Without what another dependency brings along already."""
    return {
        name: required
        - frozenset(
            indirect
            for dependency in required
            for indirect in _all_dependencies(requirements, dependency)
            if indirect != dependency
        )
        for name, required in requirements.items()
    }


def _all_dependencies(requirements: Mapping[str, frozenset[str]], name: str) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(requirements[name])
    while waiting:
        dependency = waiting.pop()
        if dependency not in seen:
            seen.add(dependency)
            waiting += requirements[dependency]
    return frozenset(seen)


def _depths(requirements: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """How far from the beginning; a circle, which the configuration refuses, ends too."""
    depths = dict.fromkeys(requirements, 0)
    for _ in requirements:
        deeper = {
            name: 1 + max((depths[dependency] for dependency in required), default=-1)
            for name, required in requirements.items()
        }
        if deeper == depths:
            break
        depths = deeper
    return depths


def _place_nodes(
    columns: Mapping[int, list[str]],
    requirements: Mapping[str, frozenset[str]],
    rows: Sequence[RunProject],
    numbers: Mapping[str, int],
) -> dict[str, Node]:
    """Column by column, each project near what it depends on, so that few lines cross."""
    nodes: dict[str, Node] = {}
    for column, depth in enumerate(sorted(columns)):
        heights = {
            name: [nodes[dependency].y for dependency in requirements[name] if dependency in nodes]
            for name in columns[depth]
        }
        names = sorted(columns[depth], key=lambda name: sum(heights[name]) / max(1, len(heights[name])))
        for line, name in enumerate(names):
            number = numbers[name]
            x, y = MARGIN + column * (WIDTH + COLUMN_GAP), MARGIN + line * (HEIGHT + ROW_GAP)
            nodes[name] = Node(rows[number], number + 1, x, y)
    return nodes


def _edge_path(start: Node, end: Node) -> str:
    """A curve from the right side of one box to the left side of another."""
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x - 5, end.y + HEIGHT // 2
    bend = COLUMN_GAP // 2
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
