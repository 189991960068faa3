"""The gate's demands as the comment tells them: each once, for all projects of which it is made; unmet ones first."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.gate import Demand


@dataclass(frozen=True, slots=True)
class Line:
    """A demand; no projects: it is made of the whole pull request."""

    met: bool
    text: str
    remedy: str
    projects: tuple[str, ...]


def told_once(demands: Iterable[Demand]) -> tuple[Line, ...]:
    found: dict[tuple[bool, str, str], list[str]] = {}
    for demand in demands:
        projects = found.setdefault((demand.met, demand.text, demand.remedy), [])
        if demand.project is not None:
            projects.append(demand.project)
    lines = (Line(*words, tuple(projects)) for words, projects in found.items())
    return tuple(sorted(lines, key=lambda line: line.met))
