"""Every page in a real browser: on a phone, in the dark, by keyboard, without scripts, while things happen."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from bot.core.run import State
from bot.store import runs
from tests.browser.furnished import PATHS, PLACE, furnish, log, running
from tests.browser.window import PHONE, WIDE, Windows
from tests.server.house import House, a_row

CONTRAST = 4.5
WORDS = "body p, h1, h2, .state, .chip, .hint, a, summary, code, button, .met, .unmet, .remedy, .line, b, text, .size"
MEASURE = """selector => {
  const numbers = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const rect = at.matches("a.node") && at.querySelector("rect");
      const ground = numbers(rect ? getComputedStyle(rect).fill : getComputedStyle(at).backgroundColor);
      if (ground.length === 3 || ground[3] > 0) return ground;
    }
    return [255, 255, 255];
  };
  const worst = {};
  for (const one of document.querySelectorAll(selector)) {
    if (!one.checkVisibility() || !one.textContent.trim()) continue;
    const style = getComputedStyle(one);
    const ink = light(numbers(one.tagName === "text" ? style.fill : style.color)), ground = light(behind(one));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    const name = `${one.tagName}.${one.getAttribute("class") || ""}`;
    worst[name] = Math.min(worst[name] || 21, ratio);
  }
  return worst;
}"""


def _goes_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def _see(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_no_page_scrolls_sideways(house: House, windows: Windows, size: dict[str, int]) -> None:
    furnish(house)
    page = windows.open(size)
    for path in PATHS[:-1]:
        _see(page, house.address + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert not _goes_sideways(page), path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_words_stand_out_from_what_is_behind_them(house: House, windows: Windows, dark: bool) -> None:
    furnish(house)
    page = windows.open(dark=dark)
    for path in PATHS[:-1]:
        _see(page, house.address + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        measured = page.evaluate(MEASURE, WORDS)
        assert len(measured) > 3
        assert {name: round(ratio, 2) for name, ratio in measured.items() if ratio < CONTRAST} == {}, path
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(ground) < 200) is dark


def test_the_tree_opens_by_keyboard_and_what_destroys_comes_first(house: House, windows: Windows) -> None:
    furnish(house)
    page = windows.open()
    _see(page, f"{house.address}/runs/plan")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
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


def test_the_graph_leads_to_each_project(house: House, windows: Windows) -> None:
    furnish(house)
    page = windows.open()
    _see(page, f"{house.address}/runs/plan")
    assert page.locator("a.node").count() == 4
    assert page.locator("path.edge").count() == 3  # web needs network by way of db
    page.get_by_role("link", name="web: failed").click()
    assert page.url.endswith("#p3")
    expect(page.locator(".beside-graph li:visible")).to_have_text(["alone skipped"])


def test_rows_change_while_the_page_is_open(house: House, windows: Windows) -> None:
    running(house)
    page = windows.open()
    _see(page, f"{house.address}/runs/live")
    page.evaluate("window.same = true")
    expect(page.locator("h1 .state")).to_have_text("running")
    for row in (a_row("live"), a_row("live", replace(a_row("live").project, name="db", dir="infra/db"))):
        with house.doors.store.begin() as tx:
            runs.settle(tx, replace(row, state=State.DONE), datetime.now(UTC))
        expect(page.locator("section.project", has_text=row.project.dir).locator(".state")).to_have_text("done")
    expect(page.locator("h1 .state")).to_have_text("done")
    assert page.evaluate("window.same")


def test_a_log_grows_while_it_is_read_and_ends(house: House, windows: Windows) -> None:
    running(house)
    page = windows.open()
    page.goto(f"{house.address}/runs/live/log?place={PLACE}")
    page.evaluate("window.same = true")
    log(house, "live", "first <b>words</b>\n")
    expect(page.locator(".log")).to_contain_text("first <b>words</b>")
    page.get_by_role("button", name="Pause").click()
    log(house, "live", "while paused\n")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".log")).to_contain_text("while paused")
    with house.doors.store.begin() as tx:
        runs.settle(tx, a_row("live"), datetime.now(UTC))
    expect(page.get_by_role("status")).to_have_text("It has ended.")
    expect(page.locator("h1 .state")).to_have_text("done")
    assert page.evaluate("window.same")


def test_all_but_the_live_parts_work_without_scripts(house: House, windows: Windows) -> None:
    furnish(house)
    running(house)
    page = windows.open(scripts=False)
    _see(page, f"{house.address}/runs")
    page.get_by_label("Kind").select_option("apply")
    page.get_by_role("button", name="Show").click()
    page.locator("a.name").click()
    expect(page.locator("h1")).to_contain_text("Apply")
    page.get_by_role("link", name="History of network").click()
    expect(page.locator(".past a.name")).to_have_count(1)
    _see(page, f"{house.address}/runs/plan")
    page.locator("#p1-changes-change > summary").click()
    expect(page.locator("#p1-changes-change .module > summary").first).to_be_visible()
    expect(page.locator("[data-tools]")).to_be_hidden()
    page.get_by_role("link", name="Log of network").click()
    expect(page.locator(".log")).to_contain_text("Terraform says a lot.")
    _see(page, f"{house.address}/runs/live")
    assert page.locator("noscript").count() > 0  # Chromium's own switch leaves their words out; tests/server reads them


def test_everything_that_is_clicked_has_a_name(house: House, windows: Windows) -> None:
    furnish(house)
    page = windows.open()
    for path in PATHS[:-1]:
        _see(page, house.address + path)
        nameless = page.evaluate(
            """[...document.querySelectorAll("a, button, input, select, summary, [role=region]")]
               .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
               .map((one) => one.outerHTML)"""
        )
        assert nameless == [], path
        assert page.locator("h1").count() == 1, path
