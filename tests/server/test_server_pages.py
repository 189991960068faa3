"""What pages show: runs, their projects with every change, logs and locks."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.plan import Action, Change, Content, Counts, Line, Notice, Severity
from bot.core.project import Project
from bot.core.run import Freeze, Lock, PlanState, RunKind, Selection, State, WaitReason
from bot.core.trigger import Trigger
from bot.server.logs import CHUNK_BYTES
from bot.server.pages import MAX_CHANGES
from bot.store import locks, plans, pulls
from bot.store.run_list import PAGE
from tests.server.house import NOW, PROJECT, PULL, REPOSITORY, a_row, some_content
from tests.server.reading import Page, page_at, write_log


def _names(page: Page) -> list[str]:
    return [a["href"].rpartition("/")[2] for tag, a in page.elements if tag == "a" and a.get("class") == "name"]


def test_the_first_page_is_the_list_of_runs(house):
    assert house.get("/").headers["Location"] == "/runs"
    assert "There are no runs yet" in page_at(house, "/runs").text


def test_runs_are_listed_newest_first_with_who_why_and_what(house):
    counts = Counts(create=2, destroy=1)
    house.add_run("old", created_at=NOW - timedelta(hours=2), trigger=Trigger.comment("12"), asked_by="bob")
    house.add_run("new", a_row("new", counts=counts), a_row("new", Project("db", "infra/db"), counts=counts))
    page = page_at(house, "/runs")
    assert _names(page) == ["new", "old"]
    assert "plan acme/infra#7 Widen the subnet" in page.text
    assert "−2 destroy +4 create 2 projects, for alice after a push" in page.text
    assert "0 projects, for bob after a comment, 2 h ago" in page.text


def test_runs_are_filtered_by_repository_pull_kind_and_state(house):
    elsewhere = replace(PULL, repository=replace(REPOSITORY, key="forge:11", name="acme/site"), number=17)
    with house.doors.store.begin() as tx:
        pulls.save(tx, elsewhere)
    house.add_run("plan")
    house.add_run("apply", kind=RunKind.APPLY)
    house.add_run("failed", state=State.FAILED)
    house.add_run("site", pull=elsewhere.key)
    for query, found in (
        ("repository=acme/infra", {"plan", "apply", "failed"}),
        ("repository=acme/site", {"site"}),
        ("repository=acme/unknown", set()),
        ("pull=7", {"plan", "apply", "failed"}),
        ("pull=%2317", {"site"}),
        ("repository=acme/infra&pull=17", set()),
        ("kind=apply", {"apply"}),
        ("state=failed&kind=plan", {"failed"}),
        ("repository=&pull=&kind=&state=", {"plan", "apply", "failed", "site"}),
    ):
        assert set(_names(page_at(house, f"/runs?{query}"))) == found, query


def test_a_name_that_two_forges_have_is_two_repositories(house):
    twin = replace(PULL, repository=replace(REPOSITORY, key="other:1"))
    with house.doors.store.begin() as tx:
        pulls.save(tx, twin)
    house.add_run("here")
    house.add_run("there", pull=twin.key)
    for key, found in (("forge:1", ["here"]), ("other:1", ["there"])):
        label = f"acme/infra ({key})"
        for asked in (key, label):
            page = page_at(house, f"/runs?repository={asked}")
            assert _names(page) == found
            assert ("option", {"selected": None}) in page.elements
    assert ("a", {"href": "/runs?repository=other:1&pull=7"}) in page_at(house, "/runs/there").elements


@pytest.mark.parametrize("query", ["kind=bogus", "state=bogus", "pull=seven", "pull=²"])
def test_a_filter_that_means_nothing_is_said_so(house, query):
    assert house.get(f"/runs?{query}").status_code == 400


def test_many_runs_come_in_pages_that_keep_the_filter(house):
    for number in range(PAGE + 1):
        house.add_run(f"r{number:03}", created_at=NOW - timedelta(minutes=number))
    first, second = (page_at(house, f"/runs?kind=plan&page={n}") for n in (1, 2))
    assert _names(first) == [f"r{number:03}" for number in range(PAGE)]
    assert _names(second) == [f"r{PAGE:03}"]
    for page, found in ((0, first), (-3, first), ("x", first), (3, None), (10**30, None)):
        assert _names(page_at(house, f"/runs?page={page}")) == (_names(found) if found else [])
    assert ("a", {"rel": "next", "href": "/runs?page=2&kind=plan"}) in first.elements
    assert ("a", {"rel": "prev", "href": "/runs?page=1&kind=plan"}) in second.elements


def test_a_run_shows_its_projects_with_all_that_is_known(house):
    house.add_plan("p1", "r1", some_content())
    began = NOW - timedelta(seconds=50)
    done = a_row("r1", plan="p1", counts=Counts(create=1, destroy=1), started_at=began, ended_at=NOW)
    waits = a_row("r1", Project("db", "infra/db", "prod"), State.QUEUED, waits_for=WaitReason.SLOT)
    broken = a_row("r1", Project("web", "infra/web"), State.FAILED, note="terraform failed", output="Error: no\n  such")
    house.add_run(
        "r1", done, waits, broken, notices=("Rules change with this pull.",), note="Superseded.", state=State.RUNNING,
        selection=Selection(dirs=("infra/*",)),
    )  # fmt: skip
    text = page_at(house, "/runs/r1").text
    for words in (
        "Plan running",
        "Asked for by alice, after a push",
        "-d infra/*",
        "Rules change with this pull.",
        "Superseded.",
        "network done −1 destroy +1 create",
        "terraform in infra/network",
        "took 50 s",
        "the plan is good until",
        "db queued",
        "workspace prod",
        "waits for another run of this project",
        "web failed",
        "terraform failed",
        "Error: no such",
    ):
        assert words in text, words


def test_what_destroys_is_shown_first_with_why(house):
    changes = (
        Change("a.create", Action.CREATE),
        Change("b.update", Action.UPDATE),
        Change("c.replace", Action.REPLACE, forces=("ami",)),
        Change("d.unknown", Action.UNKNOWN, words=("frobnicate",)),
        Change("e.destroy", Action.DELETE, reason="not configured"),
        Change("f.move", Action.NONE, moved_from="f.before"),
        Change("g.import", Action.IMPORT, import_id="i-1"),
    )
    house.add_plan("p1", "r1", Content("terraform", changes=changes))
    house.add_run("r1", a_row("r1", plan="p1"))
    text = page_at(house, "/runs/r1").text
    assert re.findall(r"\b[a-g]\.(?!before)\w+", text) == [
        "e.destroy", "c.replace", "d.unknown", "b.update", "a.create", "g.import", "f.move",
    ]  # fmt: skip
    for words in ("forced by ami", "unknown (frobnicate)", "not configured", "moved from f.before", "from i-1"):
        assert words in text


def _items(page: Page) -> int:
    return sum(tag == "details" and "item" in (a.get("class") or "") for tag, a in page.elements)


def test_of_thousands_of_changes_the_first_are_shown_what_destroys_before_all_and_a_link_shows_the_rest(house):
    created = tuple(Change(f"a.new_{number}", Action.CREATE) for number in range(MAX_CHANGES + 20))
    content = Content("terraform", changes=(*created, Change("z.old", Action.DELETE)), outputs=(created[0],))
    house.add_plan("p1", "r1", content)
    house.add_run("r1", a_row("r1", plan="p1"), state=State.RUNNING)
    page = page_at(house, "/runs/r1?still=1")
    assert _items(page) == MAX_CHANGES
    assert "z.old" in page.text
    assert "21 of 521 are not shown" in page.text
    assert "1 of 1 are not shown" in page.text
    (link,) = {a["href"] or "" for tag, a in page.elements if tag == "a" and "all=1" in (a["href"] or "")}
    assert "still=1" in link
    everything = page_at(house, link)
    assert _items(everything) == MAX_CHANGES + 22
    assert "not shown" not in everything.text


def test_each_change_is_a_folded_diff_in_colours(house):
    lines = (Line(" ", "resource {"), Line("+", 'a = "1"'), Line("-", 'b = "2"'), Line("!", 'c = "3"'))
    house.add_plan("p1", "r1", Content("terraform", changes=(Change("x.y", Action.UPDATE, lines),)))
    house.add_run("r1", a_row("r1", plan="p1"))
    page = page_at(house, "/runs/r1")
    folded = [attrs for tag, attrs in page.elements if tag == "details" and "item" in (attrs.get("class") or "")]
    assert folded == [{"class": "item change", "id": "p1-changes-change-1"}]
    spans = [attrs["class"] for tag, attrs in page.elements if tag == "span" and "line" in (attrs.get("class") or "")]
    assert spans == ["line ", "line create", "line destroy", "line change"]
    assert '+ a = "1"' in page.text


@pytest.mark.parametrize(
    ("cage", "network", "words"),
    [
        (
            "bubblewrap",
            "internet",
            "In the cage bubblewrap, with the network internet: public addresses and listed",
        ),
        ("landlock", "listed", "nothing else, as CAGE__NETWORK, CAGE__HOSTS and CAGE__PROJECTS say"),
        ("landlock", "open", "all that the bot's machine reaches, as CAGE__NETWORK and CAGE__PROJECTS say"),
        ("none", "internet", "Without a cage, as the bot's user (CAGE__KIND=none)"),
    ],
)
def test_a_project_tells_what_it_ran_in_and_which_setting_governs_what_it_reached(house, cage, network, words):
    house.add_run("r1", a_row("r1", cage=cage, network=network))
    assert words in re.sub(r" (?=[,:)])|(?<=\() ", "", page_at(house, "/runs/r1").text)


def test_a_project_of_an_earlier_version_tells_of_no_cage(house):
    house.add_run("r1", a_row("r1"))
    assert "cage" not in page_at(house, "/runs/r1").text.lower()


def test_drift_notices_notes_and_gaps_of_a_plan_are_shown(house):
    content = Content(
        "terraform",
        outputs=(Change("address", Action.CREATE),),
        drift=(Change("terraform_data.moved", Action.UPDATE),),
        notices=(Notice(Severity.WARNING, "Deprecated", "Use the other", "main.tf:12"),),
        notes=("The state is kept here.",),
        complete=False,
    )
    house.add_plan("p1", "r1", content)
    house.add_run("r1", a_row("r1", plan="p1"))
    with house.doors.store.begin() as tx:
        plans.set_state(tx, "p1", plans.PlanState.STALE, "main moved")
    text = page_at(house, "/runs/r1").text
    assert "Warning: Deprecated main.tf:12 Use the other" in text
    assert "Outputs 1" in text
    assert "Changed outside since the last apply 1" in text
    assert "The state is kept here." in text
    assert "The plan is not complete" in text
    assert "The plan is stale: main moved" in text


def test_a_plan_that_was_applied_says_by_whom(house):
    house.add_plan("p1", "r1", some_content())
    house.add_run("r1", a_row("r1", plan="p1"))
    with house.doors.store.begin() as tx:
        plans.mark_applied(tx, "p1", "bob", NOW)
    assert "applied by bob" in page_at(house, "/runs/r1").text


def test_a_page_loads_itself_again_until_the_run_has_ended(house):
    refresh = ("meta", {"http-equiv": "refresh", "content": "5"})
    house.add_run("r1", a_row("r1", state=State.RUNNING), state=State.RUNNING)
    house.add_run("r2", a_row("r2"))
    place = f"place={PROJECT.place}"
    for path, again in (
        ("/runs/r1", True),
        ("/runs/r1?still=1", False),
        ("/runs/r2", False),
        (f"/runs/r1/log?{place}", True),
        (f"/runs/r1/log?{place}&still=1", False),
        (f"/runs/r2/log?{place}", False),
    ):
        assert (refresh in page_at(house, path).elements) is again, path


def test_runs_and_projects_that_are_not_there_are_not_found(house):
    house.add_run("r1", a_row("r1"))
    for path in (
        "/runs/r2",
        "/runs/r2/log?place=infra/network:default",
        "/runs/r1/log",
        "/runs/r1/log?place=infra/other:default",
        "/runs/r1/log?place=../../../../../etc/passwd",
        "/runs/r1/log.txt?place=../../../../../etc/passwd",
        "/runs/r1/log.txt?place=infra/network:default",
        "/runs/..%2f..%2fetc/log",
    ):
        assert house.get(path).status_code == 404, path


def test_a_log_is_a_page_and_plain_text(house):
    house.add_run("r1", a_row("r1"))
    write_log(house, "r1", b"\x1b[32mgreen\x1b[0m & <b>bold</b>\r\nplain\n")
    assert "green & <b>bold</b> plain" in page_at(house, f"/runs/r1/log?place={PROJECT.place}").text
    text = house.get(f"/runs/r1/log.txt?place={PROJECT.place}")
    assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert text.content == b"\x1b[32mgreen\x1b[0m & <b>bold</b>\r\nplain\n"


def test_a_log_that_is_not_there_yet_says_so(house):
    house.add_run("r1", a_row("r1", state=State.RUNNING), state=State.RUNNING)
    assert "Nothing yet." in page_at(house, f"/runs/r1/log?place={PROJECT.place}").text


def test_a_large_log_comes_in_pieces_that_miss_nothing(house):
    house.add_run("r1", a_row("r1"))
    whole = "".join(f"line {number} é\n" for number in range(160_000)).encode()
    assert len(whole) > 2 * CHUNK_BYTES
    write_log(house, "r1", whole)
    path, pieces = f"/runs/r1/log?place={PROJECT.place}", []
    while path:
        answer = house.get(path).text
        log = answer.partition('aria-label="Log"><pre>')[2].partition("</pre>")[0]
        pieces.insert(0, re.sub(r'<span class="chunk">|</span>', "", log))
        path = answer.partition('<a rel="prev" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert pieces[-1].endswith("line 159999 é\n")
    assert len(pieces[-1].encode()) <= CHUNK_BYTES
    assert all(piece.startswith("line ") for piece in pieces)
    assert "".join(pieces).encode() == whole
    assert house.get(f"/runs/r1/log.txt?place={PROJECT.place}").content == whole


def test_a_line_longer_than_a_piece_is_shown_too(house):
    house.add_run("r1", a_row("r1"))
    write_log(house, "r1", b"x" * (CHUNK_BYTES + 10))
    first = house.get(f"/runs/r1/log?place={PROJECT.place}").text
    assert first.count("x" * 100) > 0
    assert 'end=10"' in first


def test_locks_slots_and_the_freeze_are_shown(house):
    house.add_run("r1", a_row("r1"))
    with house.doors.store.begin() as tx:
        locks.take(tx, [Lock(REPOSITORY.key, "infra/network:default", PULL.key, "alice", NOW - timedelta(days=2))])
        locks.acquire_slot(tx, REPOSITORY.key, "infra/network:default", "r1")
    text = page_at(house, "/locks").text
    assert "infra/network:default acme/infra held by acme/infra#7 taken by alice, 2 days ago" in text
    assert "stopped" not in text
    with house.doors.store.begin() as tx:
        locks.freeze_applies(tx, Freeze("the audit", "bob", NOW))
    for path in ("/locks", "/runs", "/runs/r1"):
        assert "All applies are stopped by bob" in page_at(house, path).text
        assert "the audit" in page_at(house, path).text


@pytest.mark.parametrize("parameter", ["kind", "state"])
def test_a_choice_that_there_is_not_is_named_as_it_was_asked_for(house, parameter):
    answer = house.get(f"/runs?{parameter}=deploy")
    assert answer.status_code == 400
    assert f"There is no {parameter} of that name; there are" in answer.text


def test_a_failed_apply_says_what_became_of_each_change(house):
    content = Content("terraform", changes=(_created("a"), _created("b"), _created("c")))
    house.add_plan("p1", "r1", content)
    effects = (("terraform_data.a", "created"), ("terraform_data.b", "tainted: made, but not to its end"))
    with house.doors.store.begin() as tx:
        plans.set_state(tx, "p1", PlanState.STALE, "its apply did not go well; `/plan` shows what is left")
    house.add_run("r1", a_row("r1", state=State.FAILED, plan="p1", effects=effects), kind=RunKind.APPLY)
    page = page_at(house, "/runs/r1")
    assert "terraform_data.a created" in page.text
    assert "terraform_data.b tainted: made, but not to its end" in page.text
    assert "terraform_data.c to create: not told what became of it" in page.text
    assert "is good until" not in page.text
    assert "`" not in page.text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.RUNNING, "terraform_data.a create"),
        (State.DONE, "terraform_data.a created"),
        (State.SKIPPED, "terraform_data.a to create: not begun"),
        (State.UNKNOWN, "terraform_data.a to create: nobody knows what became of it"),
    ],
)
def test_an_applys_change_is_told_as_far_as_it_went(house, state, words):
    house.add_plan("p1", "r1", Content("terraform", changes=(_created("a"),)))
    house.add_run("r1", a_row("r1", state=state, plan="p1"), kind=RunKind.APPLY)
    assert words in page_at(house, "/runs/r1").text


def test_a_plan_that_was_applied_since_says_what_was_made_of_it(house):
    house.add_plan("p1", "r1", Content("terraform", changes=(_created("a"),)))
    with house.doors.store.begin() as tx:
        plans.mark_applied(tx, "p1", "bob", NOW)
    house.add_run("r1", a_row("r1", plan="p1"))
    assert "terraform_data.a created" in page_at(house, "/runs/r1").text


def test_an_action_is_said_once_and_the_tools_own_words_where_they_tell_more(house):
    changes = (
        replace(_created("a"), words=("create",)),
        Change("terraform_data.b", Action.REPLACE, words=("create", "delete")),
        Change("terraform_data.c", Action.UNKNOWN, words=("juggle",)),
    )
    house.add_plan("p1", "r1", Content("terraform", changes=changes))
    house.add_run("r1", a_row("r1", plan="p1"))
    text = page_at(house, "/runs/r1").text
    assert "create (create)" not in text
    assert "terraform_data.b replace, the new one first" in text
    assert "terraform_data.c unknown (juggle)" in text


def test_what_stands_between_backticks_is_code_and_nothing_else_is(house):
    note = "`/plan` again, <b>not</b> `"
    house.add_run("r1", a_row("r1", state=State.FAILED, note=note), note=note, state=State.FAILED)
    answer = house.get("/runs/r1").text
    assert answer.count("<code>/plan</code> again, &lt;b&gt;not&lt;/b&gt; `") == 2


def _created(name):
    return Change(f"terraform_data.{name}", Action.CREATE, (Line("+", 'input = "one"'),))
