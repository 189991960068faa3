"""A run's page and its log while the run goes on: both change before one's eyes, and without scripts by themselves."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.core.project import Project
from bot.core.run import State
from bot.store import runs
from tests.browser.furnished import PLACE, READER, log, running
from tests.browser.looking import links
from tests.browser.opening import Visits
from tests.browser.playing import SLOW, Demo, sign_in
from tests.server.house import TOKEN as HOUSE_TOKEN
from tests.server.house import House, a_row, some_content

MORE = 'resource "terraform_data" "more" {}\n'
LINES = 100_000
LAST = "the last of all lines"
LEFT_OUT = re.compile(r"bytes .* of \d", re.IGNORECASE)


def test_rows_and_log_follow_a_run_until_it_ends(visits: Visits, demo: Demo) -> None:
    demo.propose("slow", "Add something slow", {f"shop/{SLOW}": "", "shop/more.tf": MORE})
    run, log, plain = visits.page(), visits.page(), visits.page(java_script_enabled=False)
    address = _at_work(run, demo)
    for page in (log, plain):
        sign_in(page, demo.stage.bot_url)
        page.goto(address)
    log.goto(next(link for link in links(log) if "/log?" in link))
    expect(log.get_by_role("region", name="Log")).to_contain_text("the first step is made")
    expect(run.get_by_role("region", name="Log of shop")).to_contain_text("the first step is made")
    for page in (run, log):
        page.evaluate("window.before = true")
        expect(_states(page)).to_have_text("running")
    expect(plain.get_by_role("link", name="Keep it still")).to_be_visible()
    demo.gate.touch()
    expect(log.get_by_role("region", name="Log")).to_contain_text("the last step is made")
    expect(run.get_by_role("region", name="Log of shop")).to_contain_text("the last step is made")
    for page in (run, log, plain):
        expect(_states(page)).to_have_text("done")
    expect(run.locator("main .state", has_text="running")).to_have_count(0)
    expect(run.get_by_text("terraform_data.more").first).to_be_visible()
    for page in (run, log):
        assert page.evaluate("window.before")


def _at_work(page: Page, demo: Demo) -> str:
    """Go to the run that is going on, by the list of runs; its address."""
    sign_in(page, demo.stage.bot_url)
    page.get_by_label("State").select_option("running")
    page.get_by_role("button", name="Show").click()
    line = page.get_by_role("link", name="Add something slow")

    def there() -> bool:
        page.reload()
        return line.count() > 0

    demo.stage.wait_for("the run to be listed", there)
    line.first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plan")
    return page.url


def _states(page: Page) -> Locator:
    return page.locator("main h1 .state")


def test_rows_change_while_the_page_is_open(house: House, visits: Visits) -> None:
    running(house)
    page = visits.page(**READER)
    page.goto(f"{house.address}/runs/live")
    page.evaluate("window.same = true")
    expect(page.locator("h1 .state")).to_have_text("running")
    for row in (a_row("live"), a_row("live", replace(a_row("live").project, name="db", dir="infra/db"))):
        with house.doors.store.begin() as tx:
            runs.settle(tx, replace(row, state=State.DONE), datetime.now(UTC))
        expect(page.locator("section.project", has_text=row.project.dir).locator(".state")).to_have_text("done")
    expect(page.locator("h1 .state")).to_have_text("done")
    assert page.evaluate("window.same")


def test_the_log_of_what_runs_grows_on_the_runs_page_and_stays_when_it_has_ended(house: House, visits: Visits) -> None:
    running(house)
    page = visits.page(**READER)
    page.goto(f"{house.address}/runs/live")
    page.evaluate("window.same = true")
    log(house, "live", "first <b>words</b>\n")
    text = page.get_by_role("region", name="Log of network")
    expect(text).to_contain_text("first <b>words</b>")
    with house.doors.store.begin() as tx:
        runs.settle(tx, a_row("live", Project("db", "infra/db")), datetime.now(UTC))
    expect(page.locator("section.project", has_text="infra/db").locator(".state")).to_have_text("done")
    log(house, "live", "last words\n")
    expect(text).to_contain_text("last words")
    with house.doors.store.begin() as tx:
        runs.settle(tx, a_row("live"), datetime.now(UTC))
    expect(page.locator("h1 .state")).to_have_text("done")
    expect(text).to_contain_text("first <b>words</b>")
    assert page.evaluate("window.same")


def test_one_button_opens_everything_and_closes_it(house: House, visits: Visits) -> None:
    house.add_plan("p1", "r1", some_content())
    house.add_run("r1", a_row("r1", plan="p1"))
    page = visits.page(**READER)
    page.goto(f"{house.address}/runs/r1")
    expect(page.get_by_text('input = "one"')).to_be_hidden()
    page.get_by_role("button", name="Open all").click()
    expect(page.get_by_text('input = "one"')).to_be_visible()
    page.get_by_role("button", name="Close all").click()
    expect(page.get_by_text('input = "one"')).to_be_hidden()
    page.keyboard.press("e")
    expect(page.get_by_text('input = "one"')).to_be_visible()


def test_a_log_grows_while_it_is_read_and_ends(house: House, visits: Visits) -> None:
    running(house)
    page = visits.page(**READER)
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


@pytest.mark.timeout(90)
@pytest.mark.parametrize("state", [State.DONE, State.RUNNING], ids=["ended", "going on"])
def test_a_log_of_a_hundred_thousand_lines_is_read_without_hanging(
    visits: Visits, open_house: Callable[..., House], state: State
) -> None:
    house = open_house()
    address, log = _long_log(house, state)
    page = visits.page()
    sign_in(page, house.address, HOUSE_TOKEN)
    page.goto(address)
    text = page.get_by_role("region", name="Log")
    expect(text).to_contain_text(LAST)
    assert text.evaluate("one => one.scrollHeight > one.clientHeight * 10")
    _scroll_up(page, text)
    expect(page.get_by_text(LEFT_OUT).first).to_be_visible()
    if state is State.RUNNING:
        with log.open("a") as more:
            more.writelines(f"later {number}\n" for number in range(LINES))
        expect(text).to_contain_text(f"later {LINES - 1}\n")
    page.get_by_role("link", name="Earlier").click()
    expect(page.get_by_role("link", name="Later")).to_be_visible()


def _scroll_up(page: Page, text: Locator) -> None:
    """Turn the wheel, and wait until other lines are seen."""
    before = text.evaluate("one => one.scrollTop")
    text.hover()
    page.mouse.wheel(0, -5000)
    page.wait_for_function("([one, at]) => one.scrollTop < at", arg=[text.element_handle(), before])


def _long_log(house: House, state: State) -> tuple[str, Path]:
    """The page's address, and the file."""
    row = a_row("r1", state=state)
    house.add_run("r1", row, state=state)
    path = house.doors.log_path("r1", row.project.place)
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"line {number} of a log\n" for number in range(LINES - 1)) + f"{LAST}\n")
    return f"{house.address}/runs/r1/log?{urlencode({'place': row.project.place})}", path
