"""What became of a plan whose apply did not go well: its changes, compared with the state as it is now.

Read from machine output alone; addresses are all that is said. Called by `terraform.applied`.
"""

from collections.abc import Iterator

from bot.core.errors import ToolFailed
from bot.tools.terraform.json_fields import Row, flag, parsed, row, rows, text, texts

MOST = 40
TITLE = "What became of the plan:"
TAINTED = "tainted: made, but not to its end; the next plan replaces it"


def became(planned: str, state: str) -> str:
    """`planned`: what `canonical` made; `state`: what `show -json` printed. Empty where there is nothing to tell."""
    try:
        there = {text(one, "address"): one for one in _resources(row(parsed(state, "the state"), "values"))}
        lines = [line for change in rows(parsed(planned, "the plan"), "changes") if (line := _line(change, there))]
    except (ToolFailed, RecursionError):
        return ""
    more = [f"  and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n".join([TITLE, *lines[:MOST], *more]) if lines else ""


def _line(planned: Row, there: dict[str, Row]) -> str:
    change, address = row(planned, "change"), text(planned, "address")
    if text(planned, "deposed"):
        return ""
    now = there.get(address)
    if now and flag(now, "tainted", absent=False):
        return f"  {address}: {TAINTED}"
    told = _told(frozenset(texts(change, "actions")), now, change)
    return f"  {address}: {told}" if told else ""


def _told(actions: frozenset[str], now: Row | None, change: Row) -> str:
    same = now is not None and now.get("values") == change.get("before")
    if "delete" in actions and "create" in actions:
        return "destroyed, and not made again" if now is None else "not replaced" if same else "replaced"
    if "create" in actions:
        return "not made" if now is None else "created"
    if "delete" in actions or "forget" in actions:
        gone = "destroyed" if "delete" in actions else "forgotten"
        return gone if now is None else "still there"
    if "update" in actions:
        return "gone" if now is None else "not changed" if same else "changed"
    return ""


def _resources(values: Row) -> Iterator[Row]:
    """Of every module; deposed objects are no resources of their own."""
    todo: list[Row] = [row(values, "root_module")]
    while todo:
        module = todo.pop()
        yield from (one for one in rows(module, "resources") if not text(one, "deposed_key"))
        todo += rows(module, "child_modules")
