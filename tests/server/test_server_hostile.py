"""Everything that strangers wrote stays text, and no answer lets anything else in or out."""

import re
from dataclasses import replace

from bot.core.plan import Action, Change, Content, Line, Notice, Severity
from bot.core.project import Project
from bot.core.run import Freeze, Lock, Selection, State
from bot.server.formatting import make_visible, visible_lines
from bot.store import locks, plans, pulls
from tests.server.house import NOW, PULL, REPOSITORY, House, a_row
from tests.server.reading import page_at, write_log

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>"
    """"' onmouseover='alert(3)' {{ 7 * 7 }} </pre></title></textarea>&amp;"""
)
EVERY_PAGE = ("/runs", "/runs/r1", "/runs/r1/log?place=infra/network:default", "/locks")


def _fill_with_hostility(house: House) -> None:
    """Put it into every field that a stranger can reach."""
    repository = replace(REPOSITORY, name=f"acme/{HOSTILE}")
    url = "javascript:alert(4)"
    base = replace(PULL.base, name=HOSTILE)
    pull = replace(PULL, repository=repository, title=HOSTILE, author=HOSTILE, url=url, base=base)
    change = Change(
        HOSTILE, Action.REPLACE, (Line("+", HOSTILE),), HOSTILE, (HOSTILE,), HOSTILE, HOSTILE, HOSTILE, (HOSTILE,)
    )
    notice = Notice(Severity.ERROR, HOSTILE, HOSTILE, HOSTILE)
    content = Content("terraform", (change,), (change,), (change,), (notice,), (HOSTILE,), False)
    house.add_plan("p1", "r1", content)
    project, said = Project(HOSTILE, "infra/network"), {"note": HOSTILE, "output": HOSTILE}
    row = a_row("r1", project, State.RUNNING, plan="p1", **said)
    other = a_row("r1", Project(HOSTILE, HOSTILE, HOSTILE, HOSTILE), State.FAILED)
    more = {"asked_by": HOSTILE, "note": HOSTILE, "head": HOSTILE, "base": HOSTILE, "result": HOSTILE}
    selection = Selection((HOSTILE,), (HOSTILE,), (HOSTILE,))
    house.add_run("r1", row, other, notices=(HOSTILE,), state=State.RUNNING, selection=selection, **more)
    write_log(house, "r1", HOSTILE.encode())
    with house.doors.store.begin() as tx:
        pulls.save(tx, pull)
        plans.set_state(tx, "p1", plans.PlanState.STALE, HOSTILE)
        locks.take(tx, [Lock(REPOSITORY.key, HOSTILE, PULL.key, HOSTILE, NOW)])
        locks.acquire_slot(tx, REPOSITORY.key, HOSTILE, "r1")
        locks.freeze_applies(tx, Freeze(HOSTILE, HOSTILE, NOW))


def test_no_page_renders_what_strangers_wrote_as_markup(house):
    _fill_with_hostility(house)
    for path in EVERY_PAGE:
        page = page_at(house, path)
        assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in page.text, path
        assert "{{ 7 * 7 }}" in page.text, path
        for tag, attrs in page.elements:
            assert tag not in ("img", "iframe", "style", "object", "base"), path
            assert tag != "script" or attrs["src"].startswith("/static/live.js?"), path
            assert not any(name.startswith("on") or name == "style" for name in attrs), (path, attrs)
            for name in ("href", "src", "action"):
                assert re.match(r"/(?!/)|#|$", attrs.get(name) or ""), (path, attrs)


def test_half_a_character_is_made_visible_too():
    assert make_visible("a\ud800b") == visible_lines("a\udfffb") == "a\ufffdb"


def test_text_that_hides_or_turns_itself_is_made_visible(house):
    house.add_plan("p1", "r1", Content("terraform", (Change("a\u202eb\x1bc\u200bd\x00e", Action.DELETE),)))
    house.add_run("r1", a_row("r1", plan="p1"))
    assert "a\ufffdb\ufffdc\ufffdd\ufffde" in page_at(house, "/runs/r1").text


def test_every_answer_forbids_scripts_frames_sniffing_keeping_and_telling(house):
    house.add_run("r1", a_row("r1"))
    for path in (*EVERY_PAGE, "/", "/nowhere", "/healthz", "/metrics"):
        headers = house.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith(
            "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'"
        )
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers


def test_pages_need_nothing_from_elsewhere(house):
    house.add_run("r1", a_row("r1"))
    for path in EVERY_PAGE:
        for tag, attrs in page_at(house, path).elements:
            if tag in ("link", "script", "img"):
                answer = house.get(attrs.get("href") or attrs["src"], token=None)
                assert answer.status_code == 200
                assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")
