"""Every page that links lead to, the bot's and the forge's: by phone, in light and dark, by keyboard, without scripts.

Pages are opened once, and all tests tell of what was seen then. That no page complains and that the policy refuses
nothing is looked at where they are opened (`visiting`).
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.furnished import PATHS, READER, furnish, running
from tests.browser.looking import Seen, faint, look, unnamed, walk, wide
from tests.browser.opening import Visits, visiting
from tests.browser.playing import Demo, said_by_the_bot, sign_in
from tests.server.conftest import houses
from tests.server.house import House

MOST_TABS = 80
GROUND = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
WRONG = """
<body style="background: #fff"><button></button><p style="width: 3000px; color: #ccc">pale</p>
<svg><a class="node" href="#"><rect fill="#000"/><text fill="#222">dark on dark</text></a></svg>
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that has something of everything that a page can show; it is only read."""
    with houses(tmp_path_factory.mktemp("house")) as open_one:
        house = open_one()
        furnish(house)
        running(house)
        yield house


@pytest.fixture(scope="module")
def of_the_demo(browser: Browser, demo: Demo) -> tuple[Seen, ...]:
    """The forge's pages and the bot's, and what nobody links to."""
    forge, bot = demo.stage.forge.url, demo.stage.bot_url
    starts = (f"{forge}/", demo.address(demo.number), f"{bot}/runs", f"{bot}/locks", f"{bot}/runs/gone")
    with visiting(browser) as visits:
        page, plain = visits.page(), visits.page(java_script_enabled=False)
        door = _look(page, plain, _open(page, (f"{bot}/runs",)))
        for one in (page, plain):
            sign_in(one, bot)
        return (*door, *_look(page, plain, walk(page, *starts)))


@pytest.fixture(scope="module")
def seen(browser: Browser, filled: House, of_the_demo: tuple[Seen, ...]) -> tuple[Seen, ...]:
    with visiting(browser) as visits:
        page, plain = visits.page(**READER), visits.page(java_script_enabled=False, **READER)
        paths = (filled.address + path for path in PATHS)
        return (*of_the_demo, *_look(page, plain, _open(page, paths)))


def _open(page: Page, urls: Iterable[str]) -> Iterator[str]:
    for url in urls:
        page.goto(url)
        yield url


def _look(page: Page, plain: Page, opened: Iterable[str]) -> tuple[Seen, ...]:
    """At each page that was opened, and at the same without scripts."""
    found = []
    for url in opened:
        plain.goto(url)
        found.append(look(page, plain))
    return tuple(found)


def test_links_lead_to_every_kind_of_page(of_the_demo: tuple[Seen, ...]) -> None:
    paths = [urlsplit(one.url).path for one in of_the_demo]
    for kind in (r"/", r"/acme/infra/pull/\d+", r"/runs", r"/runs/\w{12}", r"/runs/\w{12}/log", r"/locks"):
        assert any(re.fullmatch(kind, path) for path in paths), kind


def test_no_page_scrolls_sideways_on_phones_or_desks(seen: tuple[Seen, ...]) -> None:
    assert {one.url: one.wide for one in seen if one.wide} == {}


def test_words_stand_out_from_what_is_behind_them_by_day_and_by_night(seen: tuple[Seen, ...]) -> None:
    assert {one.url: one.faint for one in seen if one.faint} == {}


def test_all_one_can_press_has_a_name(seen: tuple[Seen, ...]) -> None:
    assert {one.url: one.unnamed for one in seen if one.unnamed} == {}


def test_each_page_has_one_title(seen: tuple[Seen, ...]) -> None:
    assert {one.url: one.titles for one in seen if one.titles != 1} == {}


def test_pages_say_the_same_without_scripts(seen: tuple[Seen, ...]) -> None:
    assert {one.url: one.said for one in seen if one.said != one.said_plainly} == {}
    assert [one.url for one in seen if not one.said] == []


def test_what_is_wrong_with_a_page_is_seen(page: Page) -> None:
    page.set_content(WRONG)
    assert len(wide(page)) > 0
    assert len(unnamed(page)) == 1
    assert any("dark on dark" in one for one in faint(page))
    assert any("pale" in one for one in faint(page))


def test_pages_are_dark_by_night(filled: House, visits: Visits) -> None:
    page = visits.page(**READER)
    page.goto(f"{filled.address}/runs/plan")
    assert sum(page.evaluate(GROUND)) > 600
    page.emulate_media(color_scheme="dark")
    assert sum(page.evaluate(GROUND)) < 200


def test_the_plan_is_opened_by_keyboard_alone(page: Page, demo: Demo) -> None:
    page.goto(demo.address(demo.number))
    said_by_the_bot(page, "What blocks the apply")
    _go_to(page, "run page")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plan")
    told = page.get_by_text("10.0.0.0/16").or_(page.get_by_text("triggers_replace")).or_(page.get_by_text("zone"))
    before = told.locator("visible=true").count()
    _go_to(page, 'terraform_data.subnet["b"]')
    page.keyboard.press("Enter")
    expect(told.locator("visible=true").nth(before)).to_be_visible()


def test_the_first_tab_leads_past_what_every_page_has(filled: House, visits: Visits) -> None:
    page = visits.page(**READER)
    page.goto(f"{filled.address}/runs/plan")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("main :focus").count() == 1


def test_the_tree_opens_by_keyboard_and_what_destroys_comes_first(filled: House, visits: Visits) -> None:
    page = visits.page(**READER)
    page.goto(f"{filled.address}/runs/plan")
    risks = page.locator("#p1 .risk > summary .risk-name").all_text_contents()
    assert risks == ["Destroys", "Replaces", "Changes", "Runs actions", "Creates"]
    changes = page.locator("#p1-changes-change")
    assert changes.get_attribute("open") is None
    changes.locator("> summary").focus()
    page.keyboard.press("Enter")
    module = changes.locator("details.module").first
    expect(module.locator("> summary .size")).to_have_text("12")
    module.locator("> summary").focus()
    page.keyboard.press("Enter")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    expect(module.locator("details.module").first).to_be_visible()
    page.keyboard.press("e")
    assert page.locator("section.project details:not(.item):not([open])").count() == 0
    page.keyboard.press("j")
    expect(page.locator("#p2")).to_be_focused()


def test_the_graph_leads_to_each_project(filled: House, visits: Visits) -> None:
    page = visits.page(**READER)
    page.goto(f"{filled.address}/runs/plan")
    assert page.locator("a.node").count() == 4
    assert page.locator("path.edge").count() == 3  # web needs network by way of db
    page.get_by_role("link", name="web: failed").click()
    assert page.url.endswith("#p3")
    expect(page.locator(".beside-graph li:visible")).to_have_text(["alone skipped"])


def test_all_but_the_live_parts_work_without_scripts(filled: House, visits: Visits) -> None:
    page = visits.page(java_script_enabled=False, **READER)
    page.goto(f"{filled.address}/runs")
    page.get_by_label("Kind").select_option("apply")
    page.get_by_role("button", name="Show").click()
    page.locator("a.name").click()
    expect(page.locator("h1")).to_contain_text("Apply")
    page.get_by_role("link", name="History of network").click()
    expect(page.locator(".past a.name")).to_have_count(1)
    page.goto(f"{filled.address}/runs/plan")
    page.locator("#p1-changes-change > summary").click()
    expect(page.locator("#p1-changes-change .module > summary").first).to_be_visible()
    expect(page.locator("[data-tools]")).to_be_hidden()
    page.get_by_role("link", name="Log of network").click()
    expect(page.locator(".log")).to_contain_text("Terraform says a lot.")
    page.goto(f"{filled.address}/runs/live")
    assert page.locator("noscript").count() > 0  # Chromium's own switch leaves their words out; tests/server reads them


def _go_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says this."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"{MOST_TABS} times Tab did not lead to {words}")
