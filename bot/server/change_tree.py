"""A plan's changes as a tree to open: what destroys first, then by module, with counts at each level. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.plan import Action, Change
from bot.templates.wording import ACTIONS_BY_RISK, RISK_RANK

GROUPS = {
    Action.DELETE: "Destroys",
    Action.REPLACE: "Replaces",
    Action.UNKNOWN: "Does what this version has no word for",
    Action.FORGET: "Forgets",
    Action.UPDATE: "Changes",
    Action.CREATE: "Creates",
    Action.IMPORT: "Imports",
    Action.MOVE: "Moves",
    Action.INVOKE: "Runs actions",
    Action.DEFER: "Puts off",
    Action.AWAIT: "Waits for its health",
    Action.CONFLICT: "Is in conflict with what others have",
    Action.READ: "Reads",
    Action.NONE: "Imports or moves, and changes nothing else",
}
RISKY = frozenset({Action.DELETE, Action.REPLACE, Action.UNKNOWN, Action.CONFLICT, Action.FORGET})


@dataclass(frozen=True, slots=True)
class ModuleBranch:
    """A module, or one root of the tree; `size` counts what is in it and below."""

    name: str
    changes: tuple[Change, ...]
    branches: tuple["ModuleBranch", ...]
    size: int


@dataclass(frozen=True, slots=True)
class ActionGroup:
    """All changes of one action; `risky`: something goes that nobody may get back."""

    action: Action
    title: str
    root: ModuleBranch
    risky: bool

    @property
    def planned_title(self) -> str:
        """The title where each change says what became of it."""
        return f"Planned: {self.title[0].lower()}{self.title[1:]}"


def by_risk(changes: Iterable[Change]) -> tuple[ActionGroup, ...]:
    """What destroys first; an action that nothing has is left out."""
    by_action: dict[Action, list[Change]] = {}
    for change in changes:
        by_action.setdefault(change.action, []).append(change)
    return tuple(_action_group(action, by_action[action]) for action in ACTIONS_BY_RISK if action in by_action)


def _action_group(action: Action, changes: Sequence[Change]) -> ActionGroup:
    root = _branch("", [(modules(change.address), change) for change in changes])
    return ActionGroup(action, GROUPS[action], root, action in RISKY)


class ChangeBudget:
    """How many changes one page still takes, for a browser is long at thousands; None: any number."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit

    def take(self, changes: Sequence[Change]) -> Sequence[Change]:
        """As many as there is room for, what destroys first."""
        if self._left is None or len(changes) <= self._left:
            taken = changes
        else:
            taken = sorted(changes, key=lambda change: RISK_RANK[change.action])[: self._left]
        if self._left is not None:
            self._left -= len(taken)
        return taken


def modules(address: str) -> tuple[str, ...]:
    """The modules that an address goes through, with their keys: `module.a["x.y"].module.b.r.n` has two."""
    prefixes = []
    while address.startswith("module."):
        end = _segment_end(address, len("module."))
        if end == len(address):
            break
        prefixes.append(address[:end])
        address = address[end + 1 :]
    return tuple(prefixes)


def _segment_end(address: str, at: int) -> int:
    """Where the next dot is that stands in no key, or the end."""
    quoted = False
    bracketed = 0
    while at < len(address):
        letter = address[at]
        if quoted and letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "[]":
            bracketed += 1 if letter == "[" else -1
        elif not quoted and not bracketed and letter == ".":
            return at
        at += 1
    return min(at, len(address))


def _branch(name: str, changes: list[tuple[tuple[str, ...], Change]]) -> ModuleBranch:
    """Modules with one module in them and nothing else are said in one line."""
    own_changes = tuple(change for path, change in changes if not path)
    below: dict[str, list[tuple[tuple[str, ...], Change]]] = {}
    for path, change in changes:
        if path:
            below.setdefault(path[0], []).append((path[1:], change))
    if name and not own_changes and len(below) == 1:
        submodule, submodule_changes = next(iter(below.items()))
        return _branch(f"{name}.{submodule}", submodule_changes)
    return ModuleBranch(
        name, own_changes, tuple(_branch(module, below[module]) for module in sorted(below)), len(changes)
    )
