"""What others checked of a pull's head, and what of it the base branch demands, and of whom. Called by the host.

A check may be pinned to the App that must say it: what anybody else says under its name counts for nothing, for
whoever may write may set a status of any name. An App's check runs name it; its statuses do by their picture alone
(`/in/<id>`).
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from bot.core.errors import Refused
from bot.core.pull import Check, CheckState, Pull
from bot.hosts.github import shapes
from bot.hosts.github.account import Account

WORST = (CheckState.SUCCESS, CheckState.PENDING, CheckState.FAILURE)
ANYBODY = 0


@dataclass(frozen=True, slots=True)
class _Told:
    name: str
    state: CheckState
    app: int


def checks(call: Account, pull: Pull) -> list[Check]:
    """Each name once, with the worst that was said; one that is demanded and was not said is pending."""
    path = f"/repos/{pull.repository.name}"
    with ThreadPoolExecutor(max_workers=2) as pool:
        requiring, running = pool.submit(_required, call, path, pull.base.name), pool.submit(_runs, call, path, pull)
        told = [_status(raw) for raw in call.pages(f"{path}/commits/{pull.head.sha}/status", "statuses")]
    required = requiring.result()
    found = _worst(told, required)
    told += _unless_unseen(running, needed=bool(required.keys() - found.keys()))
    found = _worst(told, required)
    return [
        Check(name, found.get(name, CheckState.PENDING), name in required) for name in sorted(found.keys() | required)
    ]


def _required(call: Account, path: str, branch: str) -> dict[str, int]:
    """Names that the base branch demands, as far as the token may see, and the App that must say each."""
    protection = call("GET", f"{path}/branches/{quote(branch)}").get("protection") or {}
    wanted = protection.get("required_status_checks") or {}
    if wanted.get("enforcement_level") == "off":
        return {}
    pinned = {str(one["context"]): max(ANYBODY, one.get("app_id") or ANYBODY) for one in wanted.get("checks") or []}
    return {str(name): ANYBODY for name in wanted.get("contexts") or []} | pinned


def _runs(call: Account, path: str, pull: Pull) -> list[_Told]:
    runs = call.pages(f"{path}/commits/{pull.head.sha}/check-runs", "check_runs")
    return [
        _Told(str(raw["name"]), shapes.state(raw.get("conclusion")), (raw.get("app") or {}).get("id") or ANYBODY)
        for raw in runs
    ]


def _status(raw: Mapping[str, Any]) -> _Told:
    folder, _, number = urlsplit(str(raw.get("avatar_url"))).path.rpartition("/")
    app = int(number) if folder.endswith("/in") and number.isdecimal() else ANYBODY
    return _Told(str(raw["context"]), shapes.state(raw["state"]), app)


def _unless_unseen(reading: "Future[list[_Told]]", needed: bool) -> list[_Told]:
    """None where the token may not read them, as no fine-grained token may, and nothing required hangs on them."""
    try:
        return reading.result()
    except Refused:
        if needed:
            raise
        return []


def _worst(told: Iterable[_Told], required: Mapping[str, int]) -> dict[str, CheckState]:
    found: dict[str, CheckState] = {}
    for one in told:
        if required.get(one.name, ANYBODY) in (ANYBODY, one.app):
            found[one.name] = max(one.state, found.get(one.name, one.state), key=WORST.index)
    return found
