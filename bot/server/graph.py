"""A run's projects as a picture: what depends on what, from left to right. Pure; places and lines, no words or colours.

Projects that nothing connects are not drawn: they stand in the list below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.run import RunProject

WIDTH, HEIGHT = 230, 46
BETWEEN, BELOW, EDGE = 64, 14, 6


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
    needs = _direct({name: _needed(rows[number], numbers) for name, number in numbers.items()})
    joined = {name for name, its in needs.items() if its} | {one for its in needs.values() for one in its}
    if not joined:
        return None
    columns: dict[int, list[str]] = {}
    depths = _depths(needs)
    for name in (name for name in numbers if name in joined):
        columns.setdefault(depths[name], []).append(name)
    nodes = _placed(columns, needs, rows, numbers)
    edges = tuple(_edge(nodes[one], nodes[name]) for name in nodes for one in sorted(needs[name]))
    right = max(node.x for node in nodes.values()) + WIDTH + EDGE
    bottom = max(node.y for node in nodes.values()) + HEIGHT + EDGE
    return Graph(tuple(nodes.values()), edges, right, bottom)


def _needed(row: RunProject, names: Mapping[str, int]) -> frozenset[str]:
    return frozenset(one for one in row.project.depends_on if one in names and one != row.project.name)


def _direct(needs: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Without what another dependency brings along already."""
    return {
        name: its - frozenset(far for one in its for far in _all_below(needs, one) if far != one)
        for name, its in needs.items()
    }


def _all_below(needs: Mapping[str, frozenset[str]], name: str) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(needs[name])
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += needs[one]
    return frozenset(seen)


def _depths(needs: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """How far from the beginning; a circle, which the configuration refuses, ends too."""
    depths = dict.fromkeys(needs, 0)
    for _ in needs:
        deeper = {name: 1 + max((depths[one] for one in its), default=-1) for name, its in needs.items()}
        if deeper == depths:
            break
        depths = deeper
    return depths


def _placed(
    columns: Mapping[int, list[str]],
    needs: Mapping[str, frozenset[str]],
    rows: Sequence[RunProject],
    numbers: Mapping[str, int],
) -> dict[str, Node]:
    """Column by column, each project near what it depends on, so that few lines cross."""
    nodes: dict[str, Node] = {}
    for column, depth in enumerate(sorted(columns)):
        heights = {name: [nodes[one].y for one in needs[name] if one in nodes] for name in columns[depth]}
        names = sorted(columns[depth], key=lambda name: sum(heights[name]) / max(1, len(heights[name])))
        for line, name in enumerate(names):
            number = numbers[name]
            x, y = EDGE + column * (WIDTH + BETWEEN), EDGE + line * (HEIGHT + BELOW)
            nodes[name] = Node(rows[number], number + 1, x, y)
    return nodes


def _edge(start: Node, end: Node) -> str:
    """A curve from the right side of one box to the left side of another."""
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x - 5, end.y + HEIGHT // 2
    bend = BETWEEN // 2
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
