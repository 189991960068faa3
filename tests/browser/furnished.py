"""A house with something of everything in it, for pages to show."""

from dataclasses import replace
from datetime import timedelta

from bot.core.gate_case import Demand
from bot.core.plan import Action, Change, Content, Counts, Line
from bot.core.project import Project
from bot.core.run import Freeze, Lock, RunKind, State, WaitReason
from bot.core.trigger import Trigger
from bot.store import audit, gates, locks
from tests.server.house import NOW, PROJECT, PULL, REPOSITORY, TOKEN, House, a_row

LONG = 'module.shop["eu/west|1"].module.cart.terraform_data.a_rather_long_name_of_a_thing["with-a-key-that-goes-on"]'
PLACE = PROJECT.place
READER = {"extra_http_headers": {"Authorization": f"Bearer {TOKEN}"}}  # how a page is opened that may see all
PATHS = (
    "/runs",
    "/runs?kind=apply&state=failed",
    "/runs/plan",
    "/runs/apply",
    f"/runs/plan/log?place={PLACE}",
    "/locks",
    "/projects",
    f"/projects/history?repository={REPOSITORY.name}&place={PLACE}",
    "/runs/none",
)
CHANGES = (
    Change("terraform_data.old", Action.DELETE, (Line("-", 'input = "two"'),), reason="not in the configuration"),
    Change(LONG, Action.REPLACE, (Line("!", f'input = "{"x" * 300}"'),), forces=("input",)),
    *(Change(f"module.web.module.pool[{n}].t.x", Action.UPDATE, (Line("!", "size = 3"),)) for n in range(12)),
    Change("module.web.t.y", Action.CREATE, (Line("+", 'input = "one"'),)),
    Change("action.notify", Action.INVOKE),
)
COUNTS = Counts(destroy=1, replace=1, change=12, create=1, invoke=1)
DEMANDS = (
    Demand(None, True, "the pull request is open"),
    Demand("network", False, "0 of 1 approvals", "let someone with write access approve this pull request"),
)


def furnish(house: House) -> None:
    """A plan run of many projects, an apply of one, a log, a lock, a freeze."""
    content = Content("terraform", changes=CHANGES, counts=COUNTS)
    house.add_plan("p1", "plan", content)
    after = ("network",)
    rows = [
        a_row("plan", plan="p1", counts=COUNTS, started_at=NOW - timedelta(seconds=9), ended_at=NOW),
        a_row("plan", Project("db", "infra/db", "prod", depends_on=after), counts=Counts(create=2)),
        a_row("plan", Project("web", "infra/web", depends_on=("db", "network")), State.FAILED, note="it failed"),
        a_row("plan", Project("mail", "infra/mail", depends_on=after), State.REFUSED, note="it was refused"),
        a_row("plan", Project("alone", "infra/alone"), State.SKIPPED),
    ]
    house.add_run("plan", *rows, state=State.FAILED, ended_at=NOW, notices=("Rules change with this pull.",))
    applied = a_row("apply", plan="p1", counts=COUNTS, started_at=NOW - timedelta(hours=1), ended_at=NOW)
    house.add_run("apply", applied, kind=RunKind.APPLY, asked_by="bob", trigger=Trigger.comment("12"))
    with house.doors.store.begin() as tx:
        gates.save(tx, "plan", gates.GateSnapshot(DEMANDS, (("/apply", "applies it, once nothing blocks it"),), NOW))
        locks.take(tx, [Lock(REPOSITORY.key, PLACE, PULL.key, "alice", NOW - timedelta(days=2))])
        locks.freeze_applies(tx, Freeze("the audit of the year", "bob", NOW))
        audit.record(tx, NOW, "bob", "freeze", reason="the audit of the year")
    log(house, "plan", "Terraform says a lot.\n" * 50 + "x" * 3000 + "\n")


def log(house: House, run: str, text: str) -> None:
    path = house.doors.log_path(run, PLACE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def running(house: House, run: str = "live") -> None:
    """A run with one project at work and one that waits."""
    waits = a_row(run, replace(PROJECT, name="db", dir="infra/db"), State.QUEUED, waits_for=WaitReason.DEPENDENCIES)
    house.add_run(run, a_row(run, state=State.RUNNING, started_at=NOW), waits, state=State.RUNNING)
