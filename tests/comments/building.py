"""Short words for views, so that a case's `view.py` reads like the pull request it is about."""

from datetime import UTC, datetime, timedelta

from bot.core.keys import PullKey
from bot.core.plan import Action, Change, Content, Counts, Line
from bot.core.project import Project, Rules
from bot.core.run import Run, RunKind, RunProject, State
from bot.core.trigger import Trigger, TriggerKind
from bot.core.view import ProjectView, RunView

NOON = datetime(2025, 11, 26, 12, 0, tzinfo=UTC)
PAGE = "https://bot.example/runs/4f1c"


def change(address: str, action: Action, *diff: str, **more: object) -> Change:
    """Each line of the diff begins with its marker."""
    return Change(address, action, tuple(Line(line[0], line[1:]) for line in diff), **more)


def create(address: str, *attributes: str) -> Change:
    return change(address, Action.CREATE, *(f"+  {attribute}" for attribute in attributes))


def destroy(address: str, *attributes: str, reason: str = "no longer in the configuration") -> Change:
    return change(address, Action.DELETE, *(f"-  {attribute}" for attribute in attributes), reason=reason)


def content(*changes: Change, **more: object) -> Content:
    """A plan of these changes, counted as tools count."""
    found = [one.action for one in changes]
    notices = more.get("notices", ())
    counts = Counts(
        create=found.count(Action.CREATE),
        change=found.count(Action.UPDATE),
        replace=found.count(Action.REPLACE),
        destroy=found.count(Action.DELETE),
        imports=sum(one.import_id is not None for one in changes),
        moves=sum(one.moved_from is not None for one in changes),
        forget=found.count(Action.FORGET),
        read=found.count(Action.READ),
        outputs=len(more.get("outputs", ())),
        checks=sum(notice.severity == "check" for notice in notices),
        unknown=found.count(Action.UNKNOWN),
    )
    return Content("terraform", changes, counts=counts, **more)


def project(name: str, its: Content | None = None, state: State = State.DONE, **more: object) -> ProjectView:
    """A row and its plan. What a Project, Rules or ProjectView has may be given by name, the rest is the row's."""
    known = {key: more.pop(key) for key in ("applied_by", "applied_at", "stale_because", "valid_until") if key in more}
    place = {key: more.pop(key) for key in ("dir", "workspace", "depends_on") if key in more}
    rules = Rules(**{key: more.pop(key) for key in ("apply",) if key in more})
    if its:
        known.setdefault("valid_until", NOON + timedelta(hours=72))
    if state.ended:
        more = {"started_at": NOON, "ended_at": NOON + timedelta(seconds=12), **more}
    elif state is State.RUNNING:
        more = {"started_at": NOON, **more}
    row = RunProject(
        run="4f1c",
        project=Project(name, **{"dir": name, **place}),
        rules=rules,
        state=state,
        plan="1" if its else None,
        **{"counts": its.counts if its else Counts(), **more},
    )
    return ProjectView(row, its, PAGE, **known)


def plan(*projects: ProjectView, state: State = State.DONE, **more: object) -> RunView:
    """The view of a plan run; what a Run has may be given by name, the rest is the view's."""
    return _view(RunKind.PLAN, state, projects, {"trigger": Trigger(TriggerKind.PUSHED), **more})


def apply(*projects: ProjectView, state: State = State.DONE, **more: object) -> RunView:
    return _view(RunKind.APPLY, state, projects, {"trigger": Trigger.comment("12"), "asked_by": "bob", **more})


def _view(kind: RunKind, state: State, projects: tuple[ProjectView, ...], more: dict[str, object]) -> RunView:
    names = ("trigger", "asked_by", "note", "selection", "head", "base")
    run = Run(
        **{
            "id": "4f1c",
            "kind": kind,
            "pull": PullKey("github:1#7"),
            "state": state,
            "asked_by": "alice",
            "head": "3d5f0c2" + "0" * 33,
            "base": "a81b7e4" + "0" * 33,
            "created_at": NOON,
            "ended_at": NOON + timedelta(seconds=41) if state.ended else None,
            **{key: more.pop(key) for key in names if key in more},
        }
    )
    return RunView(run=run, number=7, projects=projects, **{"base_branch": "main", "url": PAGE, **more})
