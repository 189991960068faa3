"""Projects and what became of them; the gate; the picture of a run; and who may see which page."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.gate_case import Demand
from bot.core.plan import Action, Change, Content, Counts
from bot.core.project import Project
from bot.core.pull import Repository
from bot.core.run import RunKind, State
from bot.server.app import create_app
from bot.server.change_tree import by_risk, modules
from bot.server.graph import graph
from bot.server.links import run_link
from bot.server.signin import PUBLIC_ENDPOINTS, RUN_ENDPOINTS
from bot.store import gates, history, pulls
from tests.server.house import NOW, PROJECT, PULL, REPOSITORY, VAULT, a_row, some_content
from tests.server.reading import page_at

HISTORY = f"/projects/history?repository={REPOSITORY.name}&place={PROJECT.place}"
PAGES = Path(__file__).resolve().parents[2] / "docs/pages.md"


def _applied(house, id, hours=1, **more):
    row = a_row(id, state=more.get("state", State.DONE), counts=Counts(create=2, destroy=1), note=more.pop("note", ""))
    began = NOW - timedelta(hours=hours)
    house.add_run(id, replace(row, started_at=began), kind=RunKind.APPLY, created_at=began, **more)


def test_a_projects_history_tells_what_was_applied_by_whom_and_how_it_ended(house):
    house.add_plan("p1", "r1", some_content())
    _applied(house, "first", 5)
    _applied(house, "second", 2, asked_by="bob", state=State.FAILED, note="terraform failed")
    house.add_run("other", a_row("other", Project("db", "infra/db")), kind=RunKind.APPLY)
    page = page_at(house, HISTORY)
    names = [a["href"] for tag, a in page.elements if tag == "a" and a.get("class") == "name"]
    assert names == ["/runs/second", "/runs/first"]
    assert "failed −1 destroy +2 create by bob, 2 h ago , from acme/infra#7 at aaaaaaaaaaaa" in page.text
    assert "terraform failed" in page.text
    assert "Planned now by acme/infra#7" in page.text


def test_a_history_is_one_repositorys_and_one_places(house):
    elsewhere = replace(PULL, repository=Repository("forge:11", "acme/site", "main", private=True))
    with house.doors.store.begin() as tx:
        pulls.save(tx, elsewhere)
    _applied(house, "here")
    _applied(house, "there", pull=elsewhere.key)
    with house.doors.store.read() as tx:
        assert [one.run for one in history.applies(tx, REPOSITORY.key, PROJECT.place)[0]] == ["here"]
    for query in ("", "?repository=acme/infra&place=nowhere", "?repository=none&place=infra/network:default"):
        assert house.get(f"/projects/history{query}").status_code == 404


def test_a_long_history_comes_in_pages(house):
    for number in range(history.PAGE + 1):
        _applied(house, f"r{number:03}", number)
    assert "/runs/r030" in house.get(f"{HISTORY}&page=2").text
    assert "/runs/r029" not in house.get(f"{HISTORY}&page=2").text


def test_projects_are_listed_with_their_last_apply(house):
    house.add_plan("p1", "r1", some_content())
    assert "There are no" not in page_at(house, "/projects").text
    house.add_run("r1", a_row("r1"))
    assert "infra/network:default acme/infra never applied planned by #7" in page_at(house, "/projects").text
    _applied(house, "r2", asked_by="bob")
    assert "done last apply by bob, 1 h ago · planned by #7" in page_at(house, "/projects").text
    assert "No project was planned yet." in page_at(house, "/projects?repository=none").text


def test_the_gate_is_told_line_by_line_unmet_first_and_once_for_all_projects(house):
    house.add_run("r1", a_row("r1"))
    assert "demands" not in page_at(house, "/runs/r1").text
    demands = (
        Demand(None, True, "the pull request is open"),
        Demand("a", False, "0 of 1 approvals", "ask <bob>"),
        Demand("b", False, "0 of 1 approvals", "ask <bob>"),
    )
    with house.doors.store.begin() as tx:
        gates.save(tx, "r1", gates.GateSnapshot((), (), NOW))
        gates.save(tx, "r1", gates.GateSnapshot(demands, (("/apply", "applies it"),), NOW))
    text = page_at(house, "/runs/r1").text
    assert "1 of 2 demands blocks the apply" in text
    assert "✗ not met: a , b : 0 of 1 approvals → ask <bob> ✓ met: the pull request is open /apply applies it" in text


def test_a_picture_shows_only_what_is_connected_and_no_line_twice():
    def row(name, *needs):
        return a_row("r", Project(name, name, depends_on=needs))

    rows = [row("a"), row("b", "a"), row("c", "a", "b", "elsewhere"), row("alone")]
    drawn = graph(rows)
    assert drawn is not None
    assert [(node.row.project.name, node.number) for node in drawn.nodes] == [("a", 1), ("b", 2), ("c", 3)]
    assert [node.x for node in drawn.nodes] == sorted({node.x for node in drawn.nodes})
    assert len(drawn.edges) == 2
    assert graph(rows[:1] + rows[3:]) is None
    assert graph([row("a", "b"), row("b", "a")]) is not None


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("terraform_data.x", ()),
        ("module.a.module.b.t.x", ("module.a", "module.b")),
        ('module.a["x.y"].t.x', ('module.a["x.y"]',)),
        (r'module.a["\"].module.b"].t.x', (r'module.a["\"].module.b"]',)),
        ('module.a["open', ()),
        ("module.", ()),
    ],
)
def test_a_module_path_minds_keys(address, path):
    assert modules(address) == path


def test_every_action_has_its_place_in_the_tree(house):
    changes = tuple(Change(f"module.m.x.{action.name}", action) for action in Action)
    risks = by_risk(changes)
    assert len(risks) == len(Action)
    assert [risk.action for risk in risks][:2] == [Action.DELETE, Action.REPLACE]
    house.add_plan("p1", "r1", Content("terraform", changes=changes))
    house.add_run("r1", a_row("r1", plan="p1"))
    text = page_at(house, "/runs/r1").text
    assert all(change.address in text for change in changes)


@pytest.mark.parametrize("path", ["/projects", HISTORY, "/locks", "/runs"])
def test_a_link_to_one_run_opens_no_page_of_others(house, path):
    house.add_run("r1", a_row("r1"))
    link = run_link(VAULT, house.address, REPOSITORY, "r1", NOW)
    query = link.partition("?")[2]
    assert house.get(f"{path}{'&' if '?' in path else '?'}{query}", token=None).status_code == 401
    opened = house.get(link.removeprefix(house.address), token=None)
    assert opened.status_code == 200
    assert "/projects" not in opened.text


def test_the_documented_pages_are_those_that_there_are(house):
    told = set(re.findall(r"^\| `(/[^`]*)`", PAGES.read_text(), re.MULTILINE))
    rules = [rule for rule in create_app(house.doors).url_map.iter_rules() if "GET" in (rule.methods or ())]
    shown = {
        rule.rule
        for rule in rules
        if rule.endpoint not in PUBLIC_ENDPOINTS and not rule.rule.endswith(("/events", ".txt"))
    }
    assert told == shown - {"/"}
    assert {rule.rule for rule in rules if rule.endpoint in RUN_ENDPOINTS} >= {"/runs/<run>", "/runs/<run>/log"}
