"""A house with real doors, spoken to over HTTP, and what stands in it."""

import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from bot.core.event import Pushed
from bot.core.plan import Action, Change, Content, Counts, Line
from bot.core.project import Project, Rules
from bot.core.pull import Branch, Pull, PullState, Repository
from bot.core.run import Plan, PlanState, Run, RunKind, RunProject, State
from bot.core.trigger import Trigger, TriggerKind
from bot.ports import Delivery
from bot.server.app import Dependencies
from bot.server.serve import Server
from bot.store import plans, pulls, runs
from bot.vault import Vault

SECRET = b"the forge and we know it"
TOKEN = "correct horse battery staple"
NOW = datetime.now(UTC)
REPOSITORY = Repository("forge:1", "acme/infra", "main", private=True)
PULL = Pull(
    repository=REPOSITORY,
    number=7,
    title="Widen the subnet",
    author="alice",
    state=PullState.OPEN,
    draft=False,
    fork=False,
    base=Branch("main", "b" * 40),
    head=Branch("wider", "a" * 40),
    url="https://forge.example/acme/infra/pull/7",
)
PROJECT = Project("network", "infra/network")
VAULT = Vault(b"a key of ours".ljust(32))


class Forge:
    """A forge whose deliveries are signed JSON: a sha that was pushed, or nothing of interest."""

    name = "forge"

    def parse(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        if not hmac.compare_digest(headers.get("x-SIGNATURE", ""), forge_signature(body)):
            raise PermissionError("wrong signature")
        sha = json.loads(body)["sha"]
        return Delivery(headers["X-Delivery"], REPOSITORY.name, Pushed(REPOSITORY, "main", sha) if sha else None)


def forge_signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


@dataclass
class House:
    doors: Dependencies
    server: Server
    logs: Path
    woken: threading.Event
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def get(self, path: str, token: str | None = TOKEN, **more: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        return self.session.get(self.address + path, headers=headers, allow_redirects=False, timeout=20, **more)

    def post(self, path: str, **more: object) -> requests.Response:
        return self.session.post(self.address + path, allow_redirects=False, timeout=20, **more)

    def deliver(self, id: str, sha: str | None = "c" * 40, signature: str | None = None) -> requests.Response:
        body = json.dumps({"sha": sha}).encode()
        headers = {"X-Delivery": id, "X-Signature": signature or forge_signature(body)}
        return self.post("/webhooks/forge", data=body, headers=headers)

    def add_run(self, id: str, *rows: RunProject, notices: tuple[str, ...] = (), **more: object) -> Run:
        """A run of the pull request that began a minute ago, unless told otherwise."""
        run = Run(
            id=id,
            kind=RunKind.PLAN,
            pull=PULL.key,
            state=State.DONE,
            asked_by="alice",
            trigger=Trigger(TriggerKind.PUSHED),
            head="a" * 40,
            base="b" * 40,
            created_at=NOW - timedelta(minutes=1),
        )
        run = replace(run, **more)
        with self.doors.store.begin() as tx:
            pulls.save(tx, PULL)
            runs.add(tx, run, rows, f"job:{id}", notices)
        return run

    def add_plan(self, id: str, run: str, content: Content) -> None:
        with self.doors.store.begin() as tx:
            plans.add(tx, a_plan(id, run, content), REPOSITORY.key)


def a_row(run: str, project: Project = PROJECT, state: State = State.DONE, **more: object) -> RunProject:
    return RunProject(run=run, project=project, rules=Rules(), state=state, **more)


def a_plan(id: str, run: str, content: Content) -> Plan:
    return Plan(
        id=id,
        run=run,
        pull=PULL.key,
        project=PROJECT,
        rules=Rules(),
        state=PlanState.CURRENT,
        base="b" * 40,
        head="a" * 40,
        result="d" * 40,
        input_digest="1",
        plan_digest="2",
        artifact_digest=None,
        rules_digest="3",
        tool_version="1.11.4",
        content=content,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=72),
    )


def some_content() -> Content:
    created = Change("terraform_data.new", Action.CREATE, (Line("+", 'input = "one"'),))
    destroyed = Change("terraform_data.old", Action.DELETE, (Line("-", 'input = "two"'),), reason="not configured")
    return Content("terraform", changes=(created, destroyed), counts=Counts(create=1, destroy=1))
