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

SEVERITY = (CheckState.SUCCESS, CheckState.PENDING, CheckState.FAILURE)
ANY_APP = 0


@dataclass(frozen=True, slots=True)
class _ReportedCheck:
    name: str
    state: CheckState
    app: int


def checks(account: Account, pull: Pull) -> list[Check]:
    """Each name once, with the worst that was said; one that is demanded and was not said is pending."""
    path = f"/repos/{pull.repository.name}"
    with ThreadPoolExecutor(max_workers=2) as pool:
        required_future = pool.submit(_required, account, path, pull.base.name)
        runs_future = pool.submit(_runs, account, path, pull)
        reported = [_status(raw) for raw in account.pages(f"{path}/commits/{pull.head.sha}/status", "statuses")]
    required = required_future.result()
    states = _worst_states(reported, required)
    reported += _readable_runs(runs_future, needed=bool(required.keys() - states.keys()))
    states = _worst_states(reported, required)
    return [
        Check(
            name,
            states.get(name, CheckState.PENDING),
            required=name in required,
            foreign=required.get(name, ANY_APP) not in (ANY_APP, account.app_id),
        )
        for name in sorted(states.keys() | required)
    ]


def _required(account: Account, path: str, branch: str) -> dict[str, int]:
    """Names that the base branch demands, as far as the token may see, and the App that must say each."""
    protection = account("GET", f"{path}/branches/{quote(branch)}").get("protection") or {}
    status_checks = protection.get("required_status_checks") or {}
    if status_checks.get("enforcement_level") == "off":
        return {}
    pinned = {
        str(check["context"]): max(ANY_APP, check.get("app_id") or ANY_APP)
        for check in status_checks.get("checks") or []
    }
    return {str(name): ANY_APP for name in status_checks.get("contexts") or []} | pinned


def _runs(account: Account, path: str, pull: Pull) -> list[_ReportedCheck]:
    runs = account.pages(f"{path}/commits/{pull.head.sha}/check-runs", "check_runs")
    return [
        _ReportedCheck(
            str(raw["name"]), shapes.state(raw.get("conclusion")), (raw.get("app") or {}).get("id") or ANY_APP
        )
        for raw in runs
    ]


def _status(raw: Mapping[str, Any]) -> _ReportedCheck:
    folder, _, number = urlsplit(str(raw.get("avatar_url"))).path.rpartition("/")
    app = int(number) if folder.endswith("/in") and number.isdecimal() else ANY_APP
    return _ReportedCheck(str(raw["context"]), shapes.state(raw["state"]), app)


def _readable_runs(runs_future: "Future[list[_ReportedCheck]]", needed: bool) -> list[_ReportedCheck]:
    """None where the token may not read them, as no fine-grained token may, and nothing required hangs on them."""
    try:
        return runs_future.result()
    except Refused:
        if needed:
            raise
        return []


def _worst_states(reported: Iterable[_ReportedCheck], required: Mapping[str, int]) -> dict[str, CheckState]:
    states: dict[str, CheckState] = {}
    for check in reported:
        if required.get(check.name, ANY_APP) in (ANY_APP, check.app):
            states[check.name] = max(check.state, states.get(check.name, check.state), key=SEVERITY.index)
    return states
